//! The names of an access line's fields, and what OpenTelemetry calls the same.
//!
//! Every field below is of the event with target [`crate::TARGET`] (`cupola::http`) that ends an exchange, unless the
//! last column says otherwise. A field without a value is absent, never empty. Times are milliseconds with three
//! decimals, sizes bytes.
//!
//! | field | type | OpenTelemetry | what it says |
//! |---|---|---|---|
//! | `request_id` | text | – | the request's id, echoed as `x-request-id` |
//! | `trace_id` | 32 digits | trace id | the trace |
//! | `span_id` | 16 digits | span id | the server span |
//! | `parent_span_id` | 16 digits | parent span id | a trusted caller's span |
//! | `linked_trace_id` | 32 digits | link | the trace of a caller that is not trusted |
//! | `client_request_id` | text | – | an `x-request-id` that was not believed, masked, at most 256 bytes |
//! | `method` | text | `http.request.method` | from the known list, else `_OTHER` |
//! | `method_original` | text | `http.request.method_original` | as sent, where `method` is `_OTHER` |
//! | `route` | text | `http.route` | the route template; absent where none matched |
//! | `path` | text | `url.path` | the masked path |
//! | `query` | text | `url.query` | the query, denied values masked |
//! | `query_names` | text | – | start line only: the names without values |
//! | `scheme` | text | `url.scheme` | `http`; `https` where the layer was told so, or a trusted proxy says so |
//! | `protocol` | text | `network.protocol.version` | `1.0`, `1.1`, `2`, `3` |
//! | `host` | text | `server.address` and `server.port` | the authority asked for, of a trusted proxy where it tells one |
//! | `client_ip` | text | `client.address` | the peer, or whom the trusted proxies in front name |
//! | `user_agent` | text | `user_agent.original` | at most 256 bytes |
//! | `status` | number | `http.response.status_code` | absent where no head was sent |
//! | `outcome` | text | – | `complete service_error body_error closed_before_head closed_mid_body timed_out panicked upgraded` |
//! | `error_type` | text | `error.type` | an outcome, a 5xx status or a gRPC status; absent on success |
//! | `error` | text | `exception.message` | the panic's text, masked |
//! | `grpc_status` | number | `rpc.response.status_code` | gRPC's own status |
//! | `duration_ms` | number | `http.server.request.duration` (s) | to the end of the response's body; in the metric, to the head of a stream of events |
//! | `head_ms` | number | – | to the head of the response |
//! | `elapsed_ms` | number | – | only of the line by choice that says that a request is still running: since its beginning |
//! | `busy_ms` | number | – | by choice: spent polling the service and its body |
//! | `lifetime_ms` | number | – | only of the line that says that an upgraded connection has ended: since its upgrade |
//! | `slow` | true | – | it took longer than `CUPOLA_SLOW_MS` |
//! | `request_bytes` | number | `http.request.body.size` | bytes of the body that were read |
//! | `response_bytes` | number | `http.response.body.size` | bytes of the body that were sent |
//! | `request_headers` | text | `http.request.header.<name>` | by choice: `name: value` pairs, one a line; values not on the list are `[REDACTED]` |
//! | `response_headers` | text | `http.response.header.<name>` | the same |
//! | `request_body` | text | `http.request.body.content` | by choice: masked, up to the cap |
//! | `request_body_state` | text | – | `complete truncated partial not_read skipped_…` |
//! | `response_body` | text | `http.response.body.content` | by choice: masked, up to the cap |
//! | `response_body_state` | text | – | as above |
//! | `dropped_context_fields` | number | – | context fields and totals that the bounds have refused; on every line of the request |
//!
//! # Levels
//! | what | level |
//! |---|---|
//! | 5xx, a service or body error, a timeout, a panic, a gRPC server error | ERROR |
//! | 4xx, slow, closed by the client before the end (a stream of events has none) | WARN |
//! | everything else | INFO, or as [chosen](crate::Choices::level) for the route or the request |

/// The message of the line that says that a request began.
pub const STARTED: &str = "request started";

/// The message of the line that says that an upgraded connection has ended.
pub const UPGRADE_ENDED: &str = "upgraded connection ended";

/// The operation, by its name in code: `operation`.
pub const OPERATION: &str = "operation";
/// One run of it: `operation_id`.
pub const OPERATION_ID: &str = "operation_id";
/// The session that the run is in, the user's or one of its own: `session_id`.
pub const SESSION_ID: &str = "session_id";
/// The function that does it: `function`.
pub const FUNCTION: &str = "function";
/// Where it is: `status`, which is `running`, `success`, `failed` or `cancelled`; on an access line the response's number.
pub const STATUS: &str = "status";
/// Which attempt this was, from 1: `attempt`.
pub const ATTEMPT: &str = "attempt";
/// How many retries there may be: `max_retries`.
pub const MAX_RETRIES: &str = "max_retries";
/// The model that works on it: `model_name`.
pub const MODEL_NAME: &str = "model_name";
/// The execution that it is a part of: `execution_id`.
pub const EXECUTION_ID: &str = "execution_id";
/// What is executed: `execution_name`.
pub const EXECUTION_NAME: &str = "execution_name";
/// The crew that works on it: `crew_name`.
pub const CREW_NAME: &str = "crew_name";
/// How long it took, in milliseconds with three decimals, on every kind of line: `duration_ms`.
pub const DURATION_MS: &str = "duration_ms";

/// The standard keys of work.
pub const STANDARD: [&str; 9] =
    [OPERATION, FUNCTION, STATUS, ATTEMPT, MAX_RETRIES, MODEL_NAME, EXECUTION_ID, CREW_NAME, DURATION_MS];
