//! What both encodings become, against messages that OpenTelemetry's own types have written.

mod broken;
mod logs;
mod metrics;
mod samples;
mod spans;

use std::collections::BTreeMap;

use super::*;
use crate::batch::Kind;

/// When the messages are received.
const NOW: i64 = 42;

type Fields = BTreeMap<String, String>;

/// Each entry with its fields, in which a value says of which kind it is.
fn entries(batch: &Batch) -> Vec<(i64, Fields)> {
    let mut entries: Vec<(i64, Fields)> = batch.times.iter().map(|time| (*time, Fields::new())).collect();
    for column in &batch.columns {
        let mut start = 0;
        for (place, row) in column.rows.iter().enumerate() {
            let end = column.ends[place] as usize;
            let bytes = &column.bytes[start..end];
            let eight = || <[u8; 8]>::try_from(bytes).unwrap();
            let text = std::str::from_utf8(bytes);
            let value = match column.kinds[place] {
                Kind::Text => format!("text {}", text.unwrap()),
                Kind::Json => format!("json {}", text.unwrap()),
                Kind::Int => format!("int {}", i64::from_le_bytes(eight())),
                Kind::Float => format!("float {:?}", f64::from_le_bytes(eight())),
                Kind::Bool => format!("bool {}", bytes[0]),
                Kind::Id => format!("id {}", any::hex(bytes)),
            };
            assert!(entries[*row as usize].1.insert(column.name.to_string(), value).is_none());
            start = end;
        }
    }
    entries
}

/// The entries of a message that nothing is rejected of.
fn read(signal: Signal, encoding: Encoding, message: &[u8]) -> Vec<(i64, Fields)> {
    let decoded = decode(signal, encoding, message, NOW).unwrap();
    assert_eq!((decoded.rejected, decoded.reason), (0, None));
    entries(&decoded.batch)
}

/// Reads a message in both encodings, which must say the same.
fn read_both(signal: Signal, message: &(impl prost::Message + serde::Serialize)) -> Vec<(i64, Fields)> {
    let of_protobuf = read(signal, Encoding::Protobuf, &message.encode_to_vec());
    let of_json = read(signal, Encoding::Json, &serde_json::to_vec(message).unwrap());
    assert_eq!(of_protobuf, of_json);
    of_protobuf
}

fn fields<const N: usize>(fields: [(&str, &str); N]) -> Fields {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
