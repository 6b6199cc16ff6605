//! What a server answers, as what a store answers.

use anyhow::Context;
use cupola_line::fingerprint::Fingerprint;
use cupola_store::{Entry, Failed, FailureGroup, Found, Partial, RequestRow, Requested, Trace, Value as Field};
use jiff::Timestamp;
use serde_json::Value;

pub(super) fn found(answer: &Value) -> anyhow::Result<Found> {
    let cursor = answer["cursor"].as_str().map(str::parse).transpose()?;
    Ok(Found { entries: entries(&answer["entries"])?, cursor, partial: partial(answer), ..Found::default() })
}

pub(super) fn trace(answer: &Value) -> anyhow::Result<Trace> {
    Ok(Trace {
        spans: entries(&answer["spans"])?,
        logs: entries(&answer["logs"])?,
        is_cut: answer["is_cut"].as_bool().unwrap_or_default(),
        partial: partial(answer),
        ..Trace::default()
    })
}

pub(super) fn failed(answer: &Value) -> anyhow::Result<Failed> {
    let count = |of: &Value| of.as_u64().unwrap_or_default();
    let group = |group: &Value| {
        let fingerprint: Option<Fingerprint> = group["fingerprint"].as_str().and_then(|text| text.parse().ok());
        Ok(FailureGroup {
            fingerprint: fingerprint.context(STRANGE)?,
            count: count(&group["count"]),
            first: time(&group["first"])?,
            first_version: group["first_version"].as_str().map(str::to_owned),
            last: time(&group["last"])?,
            services: all(&group["services"])
                .map(|of| (of["value"].as_str().unwrap_or_default().into(), count(&of["count"])))
                .collect(),
            counts: all(&group["counts"]).map(count).collect(),
            template: group["template"].as_str().unwrap_or_default().to_owned(),
            example: entry(&group["example"])?,
        })
    };
    let groups = list(&answer["groups"])?.iter().map(group).collect::<anyhow::Result<_>>()?;
    let others = count(&answer["others"]);
    let distinct = usize::try_from(count(&answer["distinct"])).unwrap_or(usize::MAX);
    Ok(Failed { groups, distinct, others, partial: partial(answer), ..Failed::default() })
}

pub(super) fn requested(answer: &Value, shares: &[String]) -> anyhow::Result<Requested> {
    let row = |row: &Value| -> anyhow::Result<RequestRow> {
        let number = |of: &Value| of.as_f64().unwrap_or_default();
        let count = row["count"].as_u64().context(STRANGE)?;
        Ok(RequestRow {
            service: row["service"].as_str().unwrap_or_default().to_owned(),
            route: row["route"].as_str().unwrap_or_default().to_owned(),
            start: row.get("start").map(time).transpose()?,
            count,
            errors: row["errors"].as_u64().unwrap_or_default(),
            sum_ms: number(&row["mean_ms"]) * count as f64,
            max_ms: number(&row["max_ms"]),
            quantiles_ms: shares.iter().map(|share| number(&row["quantiles_ms"][share])).collect(),
            ..RequestRow::default()
        })
    };
    Ok(Requested {
        rows: list(&answer["rows"])?.iter().map(row).collect::<anyhow::Result<_>>()?,
        others: answer["others"].as_u64().unwrap_or_default(),
        whole: (answer["whole_ms"].as_f64().unwrap_or_default() * 1e6) as i64,
        partial: partial(answer),
    })
}

pub(super) fn alerts(mut answer: Value) -> anyhow::Result<Vec<Value>> {
    match answer["alerts"].take() {
        Value::Array(alerts) => Ok(alerts),
        _ => Err(anyhow::anyhow!(STRANGE)),
    }
}

const STRANGE: &str = "the server's answer is none that this cupola knows";

fn list(value: &Value) -> anyhow::Result<&Vec<Value>> {
    value.as_array().context(STRANGE)
}

/// What is in a list; nothing where there is none.
fn all(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> anyhow::Result<Vec<Entry>> {
    list(value)?.iter().map(entry).collect()
}

pub(super) fn entry(value: &Value) -> anyhow::Result<Entry> {
    let fields = value["fields"].as_object().context(STRANGE)?;
    let nested: Vec<String> = fields.values().map(ToString::to_string).collect();
    let read = fields.iter().zip(&nested).map(|((name, value), json)| {
        let field = match value {
            Value::String(text) => Field::Text(text),
            Value::Bool(is) => Field::Bool(*is),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Field::Int(whole),
                (None, Some(number)) => Field::Float(number),
                (None, None) => Field::Json(json),
            },
            Value::Array(_) | Value::Object(_) | Value::Null => Field::Json(json),
        };
        (name.as_str(), field)
    });
    Ok(Entry::from_fields(time(&value["time"])?, read))
}

fn time(value: &Value) -> anyhow::Result<i64> {
    let time: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    i64::try_from(time.context(STRANGE)?.as_nanosecond()).context(STRANGE)
}

fn partial(answer: &Value) -> Option<Partial> {
    answer["partial"].as_str().map(|why| match why {
        "deadline" => Partial::Deadline,
        "damaged" => Partial::Damaged,
        _ => Partial::Budget,
    })
}
