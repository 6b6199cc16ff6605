//! Messages that go no further than the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use cupola_telemetry::otlp::{Config, Message, Signal, Taker};
use cupola_telemetry::{Memory, Telemetry};

use crate::support::PATIENCE;

#[test]
fn a_message_is_handed_over_whole_and_again_until_it_is_taken() {
    let log = Memory::new();
    let telemetry = Telemetry::builder(cupola_telemetry::Config::default()).output(log.clone()).build().unwrap();
    let (send, receive) = channel();
    let asked = AtomicUsize::new(0);
    let taker = Taker::new(move |message| {
        let _ = send.send(message.to_vec());
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => false,
            1 => panic!("the store stumbles"),
            _ => true,
        }
    });
    let exporter = telemetry.export(Signal::Traces, &Config::here(taker)).unwrap();
    assert!(exporter.is_here());
    assert!(exporter.offer(Message::new(b"three spans".to_vec(), 3)));
    assert!(exporter.flush(PATIENCE));
    telemetry.shutdown(PATIENCE);
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [b"three spans"; 3]);
    let counts = exporter.counts();
    assert_eq!((counts.accepted, counts.exported, counts.retries, counts.dropped()), (3, 3, 2, 0));
    assert!(log.text().contains("\"endpoint\":\"here\""), "{}", log.text());
}
