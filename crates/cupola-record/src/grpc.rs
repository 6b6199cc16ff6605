//! gRPC's status: the outcome that hides behind HTTP's 200.

/// A gRPC status code; codes past 16 are shown as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcStatus(u16);

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl GrpcStatus {
    /// Reads the value of a `grpc-status` header or trailer.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let digits = (1..=3).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        digits.then(|| Self(value.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))))
    }

    /// The number.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// The name that gRPC gives it, `_OTHER` past the known ones.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("_OTHER")
    }

    /// Success: what a method that does not exist never has.
    pub const OK: Self = Self(0);

    /// Whether the server failed, by OpenTelemetry's table for servers.
    pub const fn is_server_error(self) -> bool {
        matches!(self.0, 2 | 4 | 12 | 13 | 14 | 15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_only() {
        assert_eq!(GrpcStatus::parse(b"13").map(GrpcStatus::name), Some("INTERNAL"));
        assert_eq!(GrpcStatus::parse(b"99").map(GrpcStatus::name), Some("_OTHER"));
        assert_eq!(GrpcStatus::parse(b"-1"), None);
        assert_eq!(GrpcStatus::parse(b""), None);
        assert_eq!(GrpcStatus::parse(b"1234"), None);
    }
}
