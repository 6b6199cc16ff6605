//! The names that every Cupola line uses: the envelope's own, and the standard context keys.
//!
//! | constant | key | what it holds |
//! |---|---|---|
//! | [`TIMESTAMP`] | `timestamp` | RFC 3339, UTC, microseconds: `2026-11-21T03:46:02.123456Z` |
//! | [`LEVEL`] | `level` | `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE` |
//! | [`TARGET`] | `target` | the module or subsystem that speaks |
//! | [`CATEGORY`] | `category` | `api`, `operations`, `performance`, `errors`, `instances`, `general`, or the application's own |
//! | [`MESSAGE`] | `message` | the sentence for people; always there, may be empty |
//! | [`SYSTEM`] | `system` | an object with cpu, memory, disk and host; optional, always last |
//! | [`DROPPED_FIELDS`] | `dropped_fields` | how many fields did not fit into the line; only where some did not |
//! | [`DROPPED_CONTEXT_FIELDS`] | `dropped_context_fields` | how many fields and totals the bounds of the request's context refused; only where they did |
//! | [`REQUEST_ID`] | `request_id` | the id of the HTTP request |
//! | [`TRACE_ID`] | `trace_id` | 32 hex digits, W3C trace context |
//! | [`SPAN_ID`] | `span_id` | 16 hex digits, W3C trace context |
//! | [`USER_ID`] | `user_id` | who asks |
//! | [`USER_NAME`] | `user_name` | who asks, for people |
//! | [`SESSION_ID`] | `session_id` | the user's session |
//! | [`ACTION`] | `action` | what the user does, in the application's words |
//! | [`CLIENT_IP`] | `client_ip` | the peer's address after trusted proxies |
//! | [`USER_AGENT`] | `user_agent` | the `User-Agent` header |
//! | [`VM_ID`] | `vm_id` | the virtual machine that this is about |
//! | [`INSTANCE_ID`] | `instance_id` | the instance that this is about |
//! | [`TEMPLATE_NAME`] | `template_name` | the template that this is made from |
//! | [`OPERATION_ID`] | `operation_id` | one long-running operation |
//! | [`EXECUTION_ID`] | `execution_id` | one execution of an operation |
//! | [`JOB_ID`] | `job_id` | one background job |
//!
//! ```
//! use cupola_line::{Key, keys};
//!
//! const REQUEST_ID: Key<'static> = Key::new(keys::REQUEST_ID);
//! assert!(keys::ENVELOPE.contains(&keys::LEVEL));
//! # let _ = REQUEST_ID;
//! ```

/// When it was said: `timestamp`.
pub const TIMESTAMP: &str = "timestamp";
/// How serious it is: `level`.
pub const LEVEL: &str = "level";
/// Which module or subsystem speaks: `target`.
pub const TARGET: &str = "target";
/// Which kind of entry it is: `category`.
pub const CATEGORY: &str = "category";
/// The sentence for people: `message`.
pub const MESSAGE: &str = "message";
/// The state of the host, an object at the line's end: `system`.
pub const SYSTEM: &str = "system";
/// How many fields did not fit into the line: `dropped_fields`.
pub const DROPPED_FIELDS: &str = "dropped_fields";

/// How many fields and totals the bounds of the request's context refused: `dropped_context_fields`.
pub const DROPPED_CONTEXT_FIELDS: &str = "dropped_context_fields";

/// The first keys of every line, in their order.
pub const ENVELOPE: [&str; 5] = [TIMESTAMP, LEVEL, TARGET, CATEGORY, MESSAGE];

/// The id of the HTTP request: `request_id`.
pub const REQUEST_ID: &str = "request_id";
/// The W3C trace id, 32 hex digits: `trace_id`.
pub const TRACE_ID: &str = "trace_id";
/// The W3C span id, 16 hex digits: `span_id`.
pub const SPAN_ID: &str = "span_id";
/// Who asks: `user_id`.
pub const USER_ID: &str = "user_id";
/// Who asks, for people: `user_name`.
pub const USER_NAME: &str = "user_name";
/// The user's session: `session_id`.
pub const SESSION_ID: &str = "session_id";
/// What the user does, in the application's words: `action`.
pub const ACTION: &str = "action";
/// The peer's address after trusted proxies: `client_ip`.
pub const CLIENT_IP: &str = "client_ip";
/// The `User-Agent` header: `user_agent`.
pub const USER_AGENT: &str = "user_agent";
/// The virtual machine that this is about: `vm_id`.
pub const VM_ID: &str = "vm_id";
/// The instance that this is about: `instance_id`.
pub const INSTANCE_ID: &str = "instance_id";
/// The template that this is made from: `template_name`.
pub const TEMPLATE_NAME: &str = "template_name";
/// One long-running operation: `operation_id`.
pub const OPERATION_ID: &str = "operation_id";
/// One execution of an operation: `execution_id`.
pub const EXECUTION_ID: &str = "execution_id";
/// One background job: `job_id`.
pub const JOB_ID: &str = "job_id";

/// The standard context keys, in the order in which people like to read them.
pub const CONTEXT: [&str; 15] = [
    REQUEST_ID,
    TRACE_ID,
    SPAN_ID,
    USER_ID,
    USER_NAME,
    SESSION_ID,
    ACTION,
    CLIENT_IP,
    USER_AGENT,
    VM_ID,
    INSTANCE_ID,
    TEMPLATE_NAME,
    OPERATION_ID,
    EXECUTION_ID,
    JOB_ID,
];
