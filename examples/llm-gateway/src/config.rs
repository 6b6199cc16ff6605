//! What the command line and the environment say.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use clap::Parser;

/// A gateway in front of language models, watched by Cupola.
#[derive(Clone, Debug, Parser)]
#[command(name = "llm-gateway", version)]
pub struct Config {
    /// Where to listen.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3001", value_name = "ADDR")]
    pub listen: String,
    /// Who answers: anything that speaks as OpenAI does, over http or https. The gateway's own model, unless set.
    #[arg(long, value_name = "URL")]
    pub upstream: Option<Uri>,
    /// The key that the upstream wants.
    #[arg(long, env = "UPSTREAM_KEY", hide_env_values = true, value_name = "KEY")]
    pub upstream_key: Option<String>,
    /// The model that is asked where a question names none.
    #[arg(long, default_value = "echo-1", value_name = "NAME")]
    pub model: String,
    /// What models cost, as a table of TOML.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Who may ask: `user=key`, several separated by commas. Everybody, unless set, under the name in `x-user-id`.
    #[arg(long, env = "GATEWAY_KEYS", hide_env_values = true, value_delimiter = ',', value_name = "USER=KEY")]
    pub keys: Vec<String>,
    /// How many questions a user may ask a minute.
    #[arg(long, default_value = "60", value_name = "N")]
    pub per_minute: u32,
    /// How many answers are kept, to be given again; 0 keeps none.
    #[arg(long, default_value = "256", value_name = "N")]
    pub cache: usize,
    /// Where the reports of crews are written.
    #[arg(long, env = "REPORTS", default_value = "reports", value_name = "DIR")]
    pub reports: PathBuf,
    /// How long the gateway's own model thinks before each word, in milliseconds.
    #[arg(long, default_value = "0", value_name = "MS", value_parser = millis)]
    pub think: Duration,
    /// Take a free port, ask a few questions, show what came of them, and end.
    #[arg(long)]
    pub once: bool,
}

fn millis(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}
