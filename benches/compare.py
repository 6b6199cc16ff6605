#!/usr/bin/env python3
"""Compares what a request costs under Cupola and under the peers that a user would assemble instead.

Builds `request` of this package and of `benches/peers` in release mode, runs every mode of both, and prints Markdown:
instructions a request under callgrind (two runs of different length, subtracted, so that start-up and warm-up fall out;
all threads are counted), allocations a request (growing one counts as one), and nanoseconds a request.
Needs cargo and valgrind.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "benches" / "peers"
# Each package's modes, its bare router first: "over bare" is always over the bare router of the same binary.
MODES = {
    "peers": ["bare", "tower-http", "tower-http+prometheus", "all-peers", "lean+prometheus", "lean-all-peers"],
    # Not the peers' modes that its binary also takes: it hands them to a child, into which callgrind does not look.
    "cupola": ["bare", "cupola", "cupola-otel", "cupola-otel-unsampled", "cupola-otel-logs", "cupola-bodies"],
}
BUILD = {
    "peers": ["--manifest-path", str(PEERS / "Cargo.toml")],
    "cupola": ["-p", "cupola-benches"],
}
# The stacks of the peers that a ratio is given to.
YARDSTICKS = ["tower-http+prometheus", "all-peers", "lean+prometheus", "lean-all-peers"]
LOCKED = [
    "axum", "http", "tokio", "tower", "tower-http", "tracing", "tracing-subscriber", "axum-prometheus",
    "metrics-exporter-prometheus", "axum-tracing-opentelemetry", "tracing-opentelemetry", "opentelemetry",
    "opentelemetry_sdk", "serde_json",
]
NOT_BUILT = 2
# No router answers in fewer instructions: below it, something other than the requests was counted.
PLAUSIBLE = 1_000


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        plain = {package: build(package, [], folder) for package in MODES}
        counting = {package: build(package, ["--features", "allocations"], folder) for package in MODES}
        print(heading(options))
        for shape in options.shapes:
            present = [(p, mode) for p in MODES for mode in MODES[p] if is_built(plain[p], mode, shape)]
            instructions = {m: count_instructions(plain[m[0]], m[1], shape, options) for m in present}
            allocations = {m: count_allocations(counting[m[0]], m[1], shape) for m in present}
            times = take_times(plain, present, shape, options)
            print(f"\n## {'POST /api/v1/vms' if shape else 'GET /api/v1/vms/{id}'}\n")
            print(table(instructions, allocations, times))
    print_notes(present)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--get", dest="shapes", action="store_const", const=[[]], help="only the GET request")
    only.add_argument("--post", dest="shapes", action="store_const", const=[["post"]], help="only the POST request")
    parser.add_argument("--counts", type=int, nargs=2, default=[200, 1200], metavar="N", help="requests under callgrind")
    parser.add_argument("--requests", type=int, default=100_000, metavar="N", help="requests in one timed run")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each mode, under callgrind and timed")
    parser.set_defaults(shapes=[[], ["post"]])
    return parser.parse_args()


def build(package, extra, folder):
    """Returns a copy of the package's `request`, or None where it does not build: the next build may overwrite it."""
    command = ["cargo", "build", "--release", *BUILD[package], "--bin", "request", *extra]
    built = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    if built.returncode:
        return None
    messages = (json.loads(line) for line in built.stdout.splitlines())
    path = next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "request")
    return shutil.copy(path, pathlib.Path(folder) / "-".join([package, *extra]).replace("--", ""))


def is_built(binary, mode, shape):
    if binary is None:
        return False
    probe = subprocess.run([binary, mode, "1", *shape], capture_output=True, text=True)
    if probe.returncode not in (0, NOT_BUILT):
        sys.exit(f"{binary} {mode}: exit code {probe.returncode}\n{probe.stderr}")
    return probe.returncode == 0


