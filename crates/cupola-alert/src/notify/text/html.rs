//! A picture as the HTML of a mail: tables and inline styles, since mail programs know little else; nothing is fetched from anywhere.

use std::fmt::Write as _;

use super::{Card, Picture};

const FONT: &str = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MUTED: &str = "color:#5b6472";
const BUTTON: &str = "display:inline-block;margin:0 8px 8px 0;padding:8px 16px;border-radius:6px;font-size:14px;\
                      font-weight:600;text-decoration:none";

pub(crate) fn html(picture: &Picture) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light\">\
         <title>{title}</title></head>\n<body style=\"margin:0;padding:0;background:#f3f4f7\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f3f4f7\"><tr>\
         <td align=\"center\" style=\"padding:24px 12px\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
         style=\"max-width:600px;background:#ffffff;border:1px solid #dfe3e8;border-radius:8px;{FONT};color:#1f2733\">\
         <tr><td style=\"height:6px;line-height:6px;font-size:0;background:{colour};border-radius:8px 8px 0 0\">&nbsp;</td></tr>\
         <tr><td style=\"padding:24px 28px 4px\">{badge}\
         <h1 style=\"margin:12px 0 0;font-size:20px;line-height:1.35;font-weight:600\">{heading}</h1></td></tr>",
        title = escaped(&picture.title),
        colour = picture.colour,
        badge = badge(&picture.badge, picture.colour),
        heading = escaped(picture.title.strip_prefix(&format!("{}: ", picture.badge)).unwrap_or(&picture.title)),
    );
    for card in &picture.cards {
        card_html(card, picture.cards.len() > 1, &mut page);
    }
    for note in picture.notes() {
        let _ = write!(page, "<tr><td style=\"padding:4px 28px;font-size:14px;{MUTED}\">{}</td></tr>", escaped(&note));
    }
    let _ = writeln!(
        page,
        "<tr><td style=\"padding:16px 28px 20px;font-size:12px;{MUTED}\">Sent by Cupola</td></tr>\
         </table></td></tr></table></body></html>"
    );
    page
}

fn card_html(card: &Card, says_which: bool, page: &mut String) {
    page.push_str("<tr><td style=\"padding:12px 28px\">");
    if says_which {
        let _ = write!(
            page,
            "<div style=\"border-top:1px solid #dfe3e8;padding-top:16px\">{} <span style=\"font-weight:600\">{}</span></div>",
            badge(&card.badge, card.colour),
            escaped(&card.rule)
        );
    }
    if let Some(summary) = &card.summary {
        let _ = write!(page, "<p style=\"margin:8px 0;font-size:15px;line-height:1.5\">{}</p>", escaped(summary));
    }
    if let Some(description) = &card.description {
        let text = escaped(description).replace('\n', "<br>");
        let _ = write!(page, "<p style=\"margin:8px 0;font-size:14px;line-height:1.5;{MUTED}\">{text}</p>");
    }
    page.push_str("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin-top:8px;font-size:14px\">");
    for (name, value) in &card.facts {
        row(name, &format!("<strong>{}</strong>", escaped(value)), page);
    }
    for (name, value) in &card.labels {
        let code =
            "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;word-break:break-all";
        row(name, &format!("<span style=\"{code}\">{}</span>", escaped(value)), page);
    }
    page.push_str("</table>");
    if !card.links.is_empty() {
        page.push_str("<p style=\"margin:16px 0 4px\">");
        for (index, (name, link)) in card.links.iter().enumerate() {
            let style = match (says_which, index) {
                (true, _) => format!("margin-right:16px;color:{};font-size:14px", card.colour),
                (false, 0) => format!("{BUTTON};border:1px solid {0};background:{0};color:#ffffff", card.colour),
                (false, _) => format!("{BUTTON};border:1px solid #dfe3e8;background:#ffffff;color:#1f2733"),
            };
            let _ = write!(page, "<a href=\"{}\" style=\"{style}\">{}</a>", escaped(link), escaped(name));
        }
        page.push_str("</p>");
    }
    page.push_str("</td></tr>\n");
}

fn badge(text: &str, colour: &str) -> String {
    format!(
        "<span style=\"display:inline-block;padding:3px 10px;border-radius:999px;background:{colour};color:#ffffff;\
         font-size:12px;font-weight:700;letter-spacing:.03em\">{}</span>",
        escaped(text)
    )
}

fn row(name: &str, value: &str, page: &mut String) {
    let cell = "padding:7px 0;border-top:1px solid #eef0f3;vertical-align:top";
    let _ = write!(
        page,
        "<tr><td style=\"{cell};width:32%;padding-right:12px;{MUTED};word-break:break-word\">{}</td><td style=\"{cell}\">{value}</td></tr>",
        escaped(name)
    );
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::tests::{EVIL, message};
    use super::*;
    use crate::MessageKind;

    #[test]
    fn texts_of_others_are_text() {
        let page = html(&Picture::of(&message(MessageKind::Firing, 2, true)));
        for tag in ["<script", "</td><script", "javascript:", "data:text", "<!channel", "<https"] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(EVIL.contains("<script>"));
        let (open, close) = (page.matches("<t").count(), page.matches("</t").count());
        assert_eq!(open, close, "each table, row, cell and title is closed");
    }

    #[test]
    fn it_says_all_that_the_text_says() {
        let page = html(&Picture::of(&message(MessageKind::Resolved, 1, false)));
        for part in [
            ">Resolved<",
            "error ratio · api-0",
            "14.25 % (threshold 10 %)",
            "13 min, until",
            "/users/{id}",
            "href=\"https://cupola.example/alerts/e0\"",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }
}
