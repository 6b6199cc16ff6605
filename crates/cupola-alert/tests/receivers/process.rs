//! Programs that tests start, and that end with them.

use std::net::TcpListener;
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;

pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        Self(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", name.display())))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody has at this moment, below those that the kernel gives to clients: asking for it in vain does not
/// connect to itself, and no other test's server is given it meanwhile.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(process::id() % 1_000).expect("below a thousand") * 20;
    (0..1_000)
        .map(|_| first + NEXT.fetch_add(1, Relaxed))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port that is free")
}

/// Asks until there is an answer, for half a minute at most.
pub(crate) async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not come");
}
