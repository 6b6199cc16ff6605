//! A picture as Slack's Block Kit. Texts of others are escaped as Slack asks for, and stand where nothing in them is made a link or a mention.

use serde_json::{Value, json};

use super::super::text::{Card, Picture};

/// What a text of a block may have, with room for what escaping has begun.
const SECTION: usize = 2_900;
const FIELD: usize = 1_900;
/// What a whole message may have: Slack says that blocks can be too long, and not how long; this is under what others have met.
const MESSAGE: usize = 12_000;

/// The message: a line of text, and beside a stripe of its colour the alerts. `text` is for notifications alone, where there are blocks.
/// What there is no room for is counted.
pub(super) fn draw(mut picture: Picture) -> Value {
    loop {
        let drawn = draw_all(&picture);
        if drawn.to_string().len() <= MESSAGE || !picture.shorten() {
            return drawn;
        }
    }
}

fn draw_all(picture: &Picture) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    for (index, card) in picture.cards.iter().enumerate() {
        if index > 0 {
            blocks.push(json!({ "type": "divider" }));
        }
        draw_card(card, picture.cards.len() > 1, &mut blocks);
    }
    let notes = picture.notes();
    if !notes.is_empty() {
        let notes: Vec<String> = notes.iter().map(|note| escaped(note, FIELD)).collect();
        blocks.push(json!({ "type": "context", "elements": [markdown(&notes.join(" · "))] }));
    }
    let title = escaped(&picture.title, FIELD);
    let heading = format!("{} *{}*", picture.symbol, title.replace('*', "∗"));
    json!({
        "text": format!("{} {title}", picture.symbol),
        "blocks": [{ "type": "section", "text": markdown(&heading) }],
        "attachments": [{ "color": picture.colour, "fallback": title, "blocks": blocks }],
    })
}

fn draw_card(card: &Card, says_which: bool, blocks: &mut Vec<Value>) {
    let mut text: Vec<String> = Vec::new();
    if says_which {
        text.push(format!("*{}* {}", card.badge, code(&card.rule, 300)));
    }
    text.extend(card.summary.iter().map(|summary| escaped(summary, 900)));
    text.extend(card.description.iter().map(|description| escaped(description, 1_500)));
    if !text.is_empty() {
        blocks.push(json!({ "type": "section", "text": markdown(&text.join("\n")) }));
    }
    let fields = card.facts.iter().map(|(name, value)| markdown(&format!("*{name}*\n{}", escaped(value, FIELD))));
    let fields: Vec<Value> = fields.collect();
    if !fields.is_empty() {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let labels = card.labels.iter().map(|(name, value)| code(&format!("{name} = {value}"), 500));
    // An address has no bar and no bracket: escaped, they cannot end the link.
    let links = card.links.iter().map(|(name, link)| format!("<{}|{name}>", escaped(&link.replace('|', "%7C"), 900)));
    let below = bounded(labels.chain(links));
    if !below.is_empty() {
        blocks.push(json!({ "type": "context", "elements": [markdown(&below)] }));
    }
}

/// As many as there is room for, whole.
fn bounded(parts: impl Iterator<Item = String>) -> String {
    let mut all = String::new();
    for part in parts {
        if all.len() + part.len() > FIELD {
            all.push_str(" …");
            break;
        }
        if !all.is_empty() {
            all.push_str("  ");
        }
        all.push_str(&part);
    }
    all
}

/// `verbatim`: what looks like a link, a channel or somebody's name is made none.
fn markdown(text: &str) -> Value {
    let text: String = if text.len() > SECTION { text.chars().take(SECTION).collect() } else { text.to_owned() };
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn code(text: &str, most: usize) -> String {
    format!("`{}`", escaped(&text.replace('`', "'"), most))
}

/// `&`, `<` and `>` are all that Slack wants escaped. It ends before what there is no room for, never within an escape.
fn escaped(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let part = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut buffer),
        };
        if safe.len() + part.len() > most {
            safe.push('…');
            break;
        }
        safe.push_str(part);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::super::text::tests::message;
    use super::*;
    use crate::MessageKind;

    fn texts(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(all) => all.iter().for_each(|value| texts(value, found)),
            Value::Object(all) => all.values().for_each(|value| texts(value, found)),
            _ => {}
        }
    }

    #[test]
    fn texts_of_others_call_nobody_and_lead_nowhere() {
        let drawn = draw(Picture::of(&message(MessageKind::Firing, 12, true)));
        let mut all = Vec::new();
        texts(&drawn, &mut all);
        for text in &all {
            assert!(!text.contains("<!") && !text.contains("<http") && !text.contains("<script"), "{text}");
        }
        assert!(all.iter().any(|text| text.contains("&lt;!channel&gt; &amp; ")));
        assert!(drawn["attachments"][0]["blocks"].as_array().unwrap().len() <= 50);
    }

    #[test]
    fn a_message_has_its_facts_labels_and_links() {
        let drawn = draw(Picture::of(&message(MessageKind::Firing, 1, false)));
        assert_eq!(drawn["text"], "🔴 Critical: error ratio · api-0 · /users/{id}");
        assert_eq!(drawn["blocks"][0]["text"]["text"], "🔴 *Critical: error ratio · api-0 · /users/{id}*");
        let attachment = &drawn["attachments"][0];
        assert_eq!(attachment["color"], "#c4314b");
        let blocks = attachment["blocks"].as_array().unwrap();
        assert_eq!(blocks[1]["fields"][0]["text"], "*Value*\n14.25 % (threshold 10 %)");
        let below = blocks[2]["elements"][0]["text"].as_str().unwrap();
        assert_eq!(
            below,
            "`route = /users/{id}`  `service = api-0`  <https://cupola.example/alerts/e0|Open in Cupola>  <https://wiki.example/errors|Runbook>"
        );
        assert!(blocks.iter().all(|block| block["text"]["verbatim"] != false));
    }

    #[test]
    fn a_message_that_is_too_long_shows_fewer_alerts() {
        let mut long = message(MessageKind::Firing, 10, false);
        for notice in &mut long.alerts {
            notice.labels.insert("long".into(), "<".repeat(150));
            notice.annotations.insert("summary".into(), "&".repeat(300));
        }
        let drawn = draw(Picture::of(&long)).to_string();
        assert!(drawn.len() <= MESSAGE, "{}", drawn.len());
        let more = drawn.split("and ").find_map(|rest| rest.split_once(" more")?.0.parse::<usize>().ok()).unwrap();
        assert_eq!(drawn.matches("`service = api-").count() + more, 10);
    }

    #[test]
    fn it_ends_before_what_there_is_no_room_for() {
        for (text, most, expected) in [("a<b", 3, "a…"), ("a<b", 5, "a&lt;…"), ("a<b", 6, "a&lt;b"), ("ää", 3, "ä…")]
        {
            assert_eq!(escaped(text, most), expected);
        }
        assert_eq!(bounded((0..10).map(|_| "x".repeat(500))).matches("…").count(), 1);
    }
}
