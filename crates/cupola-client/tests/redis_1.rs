//! Commands to a real Redis server through redis-rs, as records.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::net::TcpListener;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;

use cupola_client::Queries;
use cupola_client::redis_1::ObservedRedis;
use cupola_record::{Capture, Query, QueryEnded};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

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

struct Server(Child, u16);

impl Server {
    fn start() -> Self {
        let port = free_port();
        let mut server = Command::new("redis-server");
        let server =
            server.args(["--port", &port.to_string(), "--save", "", "--bind", "127.0.0.1"]).stdout(Stdio::null());
        Self(server.spawn().expect("redis-server is installed"), port)
    }

    async fn connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.1)).unwrap();
        for _ in 0..200 {
            match client.get_multiplexed_async_connection().await {
                Ok(connection) => return connection,
                // A server of another process: its start is waited for by the clock.
                Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn told(capture: &Capture) -> Vec<String> {
    let show = |(query, ended): &(Query, QueryEnded)| {
        assert_eq!(
            (query.system.as_str(), query.dependency.as_deref(), query.statement()),
            ("redis", Some("cache"), None)
        );
        let outcome = ended.error().map_or(ended.outcome.as_str(), |error| error.kind().as_str());
        let code = ended.error().and_then(|error| error.database_code());
        format!("{} {outcome} {:?} {:?}", query.operation().unwrap(), query.batch, code)
    };
    capture.queries().iter().map(show).collect()
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn commands_are_records_without_keys_and_values() {
    let server = Server::start();
    let capture = Capture::new();
    let queries = Queries::new().dependency("cache").slow_after(Duration::from_millis(20)).sink(capture.clone());
    let mut redis = ObservedRedis::new(server.connect().await, queries);

    let _: () = redis.set("key-hunter2", "value-hunter2").await.unwrap();
    let value: String = redis.get("key-hunter2").await.unwrap();
    assert_eq!(value, "value-hunter2");
    redis.incr::<_, _, i64>("key-hunter2", 1).await.unwrap_err();
    redis.lpush::<_, _, i64>("key-hunter2", 1).await.unwrap_err();
    let mut pipeline = redis::pipe();
    pipeline.set("a", 1).ignore().get("a");
    let got: (i64,) = pipeline.query_async(&mut redis).await.unwrap();
    assert_eq!(got, (1,));
    let mut atomic = redis::pipe();
    atomic.atomic().incr("a", 1).incr("a", 1);
    let got: (i64, i64) = atomic.query_async(&mut redis).await.unwrap();
    assert_eq!(got, (2, 3));
    let waited: Option<(String, String)> = redis.blpop("nothing", 0.05).await.unwrap();
    assert!(waited.is_none());
    redis::cmd("EVAL")
        .arg("return redis.error_reply('HUNTER2 hunter2')")
        .arg(0)
        .exec_async(&mut redis)
        .await
        .unwrap_err();

    let expected = [
        "SET complete None None",
        "GET complete None None",
        "INCRBY database None Some(\"ERR\")",
        "LPUSH database None Some(\"WRONGTYPE\")",
        "PIPELINE complete Some(2) None",
        "MULTI complete Some(2) None",
        "BLPOP complete None None",
        "EVAL database None None",
    ];
    assert_eq!(told(&capture), expected);
    let waited = &capture.queries()[6];
    assert!(waited.1.duration >= Duration::from_millis(40) && !waited.1.slow, "{waited:?}");
    assert!(!format!("{:?}", capture.queries()).to_lowercase().contains("hunter2"));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_script_that_the_server_asks_for_is_no_failure() {
    let server = Server::start();
    let capture = Capture::new();
    let mut redis =
        ObservedRedis::new(server.connect().await, Queries::new().dependency("cache").sink(capture.clone()));
    let script = redis::Script::new("return ARGV[1]");
    for _ in 0..2 {
        let told: String = script.arg("hunter2").invoke_async(&mut redis).await.unwrap();
        assert_eq!(told, "hunter2");
    }
    let asked = told(&capture);
    assert!(asked.len() > 2 && asked.iter().all(|query| query.contains(" complete ")), "{asked:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_goes_away_is_a_failure() {
    let server = Server::start();
    let capture = Capture::new();
    let mut redis =
        ObservedRedis::new(server.connect().await, Queries::new().dependency("cache").sink(capture.clone()));
    let _: () = redis.set("a", 1).await.unwrap();
    drop(server);
    redis.get::<_, Option<i64>>("a").await.unwrap_err();
    assert!(told(&capture)[1].starts_with("GET io "), "{:?}", told(&capture));
}
