//! Reads the fields of a JSON object, and collects all that is wrong with them into one answer.

use serde_json::{Map, Value};

use crate::problem::{FieldProblem, Problem};

/// The fields of a body: each is taken out by the handler, and what is left in the end is unknown.
#[derive(Debug)]
pub(super) struct Fields {
    object: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<FieldProblem>,
}

impl Fields {
    pub(super) const fn new(object: Map<String, Value>) -> Self {
        Self { object, known: Vec::new(), problems: Vec::new() }
    }

    /// Takes a text out and reads it; none where it is missing or not accepted, which is then noted.
    pub(super) fn text<T>(
        &mut self,
        field: &'static str,
        accepted: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(field);
        let result = match self.object.remove(field)? {
            Value::String(text) => read(&text),
            other => Err(format!("is {}", kind(&other))),
        };
        result.map_err(|problem| self.note(field, problem, accepted)).ok()
    }

    /// The same for a field that must be there.
    pub(super) fn required<T>(
        &mut self,
        field: &'static str,
        accepted: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.object.contains_key(field) {
            self.known.push(field);
            self.note(field, "is missing", accepted);
            return None;
        }
        self.text(field, accepted, read)
    }

    /// One of a closed set of names.
    pub(super) fn one_of<T>(
        &mut self,
        field: &'static str,
        names: &[&str],
        named: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.required(field, &listed(names), |text| named(text).ok_or_else(|| unknown(text)))
    }

    /// What was read, unless anything was wrong.
    pub(super) fn finish<T>(mut self, read: Option<T>) -> Result<T, Problem> {
        let accepted = listed(&self.known);
        let left: Vec<String> = self.object.keys().cloned().collect();
        left.iter().for_each(|field| self.note(&clipped(field), "is not a field of this body", &accepted));
        match read {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.problems)),
        }
    }

    fn note(&mut self, field: &str, problem: impl Into<String>, accepted: &str) {
        let (field, problem, accepted) = (field.to_owned(), problem.into(), accepted.to_owned());
        self.problems.push(FieldProblem { field, problem, accepted });
    }
}

/// Says that a name is not known. A caller's own text is shown back only in part.
pub(super) fn unknown(text: &str) -> String {
    format!("{:?} is not known", clipped(text))
}

fn listed(names: &[&str]) -> String {
    format!("one of: {}", names.join(", "))
}

fn clipped(text: &str) -> String {
    text.chars().take(32).collect()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(body: Value) -> Vec<String> {
        let Value::Object(object) = body else { panic!("an object") };
        let mut fields = Fields::new(object);
        let name = fields.required("name", "a text", |text| Ok(text.to_owned()));
        let size = fields.one_of("size", &["small", "large"], |text| (text == "small").then_some(()));
        match fields.finish(name.zip(size)) {
            Ok(_) => Vec::new(),
            Err(problem) => {
                let json = serde_json::to_value(&problem).unwrap();
                let list = json["fields"].as_array().unwrap().clone();
                list.iter().map(|one| format!("{} {}", one["field"], one["problem"]).replace('"', "")).collect()
            }
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let check = |body: Value, expected: &[&str]| assert_eq!(problems(body), expected);
        check(serde_json::json!({"name": "a", "size": "small"}), &[]);
        check(serde_json::json!({"name": 7}), &["name is a number", "size is missing"]);
        check(
            serde_json::json!({"name": "a", "size": "tiny", "colour": "red"}),
            &["size \\tiny\\ is not known", "colour is not a field of this body"],
        );
    }
}
