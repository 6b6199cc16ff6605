//! The report: taken out of what a model says, checked, and written.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const MAX_TITLE: usize = 200;
const MAX_SUMMARY: usize = 4_000;
const MAX_POINTS: usize = 20;

/// What a crew is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    /// A line.
    pub(super) title: String,
    /// A paragraph.
    pub(super) summary: String,
    /// Sentences.
    pub(super) points: Vec<String>,
}

/// What is wrong with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// There is no JSON object in the answer.
    NoObject,
    /// The object has not the members that a report has.
    NoReport,
    /// This member is empty or too long.
    Member(&'static str),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("there is no JSON object in the answer"),
            Self::NoReport => f.write_str("the object has not a title, a summary and points, a list of texts"),
            Self::Member(name) => write!(f, "the {name} is empty or too long"),
        }
    }
}

impl std::error::Error for Flaw {}

impl Report {
    /// Takes the report out of an answer, whatever stands around it, and checks it.
    pub(super) fn read(answer: &str) -> Result<Self, Flaw> {
        let (start, end) =
            answer.find('{').zip(answer.rfind('}')).filter(|(start, end)| start < end).ok_or(Flaw::NoObject)?;
        let object: serde_json::Value = serde_json::from_str(&answer[start..=end]).map_err(|_| Flaw::NoObject)?;
        let report: Self = serde_json::from_value(object).map_err(|_| Flaw::NoReport)?;
        report.cleaned().checked()
    }

    /// What there is without a model that writes it: the findings themselves.
    pub(super) fn of_findings(topic: &str, findings: &[String]) -> Self {
        let points = findings.iter().map(|finding| cut(finding, MAX_SUMMARY)).filter(|point| !point.is_empty());
        let title = cut(topic, MAX_TITLE);
        Self {
            title,
            summary: "What the agents have found, as they have said it.".to_owned(),
            points: points.take(MAX_POINTS).collect(),
        }
    }

    fn cleaned(mut self) -> Self {
        for text in [&mut self.title, &mut self.summary].into_iter().chain(&mut self.points) {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        self.points.retain(|point| !point.is_empty());
        self
    }

    fn checked(self) -> Result<Self, Flaw> {
        let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
        match () {
            () if !fits(&self.title, MAX_TITLE) => Err(Flaw::Member("title")),
            () if !fits(&self.summary, MAX_SUMMARY) => Err(Flaw::Member("summary")),
            () if self.points.is_empty() || self.points.len() > MAX_POINTS => Err(Flaw::Member("list of points")),
            () => Ok(self),
        }
    }

    /// Writes it into the folder, whole or not at all; gives the file and its size.
    pub(super) async fn write(&self, folder: &Path, id: &str) -> std::io::Result<(PathBuf, u64)> {
        let text = serde_json::to_vec_pretty(self)?;
        let (path, unfinished) = (folder.join(format!("{id}.json")), folder.join(format!("{id}.json.new")));
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&unfinished, &text).await?;
        tokio::fs::rename(&unfinished, &path).await?;
        Ok((path, text.len() as u64))
    }
}

fn cut(text: &str, most: usize) -> String {
    text.trim().chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_taken_out_of_what_stands_around_it() {
        let check = |answer: &str, expected: Result<&str, Flaw>| {
            assert_eq!(Report::read(answer).map(|report| report.title), expected.map(str::to_owned), "{answer}");
        };
        let report = r#"{"title":" Tea\n ","summary":"It is hot.","points":["a"," "],"more":1}"#;
        check(report, Ok("Tea"));
        check(&format!("Here you are:\n```json\n{report}\n```\nAnything else?"), Ok("Tea"));
        check("I would rather not.", Err(Flaw::NoObject));
        check("} {", Err(Flaw::NoObject));
        check(r#"{"title":"Tea","#, Err(Flaw::NoObject));
        check(r#"{"title":"Tea","summary":"s","points":"a"}"#, Err(Flaw::NoReport));
        check(r#"{"title":"","summary":"s","points":["a"]}"#, Err(Flaw::Member("title")));
        check(r#"{"title":"Tea","summary":"s","points":[" "]}"#, Err(Flaw::Member("list of points")));
    }
}
