//! Alerts, silences and what happened, as tables and as JSON.

use std::io::{self, Write};

use clap::Args;
use cupola_alert::{Alert, Event, Happened, Phase, Severity};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Of, meant, now};
use crate::terminal::paint::{Paint, Tone};
use crate::terminal::table::{Cell, Side, Table};
use crate::terminal::{self, safe};

const FIRES: i32 = 1;

/// Lists alerts: what fires first
#[derive(Debug, Default, Args)]
pub(super) struct List {
    #[command(flatten)]
    of: Of,

    /// Those that are over too
    #[arg(long)]
    all: bool,

    /// JSON lines
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let mut alerts = self.of.engine()?.alerts_at(now())?;
        alerts.retain(|alert| self.all || !matches!(alert.phase, Phase::Resolved | Phase::Inactive));
        if self.json {
            alerts.iter().try_for_each(|alert| line(&as_json(alert)))?;
        } else {
            let columns = [
                ("phase", Side::Left),
                ("severity", Side::Left),
                ("alert", Side::Whole),
                ("about", Side::Left),
                ("value", Side::Right),
                ("threshold", Side::Right),
                ("since", Side::Whole),
                ("who", Side::Left),
            ];
            print(&columns, alerts.iter().map(row))?;
        }
        let fires = alerts.iter().any(|alert| matches!(alert.phase, Phase::Firing | Phase::Recovering));
        Ok(if fires { FIRES } else { crate::DONE })
    }
}

/// Tells what happened to alerts, the newest first
#[derive(Debug, Args)]
pub(super) struct History {
    /// To one alert; to all without
    #[arg(value_name = "ALERT")]
    alert: Option<String>,

    #[command(flatten)]
    of: Of,

    /// So much, at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// JSON lines
    #[arg(long)]
    json: bool,
}

impl History {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.of.engine()?;
        let alert = self.alert.as_deref().map(|named| meant(&engine, named)).transpose()?;
        let events = engine.history(alert.as_ref(), None, self.limit)?;
        if self.json {
            events.iter().try_for_each(|event| line(&told(event)))?;
        } else {
            let columns = [("when", Side::Whole), ("of", Side::Whole), ("what", Side::Left), ("details", Side::Left)];
            print(
                &columns,
                events.iter().map(|event| {
                    let what = told(event)["what"].as_str().unwrap_or_default().to_owned();
                    vec![
                        Cell::new(Tone::Dim, moment(event.time)),
                        safe(&event.subject).into(),
                        what.into(),
                        safe(&details(event)).into(),
                    ]
                }),
            )?;
        }
        Ok(crate::DONE)
    }
}

/// Lists silences, the newest first
#[derive(Debug, Args)]
pub(super) struct Silences {
    #[command(flatten)]
    of: Of,

    /// Those that have ended too
    #[arg(long)]
    all: bool,
}

impl Silences {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let mut silences = self.of.engine()?.silences()?;
        silences.retain(|silence| self.all || silence.is_active(now()));
        let columns = [
            ("id", Side::Whole),
            ("until", Side::Whole),
            ("about", Side::Left),
            ("by", Side::Left),
            ("why", Side::Left),
        ];
        print(
            &columns,
            silences.iter().map(|silence| {
                let about: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
                vec![
                    safe(&silence.id).into(),
                    moment(silence.until).into(),
                    safe(&about.join(" ")).into(),
                    safe(&silence.by).into(),
                    safe(&silence.note).into(),
                ]
            }),
        )?;
        Ok(crate::DONE)
    }
}

pub(super) fn print(columns: &[(&str, Side)], rows: impl Iterator<Item = Vec<Cell>>) -> io::Result<()> {
    let mut table = Table::new(columns);
    rows.for_each(|row| table.row(row));
    table.print(&mut io::stdout().lock(), Paint(terminal::wants_color()), terminal::columns())
}

fn line(value: &Value) -> io::Result<()> {
    writeln!(io::stdout(), "{value}")
}

fn row(alert: &Alert) -> Vec<Cell> {
    let tone = match (alert.phase, alert.severity) {
        (Phase::Firing, Severity::Critical) => Tone::Red,
        (Phase::Firing | Phase::Recovering, _) => Tone::Yellow,
        _ => Tone::Dim,
    };
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let number = |value: Option<f64>| value.map(|value| format!("{}{}", short(value), alert.unit)).unwrap_or_default();
    vec![
        Cell::new(tone, alert.phase.as_str()),
        alert.severity.as_str().into(),
        safe(&alert.id().to_string()).into(),
        safe(&labels.join(" ")).into(),
        number(alert.value).into(),
        number(alert.threshold).into(),
        Cell::new(Tone::Dim, moment(alert.since)),
        safe(&who(alert)).into(),
    ]
}

/// To three digits behind the point, without zeros at the end.
fn short(value: f64) -> String {
    ((value * 1e3).round() / 1e3).to_string()
}

fn who(alert: &Alert) -> String {
    let acknowledged = alert.acknowledged.as_ref().map(|by| format!("acknowledged by {}", by.by));
    let assigned = alert.assigned.as_ref().map(|assigned| format!("{}'s", assigned.to));
    let silenced = (!alert.silences.is_empty()).then(|| "silenced".to_owned());
    [acknowledged, assigned, silenced].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn as_json(alert: &Alert) -> Value {
    json!({
        "id": alert.id().to_string(),
        "rule": alert.rule,
        "fingerprint": alert.fingerprint,
        "phase": alert.phase.as_str(),
        "severity": alert.severity.as_str(),
        "since": instant(alert.since),
        "labels": alert.labels,
        "annotations": alert.annotations,
        "value": alert.value,
        "threshold": alert.threshold,
        "unit": alert.unit,
        "acknowledged_by": alert.acknowledged.as_ref().map(|by| &by.by),
        "assigned_to": alert.assigned.as_ref().map(|assigned| &assigned.to),
        "is_silenced": !alert.silences.is_empty(),
    })
}

/// What happened, with its time and what it is about.
fn told(event: &Event) -> Value {
    let mut told = match &event.what {
        Happened::Delivery(note) => json!({ "what": "delivery", "delivery": note }),
        what => serde_json::to_value(what).unwrap_or_default(),
    };
    told["time"] = instant(event.time).into();
    told["of"] = event.subject.as_str().into();
    told
}

/// Everything else that is told of it, as `name=value`.
fn details(event: &Event) -> String {
    let told = told(event);
    let known = ["what", "time", "of"];
    let inner = told.get("delivery").or_else(|| told.get("transition")).unwrap_or(&told);
    let fields = inner.as_object().into_iter().flatten();
    let shown = fields.filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
    shown
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn instant(nanos: i64) -> String {
    Timestamp::from_nanosecond(nanos.into()).unwrap_or_default().to_string()
}

/// Its day and its second, here.
pub(super) fn moment(nanos: i64) -> String {
    let time = Timestamp::from_nanosecond(nanos.into()).unwrap_or_default();
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
