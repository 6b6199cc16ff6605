//! What belongs to an execution: snapshots, steps, files, settings, attempts.

use std::time::Duration;

use cupola_redact::{KeyPolicy, Masked, Media};

use crate::body::CaptureState;
use crate::body_watch::BodyWatch;
use crate::vocabulary::{ConfigChange, FileKind, FileOperation, Status, Validation};

/// What went in, or came out: masked, up to a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct Snapshot {
    /// The masked text.
    pub text: Masked,
    /// How much there was before it was masked and cut.
    pub bytes: u64,
    /// It was cut.
    pub truncated: bool,
}

impl Snapshot {
    /// A snapshot of what is written in this form.
    ///
    /// ```
    /// use cupola_record::Snapshot;
    /// use cupola_redact::{KeyPolicy, Media};
    ///
    /// let input = Snapshot::new(&KeyPolicy::default(), Media::Json, br#"{"topic":"tea","api_key":"k-1"}"#, 1024);
    /// assert_eq!((input.text.as_str(), input.bytes), (r#"{"topic":"tea","api_key":"[REDACTED]"}"#, 31));
    /// ```
    pub fn new(policy: &KeyPolicy, media: Media, content: &[u8], cap: usize) -> Self {
        let mut watch = BodyWatch::of(policy, media, cap);
        watch.feed(&content);
        watch.end();
        let captured = watch.finish();
        let truncated = captured.state == CaptureState::Truncated;
        // As a text too, which is how a line's writer masks it: what is known here is what the line says.
        Self { text: policy.text(captured.text.as_str()), bytes: content.len() as u64, truncated }
    }
}

/// A part of the work.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct Step {
    /// What is done.
    pub name: Box<str>,
    /// Where it is.
    pub status: Status,
    /// How much of the whole execution is done with it, from 0 to 1.
    pub progress: Option<f64>,
    /// How long it took, to the microsecond.
    pub duration: Option<Duration>,
}

/// A file that was read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct FileUse {
    /// What was done.
    pub kind: FileKind,
    /// With which file.
    pub path: Masked,
    /// Its size.
    pub bytes: Option<u64>,
    /// Whether it could be done.
    pub status: Status,
    /// Whether the content is what it should be.
    pub validation: Option<Validation>,
}

impl FileUse {
    pub(super) fn of(operation: &FileOperation<'_>, policy: &KeyPolicy) -> Self {
        Self {
            kind: operation.kind,
            path: policy.text(&operation.path.to_string_lossy()),
            bytes: operation.bytes,
            status: operation.status(),
            validation: operation.validation,
        }
    }
}

/// Settings that were other than usual.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct Override {
    /// What is configured.
    pub of: Masked,
    /// `name: old → new`, one a line.
    pub changes: Masked,
}

impl Override {
    pub(super) fn of(change: &ConfigChange<'_>, policy: &KeyPolicy) -> Self {
        Self { of: policy.text(change.scope_name()), changes: policy.text(change.changes()) }
    }
}

/// An attempt that has failed, after which there was another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct Retried {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The error's type, from a closed set.
    pub error_type: Box<str>,
    /// What there is to say of it.
    pub reason: Option<Masked>,
}
