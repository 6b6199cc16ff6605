//! The same work as `lines` of the benches, by tracing-subscriber's JSON and tracing-appender's non-blocking writer.

use std::fs;

use tracing::Dispatch;
use tracing_appender::non_blocking::NonBlockingBuilder;

#[path = "../../../src/pipeline.rs"]
mod pipeline;

use pipeline::{Effort, Folder};

fn main() {
    let effort = Effort::from_args();
    let json = tracing_subscriber::fmt().json().with_writer(std::io::sink).finish();
    pipeline::costs("tracing-subscriber JSON", effort, &Dispatch::new(json));
    pipeline::sink("tracing-subscriber JSON, tracing-appender non_blocking", effort, || {
        let folder = Folder::new("peer");
        let path = folder.path().join("all.log");
        let appender = tracing_appender::rolling::never(folder.path(), "all.log");
        // Where it is not lossy it blocks the thread, and loses no line for want of room: as ours is waited for.
        let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(appender);
        let dropped = writer.error_counter();
        let dispatch = Dispatch::new(tracing_subscriber::fmt().json().with_writer(writer).finish());
        let end = move || {
            drop(guard);
            let lines = fs::read(path).expect("the file is there");
            drop(folder);
            (lines.iter().filter(|byte| **byte == b'\n').count() as u64, dropped.dropped_lines() as u64)
        };
        (dispatch, || (), end)
    });
}
