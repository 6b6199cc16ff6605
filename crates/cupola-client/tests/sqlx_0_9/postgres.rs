//! Queries of a PostgreSQL server of the test's own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cupola_client::Queries;
use cupola_client::sqlx_0_9::ObservedPool;
use cupola_record::Capture;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult};
use sqlx::{PgPool, Postgres};

/// A server on a socket in a folder of its own. It refuses to be run by root, so root lends it a user.
struct Server {
    process: Child,
    folder: tempfile::TempDir,
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    packaged.unwrap_or_else(|| name.into())
}

fn run_by_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn command(name: &str) -> Command {
    if !run_by_root() {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program(name));
    command
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status().expect("postgresql is installed");
    assert!(status.success(), "{command:?}");
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if run_by_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        run(command("initdb").args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(&data));
        let mut server = command("postgres");
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"]).arg(folder.path()).arg("-D").arg(&data);
        let process = server.stderr(Stdio::null()).spawn().unwrap();
        Self { process, folder }
    }

    async fn connect(&self) -> PgPool {
        let options = PgConnectOptions::new_without_pgpass().socket(self.folder.path() as &Path).username("postgres");
        for _ in 0..400 {
            match PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await {
                Ok(pool) => return pool,
                // A server of another process: its start is waited for by the clock.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "needs postgresql"]
async fn queries_of_postgresql_are_records_without_values() {
    let server = Server::start();
    let capture = Capture::new();
    let queries = Queries::new().dependency("ledger").sink(capture.clone());
    let pool: ObservedPool<Postgres> =
        ObservedPool::new(server.connect().await, queries).affected(PgQueryResult::rows_affected);

    sqlx::query("CREATE TABLE users (id BIGSERIAL PRIMARY KEY, name TEXT UNIQUE)").execute(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let insert = "INSERT INTO users (name) VALUES ($1), ($2) RETURNING id";
    let ids: Vec<i64> =
        sqlx::query_scalar(insert).bind("ada").bind("grace").fetch_all(&mut *transaction).await.unwrap();
    assert_eq!(ids, [1, 2]);
    transaction.commit().await.unwrap();
    let taken = sqlx::query("INSERT INTO users (name) VALUES (E'ad\\x61')").execute(&pool).await.unwrap_err();
    assert!(taken.to_string().contains("duplicate key"));
    sqlx::query("SELECT $$hunter2$$::int").execute(&pool).await.unwrap_err();

    let told: Vec<String> = capture
        .queries()
        .iter()
        .map(|(query, ended)| {
            assert_eq!((query.system.as_str(), query.dependency.as_deref()), ("postgresql", Some("ledger")));
            let code = ended.error().and_then(|error| error.database_code()).unwrap_or_default();
            format!("{}|{:?} {:?} {code}", query.statement().unwrap(), ended.rows, ended.rows_affected)
        })
        .collect();
    let expected = [
        "CREATE TABLE users (id BIGSERIAL PRIMARY KEY, name TEXT UNIQUE)|None Some(0) ",
        "BEGIN|None None ",
        "INSERT INTO users (name) VALUES (?) RETURNING id|Some(2) Some(2) ",
        "COMMIT|None None ",
        "INSERT INTO users (name) VALUES (?)|None None 23505",
        "SELECT ?::int|Some(0) None 22P02",
    ];
    assert_eq!(told, expected);
}
