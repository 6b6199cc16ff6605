//! The nouns of observability, and where they go: an HTTP exchange, how it ended, and the sinks that are told.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Instant, SystemTime};
//! use cupola_context::{Context, Fresh, RequestIdFormat};
//! use cupola_record::{AccessLog, Capture, Exchange, OpenExchange, Outcome, Sink};
//!
//! let capture = Capture::new();
//! let sink: Arc<dyn Sink> = Arc::new(AccessLog::new().and(capture.clone()));
//! let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
//! let exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, http::Method::GET);
//! # #[allow(clippy::disallowed_methods)]
//! let mut open = OpenExchange::new(exchange, sink, Instant::now);
//! open.head(http::StatusCode::OK);
//! open.end(Outcome::Complete);
//! assert_eq!(capture.exchanges()[0].1.status, Some(http::StatusCode::OK));
//! ```
//!
//! # Where this sits
//! Floor 1: on cupola-context and cupola-redact, `http` and `tracing`. It must not know a runtime, a subscriber, a
//! `Service` or a clock (it is handed one), and no text reaches it that cupola-redact has not made.
//!
//! The names of all fields stand in [`names`].
//!
//! # Features
//! - `serde`: [`Execution`] can be serialised.

mod access_fields;
mod access_log;
mod attempt;
mod attempts;
mod body;
mod body_rules;
mod body_watch;
mod call;
mod call_ended;
mod call_fields;
mod call_log;
mod call_trace;
mod capture;
mod catching;
mod category;
mod choices;
mod db_system;
mod duties;
mod ended;
mod error_kind;
mod exchange;
mod execution;
mod grpc;
mod header_list;
mod ip_text;
mod job;
mod line_fields;
mod llm;
mod logged;
mod masked_url;
mod method;
pub mod names;
mod open;
mod open_call;
mod open_query;
mod operation_ids;
mod outcome;
mod query;
mod query_ended;
mod query_error;
mod query_log;
mod sent_body;
mod sink;
mod target;
#[cfg(test)]
mod test_lines;
mod upgraded;
mod vars;
mod vocabulary;

pub use access_fields::{ACCESS_FIELDS, visit_access_fields};
pub use access_log::{AccessLog, TARGET};
pub use attempt::{Attempt, ConnectionUse, Reason};
pub use attempts::Attempts;
pub use body::{BodyCapture, CaptureState, SkipReason};
pub use body_rules::BodyRules;
pub use body_watch::BodyWatch;
pub use call::Call;
pub use call_ended::{CallEnded, CallOutcome, StopReason};
pub use call_fields::{CALL_FIELDS, visit_call_fields};
pub use call_log::{CALL_TARGET, CallLog};
pub use call_trace::CallTrace;
pub use capture::Capture;
pub use catching::{catch, is_caught};
pub use category::Category;
pub use choices::{Choices, choose, mute};
pub use db_system::DbSystem;
pub use duties::Duties;
pub use ended::{Bodies, Ended};
pub use error_kind::ErrorKind;
pub use exchange::{Exchange, RawTexts, Side, protocol_name};
pub use execution::{
    Check, EXECUTION_TARGET, End, Execution, ExecutionEvent, ExecutionLog, ExecutionPlan, ExecutionState, FileUse,
    IllegalTransition, Meter, OpenExecution, Override, ProcessUsage, ResourceUse, Retried, RetriesExhausted,
    SNAPSHOT_CAP, Snapshot, Step, TransitionError,
};
pub use grpc::GrpcStatus;
pub use header_list::{HeaderList, masked_headers};
pub use job::{
    Enqueue, EnqueueEnded, EnqueueOutcome, JOB_ACTION, JOB_TARGET, Job, JobEnded, JobLog, JobOrigin, JobOutcome,
    JobRetry, OpenEnqueue, OpenJob,
};
pub use line_fields::LineVisitor;
pub use llm::{
    Allowance, Cost, CostSource, GenAiNames, LLM_TARGET, LlmCall, LlmEnded, LlmErrorKind, LlmLog, LlmOperation,
    LlmOutcome, LlmParameters, OpenLlmCall, Pricing, Provider, RateLimits, RawLlmAnswer, RawLlmCall, Usage,
};
pub use logged::{Failure, Judge, Logged, logged_work};
pub use method::KnownMethods;
pub use open::{Clock, OpenExchange, PreparedExchange};
pub use open_call::OpenCall;
pub use open_query::{DB_MS, DB_QUERIES, OpenQuery};
pub use operation_ids::OperationIds;
pub use outcome::Outcome;
pub use query::Query;
pub use query_ended::{QueryEnded, QueryOutcome};
pub use query_error::{QueryError, QueryErrorKind};
pub use query_log::{QUERY_TARGET, QueryLog};
pub use sent_body::SentBody;
pub use sink::{And, Empty, Record, Sink};
pub use target::Target;
pub use upgraded::Upgraded;
pub use vars::{VarError, Vars};
pub use vocabulary::{
    ApiCall, ConfigChange, CustomEvent, Deprecation, ErrorReport, Fallback, FileKind, FileOperation, Operation,
    OperationKind, Performance, Retry, Rule, Speed, StateChange, Status, Thresholds, VOCABULARY, Validation, log_api,
    log_error, log_operation, log_performance,
};
