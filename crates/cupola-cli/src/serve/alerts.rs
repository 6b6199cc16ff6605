//! Rules over what is stored here, and those who are told.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use cupola_alert::{Alerts, Notice, Receivers, Rules};
use cupola_dashboard::Pages;
use cupola_store::{Metadata, Query};

/// Who is told of what.
#[derive(Debug, Args)]
#[command(next_help_heading = "Alerts")]
pub(super) struct Watch {
    /// Rules, receivers and routes: a TOML file with [[rule]], [[receiver]], [[route]] and [[heartbeat]] tables, beside the rules that are always there
    ///
    /// Slack, a mailbox, a webhook and Alertmanager can be named by variables alone: SLACK_WEBHOOK_URL, SMTP_SERVER with
    /// ALERT_FROM_EMAIL and ALERT_TO_EMAILS, CUPOLA_WEBHOOK_URL, CUPOLA_ALERTMANAGER_URL; an address that is asked as long as all
    /// is well by CUPOLA_HEARTBEAT_URL.
    #[arg(long, value_name = "FILE", env = "CUPOLA_ALERTS")]
    alerts: Option<PathBuf>,

    /// Judges nothing, and tells nobody
    #[arg(long)]
    no_alerts: bool,
}

/// What its own telemetry is not to read: alerts of others are judged here.
pub(super) fn is_of_alerts(name: &str) -> bool {
    let begins = [
        "CUPOLA_ALERT",
        "CUPOLA_MONITORING",
        "CUPOLA_WEBHOOK",
        "CUPOLA_HEARTBEAT",
        "ENABLE_",
        "SLACK_",
        "SMTP_",
        "ALERT_",
    ];
    begins.iter().any(|begin| name.starts_with(begin))
}

impl Watch {
    /// Reads what is to be judged, and who is told; none where nobody wants it.
    pub(super) fn read(&self) -> anyhow::Result<Option<(Rules, Receivers)>> {
        let is_off = match crate::environment::variable("CUPOLA_MONITORING").as_deref() {
            None => false,
            Some(said) => {
                !cupola_record::Vars::new(&|_| Some(said.to_owned())).yes_or_no("CUPOLA_MONITORING")?.unwrap_or(true)
            }
        };
        if self.no_alerts || is_off {
            return Ok(None);
        }
        let receivers = Receivers::from_vars(&crate::environment::variable)?;
        let Some(path) = &self.alerts else { return Ok(Some((Rules::default(), receivers))) };
        let named = || format!("--alerts {}", path.display());
        let text = std::fs::read_to_string(path).with_context(named)?;
        let rules = Rules::from_toml(&text).map_err(|error| anyhow!("{}: {error}", named()))?;
        let more = Receivers::from_toml(&text).with_context(named)?;
        Ok(Some((rules, receivers.and(more))))
    }
}

/// Judges what this store has.
pub(super) fn over(
    query: Arc<dyn Query>,
    metadata: Arc<dyn Metadata>,
    (rules, receivers): (Rules, Receivers),
    base: String,
) -> Arc<Alerts> {
    // Where alerts are looked at, by whoever reaches this address.
    let link =
        move |notice: &Notice| Some(format!("{base}{}", Pages::path_of_alert(&notice.rule, &notice.fingerprint)));
    Arc::new(Alerts::new(query, metadata, rules, receivers).links(link))
}
