//! No value of a statement is in its shape, whatever stands in it.

use super::*;
use SqlDialect::{MySql, Other, Postgres, Sqlite};

#[track_caller]
fn check(dialect: SqlDialect, sql: &str, expected: &str) {
    assert_eq!(SqlShape::of(dialect, sql).as_str(), expected, "{sql}");
}

#[test]
fn values_become_question_marks() {
    check(Sqlite, "SELECT 1", "SELECT ?");
    check(Sqlite, " SELECT *\n\tFROM  vms WHERE a=-1.5e-3 AND b = 0xFF", "SELECT * FROM vms WHERE a=-? AND b = ?");
    check(Sqlite, "SELECT a FROM t WHERE b = 'it''s' AND c IS NULL", "SELECT a FROM t WHERE b = ? AND c IS NULL");
    check(Sqlite, "SELECT a FROM t WHERE b IN (1,2 , ?3, $4)", "SELECT a FROM t WHERE b IN (?)");
    check(Sqlite, "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'),(3,'z')", "INSERT INTO t (a, b) VALUES (?)");
    check(Sqlite, "SELECT a -- hunter2\n, /* hunter2 */ b FROM t", "SELECT a, b FROM t");
    check(Sqlite, "SELECT x'0aff', true, t1.c2 FROM t1", "SELECT ?, t1.c2 FROM t1");
    check(Sqlite, "SELECT \"a b\", `c`, [d e] FROM \"t\"", "SELECT \"a b\", `c`, [d e] FROM \"t\"");
    check(Sqlite, "SELECT a FROM t WHERE b = \"hunter2\"", "SELECT a FROM t WHERE b = ?");
    check(Sqlite, "SELECT a FROM t WHERE b LIKE '%\\' ESCAPE '\\'", "SELECT a FROM t WHERE b LIKE ? ESCAPE ?");
    check(Sqlite, "PRAGMA key = hunter2", "PRAGMA key ?");
    check(Sqlite, "BEGIN; PRAGMA key(hunter2)", "BEGIN; PRAGMA key ?");
    check(Postgres, "SELECT $1::text, E'a\\'b', $$it's$$, $x$a$$b$x$ FROM t", "SELECT ?::text, ? FROM t");
    check(Postgres, "SELECT a->'b', c #> '{d}', e[1] FROM t", "SELECT a->?, c #> ?, e[?] FROM t");
    check(Postgres, "SELECT /* a /* b */ c */ d FROM t", "SELECT d FROM t");
    check(Postgres, "SET app.user TO hunter2", "SET app.user ?");
    check(
        MySql,
        "SELECT `a` FROM t WHERE b = \"x\" AND c = _utf8mb4'y' # z",
        "SELECT `a` FROM t WHERE b = ? AND c = ?",
    );
    check(MySql, "SELECT 'a\\\\', b FROM t", "SELECT ?, b FROM t");
}

#[test]
fn what_may_end_in_two_places_ends_the_shape() {
    check(Sqlite, "SELECT a FROM t WHERE b = 'hunter2", "SELECT a FROM t WHERE b = ?");
    check(Sqlite, "SELECT /* a /* b */ 'c */ d' FROM t", "SELECT ?");
    check(Postgres, "SELECT $x$ hunter2 $y$", "SELECT ?");
    check(Postgres, "SELECT E'a'\n'b\\'hunter2'", "SELECT ? ?");
    check(MySql, "SELECT 'a\\', hunter2, 'b'", "SELECT ?");
    check(MySql, "SELECT 5--'a\n hunter2'", "SELECT ? ?");
    check(MySql, "SELECT /*!50000 'a */ hunter2' */ b", "SELECT ?");
    check(Other, "SELECT a[1], \"b\" FROM t", "SELECT a ?");
    check(Other, "SELECT ` 'a ` hunter2'", "SELECT ?");
}

#[test]
fn verbs_and_tables_are_known() {
    let check = |sql: &str, operation: Option<&str>, target: Option<&str>| {
        let shape = SqlShape::of(Sqlite, sql);
        assert_eq!((shape.operation(), shape.target()), (operation, target), "{sql}");
    };
    check("select a from main.\"vms\" v join b", Some("SELECT"), Some("main.vms"));
    check("SELECT extract(year FROM a) FROM b", Some("SELECT"), Some("b"));
    check("SELECT a FROM (SELECT b FROM c)", Some("SELECT"), None);
    check("INSERT OR IGNORE INTO users (id) VALUES (?)", Some("INSERT"), Some("users"));
    check("UPDATE OR FAIL vms SET a = 1", Some("UPDATE"), Some("vms"));
    check("DELETE FROM vms", Some("DELETE"), Some("vms"));
    check("WITH x AS (SELECT 1 FROM y) DELETE FROM z", Some("DELETE"), Some("z"));
    check("SELECT 1; DROP TABLE vms", Some("SELECT"), None);
    check("BEGIN IMMEDIATE", Some("BEGIN"), None);
    check("hunter2 is no verb", None, None);
    check("", None, None);
}

