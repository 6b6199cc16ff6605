//! A warm line allocates nothing, and showing or scanning one little.

use cupola_line::{
    EncodedEnvelope, EncodedFields, EncodedKey, Envelope, FieldValue, Key, LineBuffer, LineWriter, Scratch, Timestamp,
    keys, scan,
};

struct Warm {
    buf: LineBuffer,
    scratch: Scratch,
    time: Timestamp,
    envelope: EncodedEnvelope,
    key: EncodedKey,
    span: EncodedFields,
}

impl Warm {
    fn new() -> Self {
        let envelope = EncodedEnvelope::new(&Envelope { level: "INFO", target: "app", category: "api" });
        let mut span = EncodedFields::new();
        span.set(Key::new("vm_id"), FieldValue::Str("vm-7"));
        let (buf, scratch, time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
        Self { buf, scratch, time, envelope, key: EncodedKey::new("duration_ms"), span }
    }

    fn write(&mut self) {
        self.buf.clear();
        let time = self.time.unix_micros(1_795_232_762_123_456);
        let mut line = LineWriter::begin_encoded(&mut self.buf, &mut self.scratch, time, &self.envelope);
        line.f64(self.key.key(), 1.25);
        line.str(Key::new("text"), "with \"quotes\", \u{1b}[0m and дом");
        line.u64(Key::new("status"), 200);
        line.display(Key::new("display"), &format_args!("{}-{}", 1, "two"));
        line.debug(Key::new("debug"), &Some("text"));
        line.bytes(Key::new("bytes"), b"\x00\xff");
        line.str(Key::new("long"), &keys::CONTEXT[0].repeat(0));
        line.message_fmt(format_args!("late message {}", 7));
        line.fields(&self.span);
        line.redacted(Key::new("password"));
        let done = line.end();
        assert_eq!(done.bytes, self.buf.len());
    }
}

#[test]
fn a_warm_line_allocates_nothing() {
    let mut warm = Warm::new();
    warm.write();
    let cold = allocation_counter::measure(|| Warm::new().write());
    let counted = allocation_counter::measure(|| (0..100).for_each(|_| warm.write()));
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert!(cold.count_total > 0, "the counter counts");
}

#[test]
fn a_scan_allocates_nothing() {
    let mut warm = Warm::new();
    warm.write();
    let counted = allocation_counter::measure(|| {
        let keys = scan(&warm.buf).filter(|member| member.is_ok_and(|(key, _)| !key.has_escapes())).count();
        assert_eq!(keys, 14);
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
