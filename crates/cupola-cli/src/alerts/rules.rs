//! `cupola rules`: what is judged.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use cupola_alert::prometheus;

use super::list::{moment, print};
use super::{Of, now, rules_of, say};
use crate::Failure;
use crate::terminal::paint::Tone;
use crate::terminal::safe;
use crate::terminal::table::{Cell, Side};

/// Shows rules, checks a file of them, tells how often one would have fired, and writes them for Prometheus.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Check(Check),
    Preview(Preview),
    Export(Export),
}

const EXAMPLES: &str = "\
Examples:
  cupola rules list --alerts alerts.toml          those that are always there, and what the file changes of them
  cupola rules check alerts.toml                  names each rule and field that is wrong
  cupola rules preview 'api errors' --store data  when it would have fired in the last 24 hours
  cupola rules export --prometheus > rules.yml    the same rules for Prometheus, over the metrics that services show

Exit codes: 0 done, 2 an error.";

impl Rules {
    /// Does what was asked for; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let done = match self.what {
            What::List(list) => list.run(),
            What::Check(check) => check.run(),
            What::Preview(preview) => preview.run(),
            What::Export(export) => export.run(),
        };
        done.map_err(Failure::Usage)
    }
}

/// Lists rules
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    of: Of,
}

impl List {
    fn run(&self) -> anyhow::Result<i32> {
        let rules = match self.of.engine() {
            Ok(engine) => engine.all_rules()?,
            // Without a store there are those of the start and of the file.
            Err(_) => self.of.rules()?,
        };
        let columns = [
            ("rule", Side::Whole),
            ("kind", Side::Left),
            ("severity", Side::Left),
            ("threshold", Side::Right),
            ("is", Side::Left),
            ("from", Side::Left),
        ];
        print(
            &columns,
            rules.iter().map(|(rule, source)| {
                let is = if rule.is_enabled() { Cell::new(Tone::Green, "on") } else { Cell::new(Tone::Dim, "off") };
                let threshold =
                    rule.threshold().map(|threshold| format!("{threshold} {}", rule.unit())).unwrap_or_default();
                vec![
                    safe(rule.name()).into(),
                    rule.kind().into(),
                    rule.severity().as_str().into(),
                    threshold.trim().into(),
                    is,
                    source.as_str().into(),
                ]
            }),
        )?;
        Ok(crate::DONE)
    }
}

/// Checks a file of rules, receivers and routes
#[derive(Debug, Args)]
struct Check {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Check {
    fn run(&self) -> anyhow::Result<i32> {
        let of = Of { alerts: Some(self.file.clone()), ..Of::default() };
        let (rules, receivers) = (rules_of(&self.file)?, of.receivers()?);
        let on = rules.iter().filter(|(rule, _)| rule.is_enabled()).count();
        let told: Vec<&str> = receivers.names().collect();
        say(&format!(
            "{} is right: {on} of {} rules are on; told are {}",
            self.file.display(),
            rules.iter().len(),
            told.join(", ")
        ))
    }
}

/// Tells when a rule would have fired in the last 24 hours, by what the store holds
#[derive(Debug, Args)]
struct Preview {
    /// Its name
    #[arg(value_name = "RULE")]
    rule: String,

    #[command(flatten)]
    of: Of,
}

impl Preview {
    fn run(&self) -> anyhow::Result<i32> {
        let engine = self.of.engine()?;
        let rules = engine.all_rules()?;
        let rule = rules
            .get(&self.rule)
            .with_context(|| format!("no rule is named {:?}: `cupola rules list` lists them", self.rule))?;
        let told = engine.preview(rule, now());
        if let Some(problem) = &told.problem {
            crate::complain(&anyhow::anyhow!("{problem}"), crate::DONE);
        }
        let columns = [("began", Side::Whole), ("ended", Side::Whole), ("value", Side::Right), ("about", Side::Left)];
        print(
            &columns,
            told.episodes.iter().map(|episode| {
                let labels: Vec<String> =
                    episode.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let value = episode.value.map(|value| value.to_string()).unwrap_or_default();
                vec![
                    moment(episode.starts_at).into(),
                    episode.ends_at.map(moment).unwrap_or_default().into(),
                    value.into(),
                    safe(&labels.join(" ")).into(),
                ]
            }),
        )?;
        let times = if told.fired == 1 { "once".to_owned() } else { format!("{} times", told.fired) };
        say(&format!("{:?} would have fired {times} since {}", self.rule, moment(told.since)))
    }
}

/// Writes the rules for others
#[derive(Debug, Args)]
struct Export {
    /// As a rule file of Prometheus, over the metrics that services show
    #[arg(long)]
    prometheus: bool,

    #[command(flatten)]
    of: Of,
}

impl Export {
    fn run(&self) -> anyhow::Result<i32> {
        if !self.prometheus {
            bail!("for whom? accepted: --prometheus");
        }
        std::io::stdout().write_all(prometheus(&self.of.rules()?).as_bytes())?;
        Ok(crate::DONE)
    }
}
