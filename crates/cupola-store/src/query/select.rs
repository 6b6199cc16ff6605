//! Which entries of a block are what is wanted, judged by column.

use super::error::QueryError;
use super::json;
use super::opened::Opened;
use super::rows::Rows;
use super::wanted::{Anywhere, Place, Wanted, is_level, is_something, stands};
use crate::column::{Column, Values};
use crate::value::Value;

/// Those of these rows that are what is wanted. What costs little is judged first, and what that has excluded is not looked at again.
pub(crate) fn select(wanted: &Wanted, block: &Opened<'_>, among: &Rows) -> Result<Rows, QueryError> {
    if among.is_empty() {
        return Ok(among.clone());
    }
    block.go_on()?;
    match wanted {
        Wanted::All(parts) => parts.iter().try_fold(among.clone(), |among, part| select(part, block, &among)),
        Wanted::Any(parts) => {
            let (mut found, mut left) = (Rows::none(among.len()), among.clone());
            for part in parts {
                let more = select(part, block, &left)?;
                left.drop_all(&more);
                found.join(&more);
            }
            Ok(found)
        }
        Wanted::Not(part) => {
            let mut left = among.clone();
            left.drop_all(&select(part, block, among)?);
            Ok(left)
        }
        Wanted::Since(time) => of_times(block, among, |times| times.partition_point(|found| found < time)..times.len()),
        Wanted::Until(time) => of_times(block, among, |times| 0..times.partition_point(|found| found < time)),
        Wanted::Levels(levels) => {
            let mut found = Rows::none(among.len());
            if let Some(column) = block.column("level")? {
                judge(&column, among, |value| is_level(levels, value), &mut found);
            }
            Ok(found)
        }
        Wanted::Field(place, relation, value) => of_place(
            place,
            block,
            among,
            |found| stands(value, *relation, found),
            |found| json::stands(value, *relation, found),
        ),
        Wanted::Has(place) => of_place(place, block, among, is_something, json::is_something),
        Wanted::Text(text) => anywhere(text, block, among),
    }
}

fn of_times(
    block: &Opened<'_>,
    among: &Rows,
    span: impl Fn(&[i64]) -> std::ops::Range<usize>,
) -> Result<Rows, QueryError> {
    let span = span(&block.times()?);
    let mut found = Rows::none(among.len());
    among.iter().filter(|row| span.contains(row)).for_each(|row| found.add(row));
    Ok(found)
}

/// Judges a field where it is, for each entry at the first place that has it.
fn of_place(
    place: &Place,
    block: &Opened<'_>,
    among: &Rows,
    of_field: impl Fn(&Value<'_>) -> bool,
    of_json: impl Fn(&cupola_line::Value<'_>) -> bool,
) -> Result<Rows, QueryError> {
    let (mut found, mut left) = (Rows::none(among.len()), among.clone());
    for name in place.names() {
        if left.is_empty() {
            return Ok(found);
        }
        if let Some(column) = block.column(name)? {
            judge(&column, &left, &of_field, &mut found);
            column.each_row(|row, _| left.remove(row));
        }
    }
    if let Some((head, path)) = place.inside.as_ref().filter(|_| !left.is_empty())
        && let Some(column) = block.column(head)?
    {
        let of_object = |value: &Value<'_>| match value {
            Value::Json(json) => json::within(json, path).is_some_and(|found| of_json(&found)),
            _ => false,
        };
        judge(&column, &left, of_object, &mut found);
    }
    Ok(found)
}

/// Adds those of these rows whose value passes; each text of a dictionary is judged once.
fn judge(column: &Column, among: &Rows, passes: impl Fn(&Value<'_>) -> bool, found: &mut Rows) {
    if let Values::Dictionary { texts, codes } = &column.values {
        let verdicts: Vec<bool> = texts.iter().map(|text| passes(&Value::Text(text))).collect();
        if verdicts.contains(&true) {
            let is_good =
                |place: usize| codes.get(place).and_then(|code| verdicts.get(usize::from(*code))) == Some(&true);
            column.each_row(|row, place| {
                if is_good(place) && among.has(row) {
                    found.add(row);
                }
            });
        }
        return;
    }
    column.each_row(|row, place| {
        if among.has(row) && column.values.get(place).is_some_and(|value| passes(&value)) {
            found.add(row);
        }
    });
}

fn anywhere(text: &Anywhere, block: &Opened<'_>, among: &Rows) -> Result<Rows, QueryError> {
    let (mut found, mut left) = (Rows::none(among.len()), among.clone());
    for (name, column) in block.speaking(text.may_be_in_ids())? {
        if left.is_empty() {
            break;
        }
        block.go_on()?;
        in_column(text, name, column, &left, &mut found);
        left.drop_all(&found);
    }
    Ok(found)
}

fn in_column(text: &Anywhere, name: &str, column: &Column, among: &Rows, found: &mut Rows) {
    match &column.values {
        Values::Texts { ends, text: texts } => {
            text.each_in(texts, ends, |place| {
                if let Some(row) = column.row(place).filter(|row| among.has(*row)) {
                    found.add(row);
                }
            });
        }
        Values::Ints(_) | Values::Floats(_) | Values::Bools(_) => {}
        _ => judge(column, among, |value| text.is_in_value(name, value), found),
    }
}
