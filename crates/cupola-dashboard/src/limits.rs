//! What a sender may ask of the receiver.

use std::time::Duration;

/// What a sender may ask of the receiver.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of a body as it is sent.
    pub body_bytes: usize,
    /// The most bytes that it is decompressed.
    pub decompressed_bytes: usize,
    /// The most bytes of all bodies together that are here and not yet stored; who comes then is to come again.
    pub waiting_bytes: usize,
    /// How long a body may take to come.
    pub body_time: Duration,
    /// So many messages are decoded at once: each may need some hundred MiB for a moment.
    pub at_once: usize,
    /// How long a message waits until it is one of those.
    pub wait: Duration,
}

impl Default for Limits {
    /// 16 MiB, 64 MiB, 128 MiB, 30 seconds, as many messages as there are cores, five seconds.
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            decompressed_bytes: 64 << 20,
            waiting_bytes: 128 << 20,
            body_time: Duration::from_secs(30),
            at_once: std::thread::available_parallelism().map_or(2, usize::from),
            wait: Duration::from_secs(5),
        }
    }
}
