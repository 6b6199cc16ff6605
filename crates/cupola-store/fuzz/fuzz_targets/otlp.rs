//! Messages of OTLP from anybody: each is entries or an error, takes no more memory than is allowed, and says the same every time.
#![no_main]

use cupola_store::Signal;
use cupola_store::otlp::{Encoding, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, message)) = bytes.split_first() else { return };
    let signal = Signal::ALL[usize::from(*choice) % 3];
    let encoding = if choice & 0x80 == 0 { Encoding::Protobuf } else { Encoding::Json };
    match (decode(signal, encoding, message, 1), decode(signal, encoding, message, 1)) {
        (Ok(one), Ok(other)) => {
            assert_eq!((one.batch.rows(), one.batch.bytes()), (other.batch.rows(), other.batch.bytes()));
            assert!(one.batch.bytes() < 512 << 20 && one.rejected == other.rejected);
            assert_eq!(one.rejected == 0, one.reason.is_none());
        }
        (one, other) => assert_eq!(one.map(|_| ()).unwrap_err(), other.map(|_| ()).unwrap_err()),
    }
});
