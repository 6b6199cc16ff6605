//! Real servers that keep jobs, each in a folder and on a port of its own; they can be killed and come back.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// A server of another process is waited for by the clock: longer than any takes, on a machine with much else to do.
const LOOK: Duration = Duration::from_millis(25);
const LOOKS: usize = 2400;

fn wait_until(mut is: impl FnMut() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        is() || {
            thread::sleep(LOOK);
            false
        }
    })
}

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Redis,
}

/// A port that nobody has at this moment, below those that the kernel gives to clients: asking for it in vain does not
/// connect to itself, and no other test's server is given it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(process::id() % 1_000).expect("below a thousand") * 20;
    (0..1_000)
        .map(|_| first + NEXT.fetch_add(1, Relaxed))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port that is free")
}

/// A server, which ends with the test.
pub(crate) struct Server {
    kind: Kind,
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        let port = free_port();
        let mut server = Self { kind, folder: tempfile::tempdir().unwrap(), port, process: None };
        if kind == Kind::Postgres {
            server.make_cluster();
        }
        server.come_back();
        server
    }

    /// A queue of its own on it, one of sixteen.
    pub(crate) fn queue(&self, number: usize) -> String {
        match self.kind {
            Kind::Redis => format!("redis://127.0.0.1:{}/{number}", self.port),
            Kind::Postgres => {
                let name = format!("jobs{number}");
                let mut create = postgres("createdb");
                create.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string(), &name]);
                run(&mut create);
                format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
            }
        }
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        // PostgreSQL's children end by themselves, and would keep the next one from starting.
        wait_until(|| !self.answers());
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
    }

    /// Starts it on what it has kept.
    pub(crate) fn come_back(&mut self) {
        let port = self.port.to_string();
        let mut server = match self.kind {
            Kind::Redis => {
                let mut redis = Command::new("redis-server");
                redis.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir"]);
                redis
            }
            Kind::Postgres => {
                let mut postgres = postgres("postgres");
                postgres.args(["-c", "listen_addresses=127.0.0.1", "-p", &port, "-k", "", "-D"]);
                postgres
            }
        };
        server.arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(server.spawn().expect("redis-server and postgresql are installed"));
        assert!(wait_until(|| self.is_ready()), "{:?} does not answer", self.kind);
    }

    fn answers(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    fn is_ready(&self) -> bool {
        let asked = match self.kind {
            Kind::Redis => Command::new("redis-cli").args(["-p", &self.port.to_string(), "ping"]).output(),
            Kind::Postgres => postgres("pg_isready").args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).output(),
        };
        asked.is_ok_and(|told| told.status.success() && !told.stdout.starts_with(b"LOADING"))
    }

    fn data(&self) -> PathBuf {
        match self.kind {
            Kind::Redis => self.folder.path().to_owned(),
            Kind::Postgres => self.folder.path().join("data"),
        }
    }

    fn make_cluster(&self) {
        if by_root() {
            run(Command::new("chown").arg("postgres").arg(self.folder.path()));
        }
        run(postgres("initdb").args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(self.data()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn by_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program of PostgreSQL, which refuses to be run by root.
fn postgres(name: &str) -> Command {
    let newest = fs::read_dir("/usr/lib/postgresql").ok().and_then(|versions| {
        let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(name)));
        programs.filter(|program| program.exists()).max()
    });
    let program = newest.unwrap_or_else(|| Path::new(name).to_owned());
    if !by_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let told = command.stdout(Stdio::null()).output().expect("postgresql is installed");
    assert!(told.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told.stderr));
}
