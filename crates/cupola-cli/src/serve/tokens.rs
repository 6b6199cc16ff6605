//! Who may do what, by tokens.

use anyhow::{Context as _, bail};
use clap::Args;

use crate::environment::variable;

/// Who may do what. Each token may also stand in a file, which the variable of its name and `_FILE` names.
#[derive(Debug, Args)]
#[command(next_help_heading = "Who may send, and ask")]
pub(super) struct Tokens {
    /// Takes only what comes with this token: `Authorization: Bearer …` [env: CUPOLA_INGEST_TOKEN, CUPOLA_INGEST_TOKEN_FILE]
    #[arg(long, value_name = "TOKEN")]
    ingest_token: Option<String>,

    /// Answers only who has this token [env: CUPOLA_READ_TOKEN, CUPOLA_READ_TOKEN_FILE]
    #[arg(long, value_name = "TOKEN")]
    read_token: Option<String>,

    /// Lets who has this token change what people decide, in the pages; without it one is made at each start, and shown on standard error [env: CUPOLA_ADMIN_TOKEN, CUPOLA_ADMIN_TOKEN_FILE]
    #[arg(long, value_name = "TOKEN")]
    admin_token: Option<String>,

    /// Listens on other addresses than this machine's own without tokens: everyone there may send and read
    #[arg(long)]
    open: bool,
}

/// The tokens that are wanted; none of them is empty.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) ingest: Option<String>,
    pub(super) read: Option<String>,
    pub(super) admin: Option<String>,
    /// Everyone may send and read, whoever can reach it.
    pub(super) open: bool,
}

/// What is read here, and not by the telemetry of the server itself.
pub(super) const VARIABLES: [&str; 6] = [
    "CUPOLA_INGEST_TOKEN",
    "CUPOLA_INGEST_TOKEN_FILE",
    "CUPOLA_READ_TOKEN",
    "CUPOLA_READ_TOKEN_FILE",
    "CUPOLA_ADMIN_TOKEN",
    "CUPOLA_ADMIN_TOKEN_FILE",
];

impl Tokens {
    pub(super) fn read(&self) -> anyhow::Result<Wanted> {
        Ok(Wanted {
            ingest: token(self.ingest_token.as_deref(), "--ingest-token", VARIABLES[0], VARIABLES[1])?,
            read: token(self.read_token.as_deref(), "--read-token", VARIABLES[2], VARIABLES[3])?,
            admin: token(self.admin_token.as_deref(), "--admin-token", VARIABLES[4], VARIABLES[5])?,
            open: self.open,
        })
    }
}

/// What is typed, or else what a variable says, or a file; a variable that is empty is not set.
fn token(typed: Option<&str>, option: &str, name: &str, file: &str) -> anyhow::Result<Option<String>> {
    let (named, found) = match (typed, variable(name), variable(file)) {
        (Some(typed), ..) => (option, typed.to_owned()),
        (None, Some(_), Some(_)) => bail!("{name} and {file} are both set: only one of them is accepted"),
        (None, Some(token), None) => (name, token),
        (None, None, Some(path)) => {
            (file, std::fs::read_to_string(&path).with_context(|| format!("{file} is `{path}`"))?)
        }
        (None, None, None) => return Ok(None),
    };
    match found.trim() {
        "" => bail!("{named}: a token that is empty would be none at all"),
        token => Ok(Some(token.to_owned())),
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [&self.ingest, &self.read, &self.admin];
        write!(f, "{} tokens", all.into_iter().flatten().count())
    }
}