def count_instructions(binary, mode, shape, options):
    """The median of as many runs as are timed: some peers seed their hash maps anew in each process, which shows."""
    few, many = options.counts
    runs = (collected(binary, mode, many, shape) - collected(binary, mode, few, shape) for _ in range(options.runs))
    each = statistics.median(runs) / (many - few)
    if each < PLAUSIBLE:
        sys.exit(f"{mode}: {each:.0f} instructions a request; callgrind did not see the requests")
    return each


def collected(binary, mode, count, shape):
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    run = subprocess.run([*valgrind, binary, mode, str(count), *shape], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected\s*:\s*(\d+)", run.stderr)[1])


def count_allocations(binary, mode, shape):
    if binary is None:
        return None
    run = subprocess.run([binary, mode, "5000", *shape, "--allocations"], capture_output=True, text=True)
    return figure(run.stdout) if run.returncode == 0 else None


def take_times(binaries, modes, shape, options):
    """The modes take turns, so that a slow minute of the machine falls on all of them."""
    times = {mode: [] for mode in modes}
    for _ in range(options.runs):
        for package, mode in modes:
            run = [binaries[package], mode, str(options.requests), *shape]
            printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
            times[package, mode].append(figure(printed))
    return {mode: statistics.median(taken) for mode, taken in times.items()}


def figure(line):
    return float(line.split()[-2])


def table(instructions, allocations, times):
    heads = ["", "mode", "instructions/request", "over bare", *(f"÷ {name}" for name in YARDSTICKS)]
    heads += ["allocations/request", "over bare", "ns/request", "over bare"]
    rows = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    rows += [row(package, mode, instructions, allocations, times) for package in MODES for mode in MODES[package]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(package, mode, instructions, allocations, times):
    key = (package, mode)
    if key not in instructions:
        return [package, f"`{mode}`", "not built", *["–"] * (len(YARDSTICKS) + 5)]
    over = over_bare(instructions, key)
    ratios = [over and ratio(over, over_bare(instructions, ("peers", name))) for name in YARDSTICKS]
    return [
        package, f"`{mode}`", number(instructions[key]), number(over), *(part or "–" for part in ratios),
        number(allocations[key], 1), number(over_bare(allocations, key), 1),
        number(times[key]), number(over_bare(times, key)),
    ]


def over_bare(figures, key):
    """What the mode adds to the bare router of its own binary; None for the bare router itself, or if either lacks."""
    bare = figures.get((key[0], "bare"))
    if key[1] == "bare" or bare is None or figures.get(key) is None:
        return None
    return figures[key] - bare


def ratio(part, whole):
    return f"{part / whole:.2f}×" if whole else "–"


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def heading(options):
    few, many = options.counts
    return "\n".join([
        f"# What a request costs, {datetime.date.today().isoformat()}",
        "",
        f"Medians of {options.runs} runs. Instructions: callgrind, ({many} requests − {few} requests) / {many - few}. "
        f"Time: {options.requests:,} requests a run, the modes taking turns, on {cpu()}.",
        "",
        f"{output('rustc', '--version')} · {output('valgrind', '--version')} · {versions()}",
    ])


def versions():
    """The peers' lock file, and where the other one differs in a crate that both use."""
    peers, ours = locked(PEERS / "Cargo.lock"), locked(ROOT / "Cargo.lock")
    return " · ".join(
        f"{name} {', '.join(peers[name])}" + (f" (cupola: {', '.join(ours[name])})" if differs(name, peers, ours) else "")
        for name in LOCKED if name in peers
    )


def locked(path):
    found = {}
    for package in tomllib.loads(path.read_text())["package"]:
        found.setdefault(package["name"], []).append(package["version"])
    return found


def differs(name, peers, ours):
    return name in ours and peers[name] != ours[name]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def cpu():
    found = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else "an unnamed processor"


def print_notes(present):
    missing = [f"{package} `{mode}`" for package in MODES for mode in MODES[package] if (package, mode) not in present]
    if missing:
        print(f"\nNot built: {', '.join(missing)}. The binary does not hold the mode, or did not build.")


if __name__ == "__main__":
    main()
