//! Shapes that a thread remembers: programs ask the same few statements again and again.

use std::cell::RefCell;
use std::sync::Arc;

use super::{SqlDialect, SqlShape};

/// How many a thread remembers at most.
const SLOTS: usize = 128;

/// Statements longer than this are not remembered: most likely they hold their values.
const MAX_STATEMENT: usize = 4096;

struct Known {
    dialect: SqlDialect,
    sql: Box<str>,
    shape: Arc<SqlShape>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Option<Known>>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn remembered(dialect: SqlDialect, sql: &str) -> Arc<SqlShape> {
    if sql.len() > MAX_STATEMENT {
        return Arc::new(SqlShape::of(dialect, sql));
    }
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize_with(SLOTS, || None);
        }
        let slot = &mut known[slot(sql)];
        if let Some(known) = slot.as_ref().filter(|known| known.dialect == dialect && *known.sql == *sql) {
            return Arc::clone(&known.shape);
        }
        let shape = Arc::new(SqlShape::of(dialect, sql));
        *slot = Some(Known { dialect, sql: sql.into(), shape: Arc::clone(&shape) });
        shape
    })
}

/// By its address: where a text of the program stands is where it stood before. Whether it is the same is compared.
fn slot(sql: &str) -> usize {
    let address = sql.as_ptr().addr();
    (address ^ (address >> 7) ^ sql.len()) % SLOTS
}
