//! Where an error was made: the frames of one's own code stand out from those of what it is built on.

use maud::{Markup, html};

/// Frames of these are seldom of interest.
const OTHERS: [&str; 16] = [
    "std",
    "core",
    "alloc",
    "tokio",
    "hyper",
    "hyper_util",
    "axum",
    "axum_core",
    "tower",
    "tower_http",
    "tower_service",
    "futures_util",
    "futures_core",
    "tracing",
    "backtrace",
    "__rust",
];

/// Draws it, a frame a line.
pub(super) fn draw(text: &str) -> Markup {
    let mut is_other = false;
    let lines = text.lines().map(|line| {
        // The line below a frame's name says where that is, and belongs to it.
        is_other = frame(line).map_or(is_other, is_of_others) || is_elsewhere(line);
        (is_other, line)
    });
    let lines: Vec<_> = lines.collect();
    html! { pre.backtrace { @for (is_other, line) in &lines { @if *is_other { span.dim { (line) } } @else { (line) } "\n" } } }
}

/// The name in `  12: name`.
fn frame(line: &str) -> Option<&str> {
    let (number, name) = line.trim_start().split_once(':')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.trim_start())
}

fn is_of_others(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&', '(', '[']);
    OTHERS
        .iter()
        .any(|other| name.strip_prefix(other).is_some_and(|rest| rest.starts_with("::") || other.starts_with('_')))
}

fn is_elsewhere(line: &str) -> bool {
    line.contains("/.cargo/registry/") || line.contains("/rustc/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_ones_own_code_stand_out() {
        let check = |text: &str, expected: &str| {
            assert_eq!(draw(text).into_string(), format!("<pre class=\"backtrace\">{expected}</pre>"))
        };
        check("", "");
        check(
            "   0: std::backtrace::create\n   1: app::<b>",
            "<span class=\"dim\">   0: std::backtrace::create</span>\n   1: app::&lt;b&gt;\n",
        );
        check(
            "4: <tokio::task as X>::poll\n  at ./x.rs:1\n5: stdx::y\n  at ./y.rs:2",
            "<span class=\"dim\">4: &lt;tokio::task as X&gt;::poll</span>\n<span class=\"dim\">  at ./x.rs:1</span>\n5: stdx::y\n  at ./y.rs:2\n",
        );
        check("at /root/.cargo/registry/src/x.rs", "<span class=\"dim\">at /root/.cargo/registry/src/x.rs</span>\n");
    }
}
