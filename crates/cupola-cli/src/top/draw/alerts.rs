//! Alerts that are open, the worst first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::lines::{Pen, first_shown};
use crate::terminal::paint::Tone;
use crate::top::alerts::Alert;
use crate::top::state::{Pane, State};

pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let (open, is_chosen) = (state.open(), state.pane == Pane::Alerts);
    let firing = open.iter().filter(|alert| alert.fires()).count();
    let what = match (&state.alerts.value, &state.alerts.trouble) {
        (_, Some(trouble)) => pen.span(Tone::Yellow, format!("not known: {}", trouble.why)),
        (None, None) => pen.span(Tone::Dim, "asking"),
        (Some(_), None) if open.is_empty() => pen.span(Tone::Green, "none is open"),
        (Some(_), None) if firing == 0 => pen.span(Tone::Yellow, format!("{} pending", open.len())),
        (Some(_), None) => pen.span(Tone::Red, format!("{firing} firing, {} pending", open.len() - firing)),
    };
    let title = Rect { height: area.height.min(1), ..area };
    pen.title(buffer, title, ("Alerts", is_chosen), what.into(), Line::default());
    let place = state.alert_place();
    let height = area.height.saturating_sub(1);
    let first = first_shown(place, usize::from(height));
    for (row, (at, alert)) in (1..=height).zip(open.iter().enumerate().skip(first)) {
        pen.line(buffer, area, row, line(alert, state.now, pen));
        if is_chosen && at == place {
            pen.choose(buffer, area, row);
        }
    }
}

fn line(alert: &Alert, now: i64, pen: Pen) -> Line<'static> {
    let tone = match alert.fires() {
        true if alert.is_critical() => Tone::Red,
        true => Tone::Yellow,
        false => Tone::Dim,
    };
    let who = alert.acknowledged.as_ref().map(|by| format!("  ack {by}"));
    let silenced = alert.is_silenced.then(|| "  silenced".to_owned());
    let mut spans = vec![
        pen.span(tone, format!(" {:<10} {:<8} ", alert.phase, alert.severity)),
        pen.span(Tone::Dim, format!("{:>4}  ", age(now - alert.since))),
        pen.span(Tone::Bold, alert.rule.clone()),
    ];
    spans.extend([who, silenced].into_iter().flatten().map(|text| pen.span(Tone::Cyan, text)));
    spans.push(pen.span(Tone::Plain, format!("  {}  {}", alert.value, alert.about)));
    Line::from(spans)
}

/// For how long, in the largest unit: `45s`, `12m`, `3h`, `9d`.
fn age(nanos: i64) -> String {
    let seconds = nanos.max(0) / 1_000_000_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let of = |seconds: i64| age(seconds * 1_000_000_000);
        assert_eq!([-5, 59, 60, 3_599, 3_600, 86_399, 900_000].map(of), ["0s", "59s", "1m", "59m", "1h", "23h", "10d"]);
    }
}
