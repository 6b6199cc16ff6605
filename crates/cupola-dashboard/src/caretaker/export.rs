//! Entries that somebody takes away, as lines that come while they are read.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cupola_line::{LineBuffer, Scratch};
use cupola_store::{Entry, Partial, Selection, Signal, Upkeep};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::{Caretaker, Failure, Outcome, Refused};

/// The media type of lines of JSON.
pub(crate) const LINES: &str = "application/jsonl; charset=utf-8";
/// So many bytes go at once.
const PIECE: usize = 256 << 10;
/// So many pieces wait for who takes them.
const WAITING: usize = 4;
/// Whoever takes nothing for so long has gone.
const STALLED: Duration = Duration::from_secs(30);
/// Says at the end that not all could be read, and why.
const PARTIAL: HeaderName = HeaderName::from_static("x-cupola-partial");

/// The lines. They end with an error where not all of them came.
#[derive(Debug)]
pub(crate) struct Exported {
    pieces: Receiver<Piece>,
    is_whole: bool,
}

impl Exported {
    /// Entries of this signal, as a file.
    pub(crate) fn answer(self, signal: Signal) -> Response {
        let mut answer = Response::new(Body::new(self));
        let head = answer.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static(LINES));
        head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let name = format!("attachment; filename=\"{signal}-{}.jsonl\"", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        head.extend(HeaderValue::try_from(name).map(|name| (CONTENT_DISPOSITION, name)));
        answer
    }
}

#[derive(Debug)]
enum Piece {
    Lines(Bytes),
    /// That is all; perhaps some of the store could not be read.
    End {
        is_damaged: bool,
    },
    Failed(String),
}

impl Caretaker {
    /// Begins to take entries out for somebody. To be asked where a runtime is.
    pub(crate) fn export(&self, selection: Selection, by: &str) -> Result<Exported, Refused> {
        let (pieces, taken) = channel(WAITING);
        let (last, runtime) = (pieces.clone(), Handle::current());
        let query = selection.expression.as_ref().map(ToString::to_string);
        let about = json!({ "signal": selection.signal.to_string(), "query": query });
        let outlet = Outlet { pieces, runtime: runtime.clone() };
        let work = move |upkeep: &dyn Upkeep| outlet.export(upkeep, &selection);
        self.have_done("export", &about, by, work, move |outcome| {
            let end = match outcome {
                Ok(done) => Piece::End { is_damaged: !done["partial"].is_null() },
                Err(failure) => Piece::Failed(failure.why),
            };
            let _ = runtime.block_on(async { timeout(STALLED, last.send(end)).await });
        })?;
        Ok(Exported { pieces: taken, is_whole: false })
    }
}

struct Outlet {
    pieces: Sender<Piece>,
    runtime: Handle,
}

impl Outlet {
    fn export(&self, upkeep: &dyn Upkeep, selection: &Selection) -> Outcome {
        let (mut lines, mut scratch, mut bytes, mut is_gone) = (LineBuffer::new(), Scratch::new(), 0, false);
        let mut visit = |entry: &Entry| {
            // What had to be cut says so itself.
            let _ = entry.line(&mut lines, &mut scratch);
            if lines.len() < PIECE {
                return ControlFlow::Continue(());
            }
            bytes += lines.len();
            is_gone = !self.send(&lines);
            lines.clear();
            if is_gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let walked = upkeep.export(selection, &mut visit)?;
        bytes += lines.len();
        if is_gone || !(lines.is_empty() || self.send(&lines)) {
            return Err(Failure::of("whoever asked took no more of it"));
        }
        match walked.partial {
            None => Ok(json!({ "entries": walked.entries, "bytes": bytes, "partial": Value::Null })),
            Some(Partial::Damaged) => Ok(json!({ "entries": walked.entries, "bytes": bytes, "partial": "damaged" })),
            Some(_) => Err(Failure::of("it was stopped before all was read")),
        }
    }

    /// Whether somebody takes it.
    fn send(&self, lines: &[u8]) -> bool {
        let piece = Piece::Lines(Bytes::copy_from_slice(lines));
        matches!(self.runtime.block_on(async { timeout(STALLED, self.pieces.send(piece)).await }), Ok(Ok(())))
    }
}

impl http_body::Body for Exported {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Lines(lines)) => Some(Ok(Frame::data(lines))),
            Some(Piece::End { is_damaged }) => {
                self.is_whole = true;
                let trailers = HeaderMap::from_iter([(PARTIAL, HeaderValue::from_static("damaged"))]);
                is_damaged.then(|| Ok(Frame::trailers(trailers)))
            }
            Some(Piece::Failed(why)) => Some(Err(why)),
            None => (!self.is_whole).then(|| Err("it was stopped".to_owned())),
        })
    }
}
