//! How alerting itself is: whether rules are evaluated, and whether messages arrive.

use std::io::{self, Write as _};

use clap::Args;
use cupola_dashboard::alerting_health;
use serde_json::Value;

use super::list::{moment, print};
use super::{Of, now};
use crate::remote::Server;
use crate::terminal::paint::Tone;
use crate::terminal::safe;
use crate::terminal::table::{Cell, Side};

const UNWELL: i32 = 1;

/// Says whether rules are evaluated, and whether those who are to be told are; of a store, or of a server
#[derive(Debug, Args)]
pub(super) struct Health {
    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    server: Server,

    /// JSON, as the server's API has it
    #[arg(long)]
    json: bool,
}

impl Health {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let health = match self.server.remote()? {
            Some(remote) => remote.alerting_health()?,
            None => alerting_health(&self.of.telling(self.of.receivers()?)?, now())?,
        };
        if self.json {
            writeln!(io::stdout(), "{health}")?;
        } else {
            show(&health)?;
        }
        Ok(if health["healthy"] == true { crate::DONE } else { UNWELL })
    }
}

fn show(health: &Value) -> io::Result<()> {
    let columns = [("what", Side::Whole), ("is", Side::Whole), ("details", Side::Left)];
    let parts = ["evaluation", "rules", "receivers", "heartbeats"];
    let all = parts.iter().flat_map(|part| health[part].as_array().into_iter().flatten());
    print(
        &columns,
        all.map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let tone = if one["healthy"] == true { Tone::Dim } else { Tone::Red };
            vec![safe(&text("name")).into(), Cell::new(tone, text("status")), safe(&text("details")).into()]
        }),
    )
}

/// Lists messages that were given up, the newest first; `send-again` sends one once more
#[derive(Debug, Args)]
pub(super) struct Failed {
    #[command(flatten)]
    of: Of,
}

impl Failed {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let failed = self.of.engine()?.failed()?;
        let columns = [
            ("message", Side::Whole),
            ("when", Side::Whole),
            ("to", Side::Left),
            ("kind", Side::Left),
            ("about", Side::Left),
            ("attempts", Side::Right),
            ("why", Side::Left),
        ];
        print(
            &columns,
            failed.iter().map(|failed| {
                let mut about: Vec<&str> = failed.notices().map(|notice| &*notice.rule).collect();
                about.dedup();
                vec![
                    safe(&failed.message.id).into(),
                    Cell::new(Tone::Dim, moment(failed.time)),
                    safe(&failed.message.receiver).into(),
                    failed.message.kind.as_str().into(),
                    safe(&about.join(", ")).into(),
                    failed.attempts.to_string().into(),
                    safe(&failed.error).into(),
                ]
            }),
        )?;
        Ok(crate::DONE)
    }
}
