//! Prometheus' protobuf, read back by a reader of the wire format.

use std::time::Duration;

use cupola_metrics::{Format, Registry};

/// One field: its number, and what it holds.
#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f))
}

fn chunk<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (chunk, rest) = bytes.split_at(length);
    *bytes = rest;
    chunk
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Double(f64::from_le_bytes(chunk(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(chunk(&mut bytes, length))
            }
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, field));
    }
    fields
}

fn messages<'a>(fields: &'a [(u64, Field<'_>)], number: u64) -> Vec<&'a [u8]> {
    let bytes = |field: &'a (u64, Field<'_>)| match field {
        (known, Field::Bytes(bytes)) if *known == number => Some(*bytes),
        _ => None,
    };
    fields.iter().filter_map(bytes).collect()
}

fn number(fields: &[(u64, Field<'_>)], number: u64) -> u64 {
    let found = fields.iter().find(|(known, _)| *known == number);
    found.map_or(0, |(_, field)| if let Field::Number(number) = field { *number } else { panic!("{field:?}") })
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The families, by name.
fn families(registry: &Registry) -> Vec<(String, Vec<u8>)> {
    let encoded = registry.encode(Format::Protobuf);
    let (mut rest, mut families) = (&encoded[..], Vec::new());
    while !rest.is_empty() {
        let length = varint(&mut rest) as usize;
        let family = chunk(&mut rest, length);
        let name = String::from_utf8(messages(&fields(family), 1)[0].to_vec()).unwrap();
        families.push((name, family.to_vec()));
    }
    families
}

#[test]
fn a_native_histogram_has_each_value_in_its_bucket() {
    let registry = Registry::new();
    let waits = registry.duration_histogram("wait", "How long.", &[0.1, 1.0]).unwrap();
    let values = [0.000_000_001, 0.002, 0.05, 0.05, 0.055, 0.06, 0.9, 1.0, 12.0];
    values.iter().for_each(|value| waits.observe(Duration::from_secs_f64(*value)));
    let families = families(&registry);
    let family = fields(&families.iter().find(|(name, _)| name == "wait_seconds").unwrap().1);
    assert_eq!((number(&family, 3), messages(&family, 5)), (4, vec![&b"seconds"[..]]));
    let metric = fields(messages(&family, 4)[0]);
    let histogram = fields(messages(&metric, 7)[0]);
    assert_eq!((number(&histogram, 1), number(&histogram, 7)), (9, 1), "count and zeros");
    assert_eq!(unzigzag(number(&histogram, 5)), 3, "eight buckets to a doubling");
    let bounds: Vec<u64> = messages(&histogram, 3).iter().map(|bucket| number(&fields(bucket), 1)).collect();
    assert_eq!(bounds, [6, 8, 9]);

    let mut deltas = Vec::new();
    for mut list in messages(&histogram, 13) {
        while !list.is_empty() {
            deltas.push(unzigzag(varint(&mut list)));
        }
    }
    let mut indexes = Vec::new();
    for span in messages(&histogram, 12) {
        let span = fields(span);
        let last = indexes.last().map_or(0, |last| last + 1);
        let first = last + unzigzag(number(&span, 1));
        indexes.extend(first..first + number(&span, 2) as i64);
    }
    let counts: Vec<i64> = deltas
        .iter()
        .scan(0, |sum, delta| {
            *sum += delta;
            Some(*sum)
        })
        .collect();
    let index = |value: f64| (value.log2() * 8.0).ceil() as i64;
    let mut expected: Vec<(i64, i64)> = Vec::new();
    for value in &values[1..] {
        match expected.last_mut() {
            Some(last) if last.0 == index(*value) => last.1 += 1,
            _ => expected.push((index(*value), 1)),
        }
    }
    assert_eq!(indexes.into_iter().zip(counts).collect::<Vec<_>>(), expected);
}

#[test]
fn counters_gauges_and_labels_are_where_prometheus_reads_them() {
    let registry = Registry::new();
    registry.counter("jobs.done", "Done.", "{job}").unwrap().add(7);
    registry.source(|encoder| {
        let depth = cupola_metrics::Family::gauge("depth", "Jobs.").unit("{job}");
        encoder.family(&depth).value(&[("queue.name", "mail \"x\"")], -2);
    });
    let families = families(&registry);
    let metric = |name: &str| {
        let family = &families.iter().find(|(known, _)| known == name).unwrap().1;
        messages(&fields(family), 4)[0].to_vec()
    };
    let counter = metric("jobs_done_total");
    let counter = fields(messages(&fields(&counter), 3)[0].to_vec().leak());
    assert!(matches!(counter[0], (1, Field::Double(7.0))) && counter[1].0 == 3, "{counter:?}");
    let gauge = metric("depth");
    let gauge = fields(&gauge);
    let label = fields(messages(&gauge, 1)[0]);
    assert_eq!((messages(&label, 1)[0], messages(&label, 2)[0]), (&b"queue_name"[..], &b"mail \"x\""[..]));
    assert!(matches!(fields(messages(&gauge, 2)[0])[0], (1, Field::Double(-2.0))));
}
