//! A line as small as a word.

use std::fmt::Write as _;

use maud::{Markup, html};

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 22.0;

/// A line of numbers over another one that is part of it, and what they say in words.
#[allow(clippy::cast_precision_loss, reason = "places in a picture")]
pub(in crate::pages) fn spark(all: &[f64], part: &[f64], says: &str) -> Markup {
    let top = all.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let line = |values: &[f64]| {
        let last = values.len().max(2) - 1;
        let mut d = String::new();
        for (place, value) in values.iter().enumerate() {
            let (x, y) = (place as f64 / last as f64 * WIDTH, (HEIGHT - 2.0) * (1.0 - value / top) + 1.0);
            let _ = write!(d, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        d
    };
    let (all, is_part) = (line(all), part.iter().any(|value| *value > 0.0));
    html! {
        svg.spark width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(says) {
            path.area.s1 d={ (all) "L" (WIDTH) " " (HEIGHT) "L0 " (HEIGHT) "Z" } {}
            path.line.s1 d=(all) {}
            @if is_part { path.line.bad d=(line(part)) {} }
        }
    }
}
