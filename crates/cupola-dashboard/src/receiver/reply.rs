//! Answers of OTLP, in protobuf and JSON: what was not kept, and why nothing was.

use bytes::{BufMut as _, Bytes, BytesMut};
use cupola_store::Signal;
use cupola_store::otlp::Encoding;
use serde_json::json;

use super::message::Taken;
use super::refusal::Refusal;

/// An `ExportLogsServiceResponse` or its like. Of all signals they are alike in protobuf.
pub(super) fn success(encoding: Encoding, signal: Signal, taken: &Taken) -> Bytes {
    match (encoding, taken.rejected) {
        (Encoding::Protobuf, 0) => Bytes::new(),
        (Encoding::Json, 0) => Bytes::from_static(b"{}"),
        (Encoding::Protobuf, rejected) => {
            let mut partial = BytesMut::new();
            uint(&mut partial, 1, rejected);
            bytes(&mut partial, 2, taken.why.as_bytes());
            let mut reply = BytesMut::new();
            bytes(&mut reply, 1, &partial);
            reply.freeze()
        }
        (Encoding::Json, rejected) => {
            let name = match signal {
                Signal::Logs => "rejectedLogRecords",
                Signal::Spans => "rejectedSpans",
                Signal::Metrics => "rejectedDataPoints",
            };
            // As protobuf's JSON has 64 bits.
            let partial = json!({ "partialSuccess": { name: rejected.to_string(), "errorMessage": taken.why } });
            Bytes::from(partial.to_string())
        }
    }
}

/// A `google.rpc.Status`.
pub(super) fn status(encoding: Encoding, refusal: &Refusal) -> Bytes {
    if encoding == Encoding::Json {
        return Bytes::from(json!({ "code": refusal.code(), "message": refusal.message() }).to_string());
    }
    let mut status = BytesMut::new();
    uint(&mut status, 1, refusal.code().into());
    bytes(&mut status, 2, refusal.message().as_bytes());
    if let Some(seconds) = refusal.again() {
        let (mut delay, mut info, mut detail) = (BytesMut::new(), BytesMut::new(), BytesMut::new());
        uint(&mut delay, 1, seconds.into());
        bytes(&mut info, 1, &delay);
        bytes(&mut detail, 1, b"type.googleapis.com/google.rpc.RetryInfo");
        bytes(&mut detail, 2, &info);
        bytes(&mut status, 3, &detail);
    }
    status.freeze()
}

fn bytes(out: &mut BytesMut, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn uint(out: &mut BytesMut, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn varint(out: &mut BytesMut, mut number: u64) {
    while number >= 0x80 {
        out.put_u8(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.put_u8(number.to_le_bytes()[0]);
}
