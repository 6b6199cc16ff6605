//! The verb of a statement, and the table that it is about.

/// Verbs that are shown by name; a closed set, so that they can be labels.
const VERBS: [&str; 44] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "WITH",
    "VALUES",
    "TABLE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SET",
    "RESET",
    "SHOW",
    "PRAGMA",
    "EXPLAIN",
    "ANALYZE",
    "VACUUM",
    "REINDEX",
    "REFRESH",
    "COPY",
    "CALL",
    "DO",
    "EXECUTE",
    "PREPARE",
    "DEALLOCATE",
    "LOCK",
    "LISTEN",
    "NOTIFY",
    "UNLISTEN",
    "GRANT",
    "REVOKE",
    "ATTACH",
    "DETACH",
    "DECLARE",
];

/// Follows the words of a statement until both are known.
#[derive(Debug, Default)]
pub(super) struct Subject {
    verb: Option<&'static str>,
    target: Option<String>,
    state: State,
    /// That of the statement that is being read, where there are several.
    latest: Option<&'static str>,
    begins: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Nothing was said yet.
    #[default]
    Verb,
    /// Behind the verb, before the word that a table follows.
    Lead,
    /// The next name is the table.
    Name,
    /// A part of the name was said: a dot may follow.
    Dot,
    Done,
}

impl Subject {
    /// A word or a quoted name, with how many brackets are open.
    pub(super) fn word(&mut self, word: &str, depth: usize) {
        if self.latest.is_none() || self.begins {
            (self.latest, self.begins) = (known(word), false);
        }
        if depth > 0 {
            return;
        }
        match self.state {
            State::Verb => self.begin(word),
            State::Lead if self.verb == Some("WITH") => self.main_verb(word),
            State::Lead if self.leads(word) => self.state = State::Name,
            State::Lead => {}
            State::Name if self.passes(word) => {}
            State::Name => {
                self.target.get_or_insert_default().push_str(bare(word));
                self.state = State::Dot;
            }
            State::Dot | State::Done => self.state = State::Done,
        }
    }

    /// Anything that is no word.
    pub(super) fn sign(&mut self, sign: u8) {
        self.begins |= sign == b';';
        match (self.state, sign) {
            (State::Dot, b'.') => {
                self.target.get_or_insert_default().push('.');
                self.state = State::Name;
            }
            (State::Name | State::Dot, _) => self.state = State::Done,
            // Of several statements the first one counts.
            (_, b';') if self.verb.is_some() => self.state = State::Done,
            _ => {}
        }
    }

    pub(super) fn verb(&self) -> Option<&'static str> {
        self.verb
    }

    /// The verb of the statement that is being read.
    pub(super) fn latest_verb(&self) -> Option<&'static str> {
        self.latest
    }

    /// The table; a name that ends with its dot is none.
    pub(super) fn into_target(self) -> Option<Box<str>> {
        self.target.filter(|target| !target.ends_with('.') && target.len() <= 128).map(Into::into)
    }

    fn begin(&mut self, word: &str) {
        self.verb = known(word);
        self.state = match self.verb {
            Some("UPDATE") => State::Name,
            Some("SELECT" | "DELETE" | "INSERT" | "REPLACE" | "MERGE" | "WITH") => State::Lead,
            _ => State::Done,
        };
    }

    fn main_verb(&mut self, word: &str) {
        if ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"]
            .iter()
            .any(|verb| word.eq_ignore_ascii_case(verb))
        {
            self.begin(word);
        }
    }

    fn leads(&self, word: &str) -> bool {
        let lead = if matches!(self.verb, Some("SELECT" | "DELETE")) { "FROM" } else { "INTO" };
        word.eq_ignore_ascii_case(lead)
    }

    /// Words that may stand before the table: `FROM ONLY t`, `UPDATE OR IGNORE t`.
    fn passes(&self, word: &str) -> bool {
        let words = ["ONLY", "OR", "IGNORE", "REPLACE", "ROLLBACK", "ABORT", "FAIL", "LOW_PRIORITY"];
        self.target.is_none() && words.iter().any(|passed| word.eq_ignore_ascii_case(passed))
    }
}

fn known(word: &str) -> Option<&'static str> {
    VERBS.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb))
}

/// A name without its quotes.
fn bare(word: &str) -> &str {
    word.trim_matches(['"', '`', '[', ']'])
}
