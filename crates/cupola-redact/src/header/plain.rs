//! Which headers are shown by default: found by one look into a table that the compiler fills.

/// Names of headers that are shown by default, in order.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "accept", "accept-charset", "accept-encoding", "accept-language", "accept-patch", "accept-ranges", "age", "allow",
    "alt-svc", "cache-control", "connection", "content-encoding", "content-language", "content-length", "content-range",
    "content-type", "date", "dnt", "etag", "expect", "expires", "grpc-accept-encoding", "grpc-encoding", "grpc-status",
    "grpc-timeout", "idempotency-key", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "keep-alive", "last-modified", "max-forwards", "pragma", "prefer", "priority",
    "proxy-authenticate", "range", "retry-after", "server", "server-timing", "strict-transport-security", "te",
    "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "upgrade-insecure-requests", "user-agent",
    "vary", "via", "www-authenticate", "x-content-type-options", "x-correlation-id", "x-forwarded-for",
    "x-forwarded-port", "x-forwarded-proto", "x-frame-options", "x-powered-by", "x-real-ip",
    "x-request-id", "x-requested-with",
];

const SLOTS: usize = 256;

/// The number of each name, counted from one, at the place that its hash gives it or behind that.
const TABLE: [u8; SLOTS] = {
    let mut table = [0; SLOTS];
    let mut index = 0;
    while index < PLAIN.len() {
        let mut slot = hash(PLAIN[index].as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = index as u8 + 1;
        index += 1;
    }
    table
};

/// Of the length and three of the letters; a name has at least one.
const fn hash(name: &[u8]) -> usize {
    let (first, middle, last) = (name[0], name[name.len() / 2], name[name.len() - 1]);
    let mixed = name.len() * 71 + first as usize * 31 + middle as usize * 157 + last as usize * 11;
    mixed % SLOTS
}

/// Whether a header of this name, in lower case, is shown as it is.
pub(super) fn is_plain(name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    let mut slot = hash(name.as_bytes());
    while TABLE[slot] != 0 {
        if PLAIN[usize::from(TABLE[slot]) - 1] == name {
            return true;
        }
        slot = (slot + 1) % SLOTS;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        assert!(PLAIN.is_sorted());
        for name in PLAIN {
            assert!(is_plain(name), "{name}");
            assert!(!is_plain(&format!("{name}x")) && !is_plain(&name[1..]), "{name}");
        }
        assert!(!is_plain(""));
    }
}
