//! The schema as a JSON Schema document.

use std::fmt::Write as _;

use super::{
    ACCESS_TARGET, CALL_TARGET, EVENT_TARGETS, EXECUTION_TARGET, Field, JOB_TARGET, Kind, LLM_TARGET, Part,
    QUERY_TARGET,
};
use crate::keys;

/// The schema as a JSON Schema document (draft 2020-12), as `docs/log-line.schema.json` has it.
///
/// What JSON Schema cannot say stays with [`super::check`]: the order of the envelope, and names that come twice.
pub fn json_schema() -> String {
    let mut out = String::from("{\n");
    line(&mut out, 1, "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",");
    line(&mut out, 1, "\"title\": \"A line of Cupola's log\",");
    line(&mut out, 1, "\"type\": \"object\",");
    line(&mut out, 1, &format!("\"required\": {},", list(&keys::ENVELOPE)));
    line(&mut out, 1, "\"properties\": {");
    let everywhere = [Part::Envelope, Part::Line, Part::Context];
    push_fields(&mut out, 2, everywhere.into_iter().flat_map(Part::fields));
    line(&mut out, 1, "},");
    line(&mut out, 1, "\"allOf\": [");
    push_part(&mut out, Part::Access, &[ACCESS_TARGET], ",");
    push_part(&mut out, Part::Call, &[CALL_TARGET], ",");
    push_part(&mut out, Part::Llm, &[LLM_TARGET], ",");
    push_part(&mut out, Part::Query, &[QUERY_TARGET], ",");
    push_part(&mut out, Part::Job, &[JOB_TARGET], ",");
    push_part(&mut out, Part::Execution, &[EXECUTION_TARGET], ",");
    push_part(&mut out, Part::Event, &EVENT_TARGETS, "");
    line(&mut out, 1, "]");
    out.push_str("}\n");
    out
}

/// Names that are bound on lines of some targets only.
fn push_part(out: &mut String, part: Part, targets: &[&str], end: &str) {
    line(out, 2, "{");
    line(out, 3, &format!("\"if\": {{ \"properties\": {{ \"target\": {{ \"enum\": {} }} }} }},", list(targets)));
    line(out, 3, "\"then\": {");
    line(out, 4, "\"properties\": {");
    push_fields(out, 5, part.fields());
    line(out, 4, "}");
    line(out, 3, "}");
    line(out, 2, &format!("}}{end}"));
}

fn push_fields(out: &mut String, depth: usize, fields: impl Iterator<Item = &'static Field>) {
    let mut fields = fields.peekable();
    while let Some(field) = fields.next() {
        let end = if fields.peek().is_some() { "," } else { "" };
        let rule = match field.part {
            Part::Envelope => rule(field.kind),
            _ => format!("\"anyOf\": [{{ {} }}, {{ \"const\": \"[REDACTED]\" }}]", rule(field.kind)),
        };
        let says = field.says.replace('\\', "\\\\").replace('"', "\\\"");
        line(out, depth, &format!("\"{}\": {{ \"description\": \"{says}\", {rule} }}{end}", field.name));
    }
}

fn rule(kind: Kind) -> String {
    match kind {
        Kind::Time => {
            r#""type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z$""#.into()
        }
        Kind::Level | Kind::OneOf(_) => format!("\"enum\": {}", list(kind.words().unwrap_or_default())),
        Kind::Text => r#""type": "string""#.into(),
        Kind::Hex(length) => format!("\"type\": \"string\", \"pattern\": \"^[0-9a-f]{{{length}}}$\""),
        Kind::Number => r#""type": "number", "minimum": 0"#.into(),
        Kind::Whole => r#""type": "integer", "minimum": 0"#.into(),
        Kind::Signed => r#""type": "integer""#.into(),
        Kind::Flag => r#""type": "boolean""#.into(),
        Kind::Scalar => r#""type": ["string", "number", "boolean"]"#.into(),
        Kind::Object => r#""type": "object""#.into(),
    }
}

fn list(words: &[&str]) -> String {
    format!("[\"{}\"]", words.join("\", \""))
}

fn line(out: &mut String, depth: usize, text: &str) {
    let indent = "  ".repeat(depth);
    writeln!(out, "{indent}{text}").expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_json() {
        let document: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
        assert_eq!(document["properties"]["level"]["enum"][0], "ERROR");
        assert_eq!(document["allOf"][0]["if"]["properties"]["target"]["enum"][0], ACCESS_TARGET);
    }

    #[test]
    fn the_file_is_this_document() {
        let file = include_str!("../../../../docs/log-line.schema.json");
        assert!(
            file == json_schema(),
            "write it anew: cargo run -p cupola-line --example schema > docs/log-line.schema.json"
        );
    }
}
