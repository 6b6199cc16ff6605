//! What fields are called here, whatever they are called elsewhere: one table, for what comes in and for what is asked.

/// OpenTelemetry's names, of its semantic conventions now and before, and ours; shorter ones first, so that few are compared.
const NAMES: [(&str, &str); 66] = [
    ("user.id", "user_id"),
    ("http.url", "url.full"),
    ("url.path", "path"),
    ("client.ip", "client_ip"),
    ("db.system", "db_system"),
    ("url.query", "query"),
    ("user.name", "user_name"),
    ("enduser.id", "user_id"),
    ("error.type", "error_type"),
    ("event.name", "event"),
    ("http.route", "route"),
    ("session.id", "session_id"),
    ("url.scheme", "scheme"),
    ("http.method", "method"),
    ("http.scheme", "scheme"),
    ("http.target", "path"),
    ("db.operation", "db_operation"),
    ("db.statement", "db_statement"),
    ("service.name", "service"),
    ("url.template", "url_template"),
    ("db.query.text", "db_statement"),
    ("error.message", "error"),
    ("client.address", "client_ip"),
    ("db.system.name", "db_system"),
    ("exception.type", "error_type"),
    ("http.client_ip", "client_ip"),
    ("server.address", "host"),
    ("cupola.job.kind", "job_kind"),
    ("http.user_agent", "user_agent"),
    ("service.version", "service_version"),
    ("http.status_code", "status"),
    ("messaging.system", "queue_system"),
    ("cupola.dependency", "dependency"),
    ("db.operation.name", "db_operation"),
    ("exception.message", "error"),
    ("cupola.job.attempt", "attempt"),
    ("cupola.job.outcome", "outcome"),
    ("db.collection.name", "db_target"),
    ("gen_ai.response.id", "response_id"),
    ("http.request.method", "method"),
    ("user_agent.original", "user_agent"),
    ("exception.stacktrace", "backtrace"),
    ("gen_ai.provider.name", "provider"),
    ("gen_ai.request.model", "model"),
    ("gen_ai.request.top_p", "top_p"),
    ("rpc.grpc.status_code", "grpc_status"),
    ("gen_ai.operation.name", "operation"),
    ("gen_ai.response.model", "response_model"),
    ("http.request.body.size", "request_bytes"),
    ("db.operation.batch.size", "db_batch"),
    ("db.response.status_code", "db_code"),
    ("http.response.body.size", "response_bytes"),
    ("network.protocol.version", "protocol"),
    ("db.response.returned_rows", "rows"),
    ("gen_ai.request.max_tokens", "max_tokens"),
    ("gen_ai.usage.input_tokens", "input_tokens"),
    ("http.response.status_code", "status"),
    ("gen_ai.request.temperature", "temperature"),
    ("gen_ai.usage.output_tokens", "output_tokens"),
    ("messaging.destination.name", "queue"),
    ("http.request.method_original", "method_original"),
    ("gen_ai.response.finish_reasons", "finish_reasons"),
    ("gen_ai.usage.cache_read.input_tokens", "cache_read_tokens"),
    ("gen_ai.usage.reasoning.output_tokens", "reasoning_tokens"),
    ("gen_ai.usage.cache_write.input_tokens", "cache_write_tokens"),
    ("gen_ai.usage.cache_creation.input_tokens", "cache_write_tokens"),
];

/// The longest name of the table, in bytes.
const LONGEST: usize = NAMES[NAMES.len() - 1].0.len();

/// Where the names of each length begin.
const STARTS: [u8; LONGEST + 2] = starts();

const fn starts() -> [u8; LONGEST + 2] {
    let mut starts = [0; LONGEST + 2];
    let mut length = 0;
    let mut next = 0;
    while length < starts.len() {
        while next < NAMES.len() && NAMES[next].0.len() < length {
            next += 1;
        }
        #[allow(clippy::cast_possible_truncation, reason = "the table is shorter than 256")]
        (starts[length] = next as u8);
        length += 1;
    }
    starts
}

/// The name under which a field is kept: `route` of `http.route`; any other name as it is.
///
/// ```
/// use cupola_store::canonical;
///
/// assert_eq!(canonical("http.route"), "route");
/// assert_eq!(canonical("service.name"), "service");
/// assert_eq!(canonical("route"), "route");
/// assert_eq!(canonical("app.tenant"), "app.tenant");
/// ```
pub fn canonical(name: &str) -> &str {
    if name.len() > LONGEST {
        return name;
    }
    let (start, end) = (STARTS[name.len()], STARTS[name.len() + 1]);
    let same_length = &NAMES[usize::from(start)..usize::from(end)];
    same_length.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found_and_no_other() {
        for (theirs, ours) in NAMES {
            assert_eq!(canonical(theirs), ours);
            assert_eq!(canonical(ours), ours, "what a name stands for stands for itself");
            let longer = format!("{theirs}x");
            assert_eq!(canonical(&longer), longer);
        }
        for other in ["", "a", "http.rout", "HTTP.ROUTE", "http.request.header.x-a-very-long-name-that-is-in-no-table"]
        {
            assert_eq!(canonical(other), other);
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let ordered = |pair: &[(&str, &str)]| (pair[0].0.len(), pair[0].0) < (pair[1].0.len(), pair[1].0);
        assert!(NAMES.windows(2).all(ordered), "shorter names first, and those of one length by the alphabet");
    }
}
