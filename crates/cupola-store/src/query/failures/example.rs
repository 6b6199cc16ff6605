//! The last error of each group, in full.

use cupola_line::fingerprint::Fingerprint;
use rustc_hash::FxHashMap;

use super::FailureGroup;
use super::groups::Columns;
use super::whose::Whose;
use crate::column::Owned;
use crate::day::Day;
use crate::file::DayFile;
use crate::query::entry::Entry;
use crate::query::error::QueryError;
use crate::query::scan::{Hit, Scan};
use crate::rollup::{About, Known};

/// So much is kept of each text of an example.
const MAX_TEXT: usize = 2_048;

/// Which groups wait for their last error, by its time.
type Wanted = FxHashMap<(i64, Fingerprint), usize>;

/// What there is to show of an error before its entry is read.
pub(super) fn light(about: &About<'_>, time: i64) -> Entry {
    let About { target, error_type, route, message } = about;
    let texts = [("target", target), ("error_type", error_type), ("route", route), ("message", message)];
    let mut example = Entry::new(time);
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        example.push(name, Owned::Text((&**text).into()));
    }
    example.cut(MAX_TEXT)
}

/// Gives each group its last error, now that it is known which groups there are. Most are kept beside what was added up; others are read from
/// their blocks, if they may be, as long as there is time.
pub(super) fn read_examples(
    groups: &mut [FailureGroup],
    mut scan: Scan<'_>,
    added_up: Option<Whose<'_>>,
    may_read: bool,
) -> Result<(), QueryError> {
    let mut days: Vec<Day> = groups.iter().map(|group| Day::of(group.last)).collect();
    days.sort_unstable();
    days.dedup();
    for day in days.into_iter().rev() {
        let Some(file) = scan.open(day)? else { continue };
        let _one_moment = file.snapshot()?;
        let mut wanted = Wanted::default();
        for (place, group) in groups.iter_mut().enumerate().filter(|(_, group)| Day::of(group.last) == day) {
            let is_kept = match added_up {
                Some(whose) if file.has_failures()? => take_kept(&file, group, whose)?,
                _ => false,
            };
            if !is_kept {
                wanted.insert((group.last, group.fingerprint), place);
            }
        }
        if may_read && !wanted.is_empty() {
            read_blocks(groups, &mut scan, &file, wanted)?;
        }
    }
    Ok(())
}

/// Takes what the file has kept of a group. Whether its last error is the one that is wanted.
fn take_kept(file: &DayFile, group: &mut FailureGroup, whose: Whose<'_>) -> Result<bool, QueryError> {
    let Some(Known { template, last, example, .. }) = file.failure(group.fingerprint)? else { return Ok(false) };
    group.template = template;
    let fields = example.fields().unwrap_or_default();
    let mut kept = Entry::new(group.last);
    fields.iter().for_each(|(name, value)| kept.push(name, value.clone()));
    let is_whose =
        whose.service.is_none_or(|service| kept.get("service").is_some_and(|told_by| told_by.text() == service));
    let is_it = last == group.last && is_whose && !fields.is_empty();
    group.example =
        if is_it { kept.cut(MAX_TEXT) } else { light(&About::of(|place| kept.get(About::FIELDS[place])), group.last) };
    Ok(is_it)
}

/// Reads blocks that may have what is wanted, the newest first.
fn read_blocks(
    groups: &mut [FailureGroup],
    scan: &mut Scan<'_>,
    file: &DayFile,
    mut wanted: Wanted,
) -> Result<(), QueryError> {
    for block in scan.blocks(file)? {
        if wanted.is_empty() || scan.is_over().is_some() {
            return Ok(());
        }
        let span = block.header.min_time..=block.header.max_time;
        if !wanted.keys().any(|(time, _)| span.contains(time)) {
            continue;
        }
        match scan.visit(file, &block, |hit| take_from(&hit, groups, &mut wanted)) {
            Err(error) if error.is_over() => return Ok(()),
            visited => visited.map(drop)?,
        }
    }
    Ok(())
}

fn take_from(hit: &Hit<'_>, groups: &mut [FailureGroup], wanted: &mut Wanted) -> Result<(), QueryError> {
    let times = hit.opened.times()?;
    let moments: Vec<i64> = wanted.keys().map(|(time, _)| *time).collect();
    let mut columns = None;
    for time in moments {
        let rows = times.partition_point(|found| *found < time)..times.partition_point(|found| *found <= time);
        for row in rows.rev().filter(|row| hit.rows.has(*row)) {
            if columns.is_none() {
                columns = Some(Columns::of(hit)?);
            }
            let Some(fingerprint) = columns.as_ref().map(|columns| columns.of_row(row).fingerprint()) else { continue };
            if let Some(place) = wanted.remove(&(time, fingerprint)) {
                groups[place].example = hit.opened.entries(&[row])?.remove(0).cut(MAX_TEXT);
            }
        }
    }
    Ok(())
}
