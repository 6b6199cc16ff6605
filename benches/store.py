#!/usr/bin/env python3
"""The store beside what people would keep log entries in instead: `benches/store.py [--check] [--entries N] [--runs N]`.

Builds `cupola` and the benches in release mode and prints, as Markdown: the whole way in (`store_serve`: OTLP over HTTP against
`cupola serve`, logs and spans), what answers take (`store_queries`), and the same entries (a tenth of them unless `--peers-entries` says otherwise)
in plain rows of SQLite with FTS5 over the messages, in DuckDB and in ClickHouse (chdb), those of them that are installed in
`target/store-venv`; `--install` puts duckdb and chdb there from PyPI, which takes some minutes. The peers are handed columns of values that lie in
memory; they parse nothing. All must find the same. Processor seconds are user and system of the process that does the work.
With `--check` it runs on small input, with those peers that Python brings (SQLite).
"""

import argparse
import os
import pathlib
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
VENV = TARGET / "store-venv"
COLUMNS = ["time", "level", "service", "target", "route", "status", "duration_ms", "trace_id", "span_id", "message", "attributes"]
WORDS = {"throttled": 800, "evicted": 100, "fenced": 10, "quarantined": 1}
HOUR = 3_600_000_000_000
END = 1_795_232_762_000_000_000
BATCH = 10_000