#[test]
fn a_shape_has_an_end() {
    let long = SqlShape::of(Sqlite, &format!("SELECT {} FROM t", "é, ".repeat(5000)));
    assert!(long.as_str().len() <= SqlShape::MAX_BYTES && long.as_str().ends_with('…'), "{long:?}");
    let rows = SqlShape::of(Sqlite, &format!("INSERT INTO t VALUES {} (1, 'x')", "(1, 'x'), ".repeat(2000)));
    assert_eq!(rows.as_str(), "INSERT INTO t VALUES (?)");
}

#[test]
fn a_remembered_shape_is_that_of_its_statement() {
    let mut text = String::from("SELECT a FROM b");
    let first = SqlShape::remembered(Sqlite, &text);
    assert!(Arc::ptr_eq(&first, &SqlShape::remembered(Sqlite, &text)));
    // The same place with other words in it.
    text.replace_range(.., "SELECT c FROM d");
    assert_eq!(SqlShape::remembered(Sqlite, &text).target(), Some("d"));
    assert_eq!(SqlShape::remembered(MySql, "SELECT \"x\"").as_str(), "SELECT ?");
}

/// What is random here, is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    /// A value that has the secret somewhere between what quotes and comments are made of.
    fn secret(&mut self) -> String {
        const PIECES: [&str; 22] = [
            "'", "\"", "\\", "`", "[", "]", "$", "$$", "--", "-- ", "/*", "*/", "#", "\n", "\r", " ", "(", ")", "E",
            ",", "?", "=",
        ];
        let mut text = String::new();
        for _ in 0..1 + self.roll(4) {
            (0..self.roll(4)).for_each(|_| text.push_str(PIECES[self.roll(PIECES.len())]));
            text.push_str("hunter2");
        }
        (0..self.roll(4)).for_each(|_| text.push_str(PIECES[self.roll(PIECES.len())]));
        text
    }

    /// The value as a correct literal of the dialect.
    fn literal(&mut self, dialect: SqlDialect) -> String {
        let text = self.secret();
        let doubled = text.replace('\'', "''");
        match (dialect, self.roll(4)) {
            (Postgres, 0) => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            (Postgres, 1) if !text.contains("$x") => format!("$x1${text}$x1$"),
            (Postgres | Sqlite, _) => format!("'{doubled}'"),
            (_, 0) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            (_, 1) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\"")),
            _ => format!("'{}'", doubled.replace('\\', "\\\\")),
        }
    }

    fn comment(&mut self, dialect: SqlDialect) -> String {
        let text = self.secret().replace("*/", "").replace("/*", "");
        match self.roll(3) {
            0 => format!("/* {} */", text.replace(['/', '*'], "")),
            1 => format!("-- {}\n", text.replace(['\n', '\r'], "")),
            _ if dialect == Postgres => format!("/* a /* {} */ b */", text.replace(['/', '*'], "")),
            _ => String::new(),
        }
    }

    fn statement(&mut self, dialect: SqlDialect) -> String {
        const WORDS: [&str; 16] = [
            "SELECT", "a", "FROM t", "WHERE", "b =", "IN (", ")", ",", "VALUES (", "AND", "LIKE", "\"q\".c", "E", "-",
            "::text", "||",
        ];
        let mut sql = String::from("SELECT ");
        for _ in 0..2 + self.roll(8) {
            let piece = match self.roll(4) {
                0 => self.literal(dialect),
                1 => self.comment(dialect),
                _ => WORDS[self.roll(WORDS.len())].to_owned(),
            };
            sql.push_str(&piece);
            sql.push(' ');
        }
        sql
    }
}

#[test]
fn no_value_of_a_generated_statement_is_in_its_shape() {
    let mut dice = Dice(42);
    let mut whole = 0;
    for dialect in [Sqlite, Postgres, MySql, Other] {
        for _ in 0..20_000 {
            let sql = dice.statement(dialect);
            let shape = SqlShape::of(dialect, &sql);
            assert!(!shape.as_str().contains("hunter"), "{dialect:?} {sql:?} is {shape:?}");
            assert!(!shape.target().unwrap_or_default().contains("hunter"), "{dialect:?} {sql:?} is {shape:?}");
            whole += usize::from(shape.as_str().contains("FROM t"));
        }
    }
    // Nor is everything hidden.
    assert!(whole > 8_000, "{whole}");
}

#[test]
fn any_bytes_have_a_shape() {
    let mut dice = Dice(7);
    for _ in 0..20_000 {
        let sql = (0..dice.roll(5)).map(|_| dice.secret()).collect::<String>();
        for dialect in [Sqlite, Postgres, MySql, Other] {
            assert!(SqlShape::of(dialect, &sql).as_str().len() <= SqlShape::MAX_BYTES);
        }
    }
}
