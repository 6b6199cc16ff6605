//! Writes one line of 20 fields over and over, for an instruction counter:
//! `valgrind --tool=callgrind target/release/examples/cost 10000` less the same with `0`, divided by 10,000.

use cupola_line::{EncodedEnvelope, EncodedKey, Envelope, LineBuffer, LineWriter, Scratch, Timestamp};

const TEXTS: [(&str, &str); 13] = [
    ("method", "GET"),
    ("route", "/api/v1/vms/{id}"),
    ("path", "/api/v1/vms/0193f2a4"),
    ("outcome", "complete"),
    ("client_ip", "10.0.0.17"),
    ("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("request_id", "0193f2a4-7c1e-7d3a-9b1e-5f0c2d3e4f50"),
    ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ("span_id", "00f067aa0ba902b7"),
    ("user_id", "u-1042"),
    ("session_id", "s-88121"),
    ("vm_id", "vm-7"),
    ("action", "show"),
];
const NUMBERS: [&str; 5] = ["status", "request_bytes", "response_bytes", "polls", "attempt"];

fn main() {
    let lines: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1000);
    let texts = TEXTS.map(|(name, value)| (EncodedKey::new(name), value));
    let numbers = NUMBERS.map(EncodedKey::new);
    let (duration, upgraded) = (EncodedKey::new("duration_ms"), EncodedKey::new("upgraded"));
    let envelope = EncodedEnvelope::new(&Envelope { level: "INFO", target: "vm_provisioner::api", category: "api" });
    let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    let mut total = 0;
    for number in 0..lines {
        buf.clear();
        let timestamp = time.unix_micros(1_795_232_762_123_456);
        let mut line = LineWriter::begin_encoded(&mut buf, &mut scratch, timestamp, &envelope);
        line.message("request completed");
        for (key, value) in &texts {
            line.str(key.key(), value);
        }
        for key in &numbers {
            line.u64(key.key(), number);
        }
        line.f64(duration.key(), 1.25);
        line.bool(upgraded.key(), false);
        total += line.end().bytes;
    }
    eprintln!("{total} bytes in {lines} lines of 20 fields");
}