def main():
    options = arguments()
    if options.peer:
        return peer(options)
    build = ["cargo", "build", "--release", "-q", "-p", "cupola-benches", "--bin", "store_serve", "--bin", "store_queries"]
    subprocess.run(build, cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "cupola-cli"], cwd=ROOT, check=True)
    if options.install:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "install", "-q", "--disable-pip-version-check", "duckdb", "pyarrow", "chdb"], check=True)
    ours(options)
    python = VENV / "bin/python" if (VENV / "bin/python").exists() and not options.check else sys.executable
    for name in ["sqlite", "duckdb", "chdb"]:
        if name == "sqlite" or has(python, name):
            arguments_of = ["--peer", name, "--peers-entries", str(options.peers_entries), "--runs", str(options.runs)]
            subprocess.run([python, __file__, *arguments_of], check=True)
        else:
            print(f"\n{name}: left out, since it is not installed; `--install` does that")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--entries", type=int)
    parser.add_argument("--peers-entries", type=int)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--peer", choices=["sqlite", "duckdb", "chdb"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.entries = options.entries or (30_000 if options.check else 10_000_000)
    options.peers_entries = options.peers_entries or max(options.entries // 10, 10_000)
    options.runs = options.runs or (2 if options.check else 21)
    return options


def has(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def ours(options):
    print("## cupola: the whole way in", flush=True)
    some = str(options.entries // 5)
    for more in [[], ["--spans"]]:
        subprocess.run([TARGET / "release/store_serve", *more, some], check=True)
    print("\n## cupola: answers", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "store"
        subprocess.run([TARGET / "release/store_queries", store, str(options.entries), str(options.runs)], check=True)


def peer(options):
    rows = entries(options.peers_entries)
    with tempfile.TemporaryDirectory() as folder:
        kept = {"sqlite": Sqlite, "duckdb": DuckDb, "chdb": ChDb}[options.peer](folder)
        batches = [kept.prepare(rows[at : at + BATCH * kept.batches]) for at in range(0, len(rows), BATCH * kept.batches)]
        began, cpu = time.perf_counter(), seconds()
        for batch in batches:
            kept.keep(batch)
        kept.settle()
        wall, cpu = time.perf_counter() - began, seconds() - cpu
        size = sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())
        count = len(rows)
        print(f"\n## {options.peer}: {count} entries, {count / wall:,.0f} a second, {cpu / count * 1e6:.2f} CPU us and {size / count:.0f} bytes each")
        print("| question | found | ms | CPU ms |\n|---|---|---|---|")
        for name, (sql, expected) in questions(rows, kept).items():
            took = [timed(kept, sql) for _ in range(options.runs)]
            found = took[0][2]
            assert expected is None or found == expected, f"{options.peer}, {name}: {found} and not {expected}"
            wall, cpu = (statistics.median(run[at] for run in took) for at in (0, 1))
            print(f"| {name} | {found} | {wall:.2f} | {cpu:.2f} |", flush=True)


def timed(kept, sql):
    began, cpu = time.perf_counter(), seconds()
    found = len(kept.ask(sql))
    return (time.perf_counter() - began) * 1e3, (seconds() - cpu) * 1e3, found


def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def entries(count):
    """Such entries as `benches/src/entries.rs` makes."""
    dice = random.Random(7)
    subjects = "machine;volume;snapshot;network;template;hypervisor connection;provisioning job;billing record".split(";")
    events = "was created after a wait in the queue;could not be reached, retrying with backoff;has reached the wanted state at last;was released by its owner's request;is being moved to another host now".split(";")
    services = ["gateway", "vm-provisioner", "billing", "scheduler", "templates"]
    targets = [f"vm_provisioner::{part}" for part in ["api", "queue", "pool", "host", "db", "http"]]
    routes = ["/api/v1/" + part for part in ["vms/{id}", "vms", "templates", "volumes/{id}", "jobs", "users"]]
    levels = ["ERROR"] + ["WARN"] * 3 + ["DEBUG"] * 10 + ["INFO"] * 86
    statuses = [200, 200, 200, 201, 204, 404, 500]
    rows, trace = [], ""
    for number in range(count):
        if number % 4 == 0:
            trace = f"{dice.getrandbits(128):032x}"
        vm, share, word = dice.randrange(100_000), dice.randrange(10_000), ""
        for name, of in WORDS.items():
            if share < of:
                word = " " + name
                break
            share -= of
        attempt = dice.randrange(4)
        message = f"{dice.choice(subjects)} vm-{vm:05} {dice.choice(events)} ({dice.randrange(60_000)} ms, attempt {attempt}){word}"
        attributes = (
            f'{{"vm_id":"vm-{vm:05}","user_id":"u-{dice.randrange(3_000):04}","session_id":"s-{dice.randrange(1 << 20):08x}",'
            f'"host_name":"hv-{dice.randrange(200):03}.eu-west-2.example","template_name":"ubuntu-24.04-v{dice.randrange(6)}","attempt":{attempt}}}'
        )
        duration = dice.randrange(400) * dice.randrange(400) / 1_000 + 0.25
        rows.append((
            END - 24 * HOUR + 24 * HOUR // count * number, dice.choice(levels), dice.choice(services), dice.choice(targets), dice.choice(routes),
            dice.choice(statuses), duration, trace, f"{dice.getrandbits(64):016x}", message, attributes,
        ))
    return rows


def questions(rows, kept):
    """What is asked, and how many rows the answer has, where that is known without asking."""
    newest = "ORDER BY time DESC LIMIT 100"
    hour = f"time >= {END - HOUR}"
    all_questions = {
        "requests and p95 by route, 1 h": (f"SELECT route, count(*), {kept.p95} FROM logs WHERE {hour} GROUP BY route", 6),
        "requests and p95 by route, 24 h": (f"SELECT route, count(*), {kept.p95} FROM logs GROUP BY route", 6),
        "counts by level over time, 24 h": (f"SELECT time / {HOUR} AS hour, level, count(*) FROM logs GROUP BY 1, 2", None),
        "newest 100 ERROR": (f"SELECT * FROM logs WHERE level = 'ERROR' {newest}", min(100, sum(row[1] == "ERROR" for row in rows))),
    }
    for word, share in WORDS.items():
        there = sum(row[9].endswith(word) for row in rows)
        all_questions[f"newest 100 by a word in {share} of 10,000"] = (kept.by_word(word), min(100, there))
    all_questions["absent word"] = (kept.by_word("nowhere"), 0)
    all_questions["absent text"] = ("SELECT * FROM logs WHERE message LIKE '%ueue-nowher%' OR attributes LIKE '%ueue-nowher%'", 0)
    trace = rows[len(rows) // 2][7]
    all_questions["trace by id"] = (f"SELECT * FROM logs WHERE trace_id = '{trace}'", sum(row[7] == trace for row in rows))
    return all_questions


class Sqlite:
    """Rows, an index of times and one of traces, and FTS5 over messages."""

    batches = 1
    p95 = "max(duration_ms)"  # It has no quantiles: what it answers is less than what is asked.

    def __init__(self, folder):
        self.db = sqlite3.connect(pathlib.Path(folder) / "logs.db")
        self.db.executescript(
            f"PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE logs ({', '.join(COLUMNS)});"
            "CREATE INDEX times ON logs (time); CREATE INDEX traces ON logs (trace_id);"
            "CREATE VIRTUAL TABLE words USING fts5 (message, content = '', detail = none);"
        )
        self.row = 0

    def prepare(self, rows):
        return rows

    def keep(self, rows):
        with self.db:
            self.db.executemany(f"INSERT INTO logs VALUES ({', '.join('?' * len(COLUMNS))})", rows)
            numbered = ((self.row + at, row[9]) for at, row in enumerate(rows, 1))
            self.db.executemany("INSERT INTO words (rowid, message) VALUES (?, ?)", numbered)
        self.row += len(rows)

    def settle(self):
        self.db.execute("PRAGMA wal_checkpoint (TRUNCATE)")

    def by_word(self, word):
        return f"SELECT * FROM logs WHERE rowid IN (SELECT rowid FROM words WHERE words MATCH '{word}' ORDER BY rowid DESC LIMIT 100) ORDER BY time DESC"

    def ask(self, sql):
        return self.db.execute(sql).fetchall()


def arrow(rows):
    import pyarrow

    return pyarrow.table(dict(zip(COLUMNS, map(list, zip(*rows)))))


class DuckDb:
    batches = 10
    p95 = "approx_quantile(duration_ms, 0.95)"

    def __init__(self, folder):
        import duckdb

        self.db = duckdb.connect(str(pathlib.Path(folder) / "logs.duckdb"))
        self.db.execute("SET threads = 2")
        self.is_made = False

    def prepare(self, rows):
        return arrow(rows)

    def keep(self, batch):
        self.db.register("batch", batch)
        self.db.execute("INSERT INTO logs SELECT * FROM batch" if self.is_made else "CREATE TABLE logs AS SELECT * FROM batch")
        self.is_made = True

    def settle(self):
        self.db.execute("CHECKPOINT")

    def by_word(self, word):
        return f"SELECT * FROM logs WHERE regexp_matches(message, '\\b{word}\\b') ORDER BY time DESC LIMIT 100"

    def ask(self, sql):
        return self.db.execute(sql.replace(f"time / {HOUR}", f"time // {HOUR}")).fetchall()


class ChDb:
    """The table has a filter of words and one of traces."""

    batches = 10
    p95 = "quantileTDigest(0.95)(duration_ms)"

    def __init__(self, folder):
        from chdb import session

        self.db = session.Session(str(pathlib.Path(folder) / "ch"))
        self.db.query("CREATE DATABASE d")
        text = "LowCardinality(String)"
        kinds = ["Int64", text, text, text, text, "UInt16", "Float64", "String", "String", "String", "String"]
        columns = ", ".join(f"{name} {kind} CODEC(ZSTD(1))" for name, kind in zip(COLUMNS, kinds))
        self.db.query(
            f"CREATE TABLE d.logs ({columns}, INDEX words message TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1,"
            "INDEX traces trace_id TYPE bloom_filter(0.01) GRANULARITY 1) ENGINE = MergeTree ORDER BY time"
        )

    def prepare(self, rows):
        return arrow(rows)

    def keep(self, batch):
        self.db.query("INSERT INTO d.logs SELECT * FROM Python(batch)")

    def settle(self):
        pass

    def by_word(self, word):
        return f"SELECT * FROM logs WHERE hasToken(message, '{word}') ORDER BY time DESC LIMIT 100"

    def ask(self, sql):
        sql = sql.replace(f"time / {HOUR}", f"intDiv(time, {HOUR})").replace("FROM logs", "FROM d.logs")
        return self.db.query(sql, "TabSeparated").bytes().splitlines()


if __name__ == "__main__":
    sys.exit(main())
