#!/usr/bin/env python3
"""Compares what it costs to redact JSON here, and in the ways that are usual elsewhere.

Builds `redact` of this package and of `benches/peers` in release mode, and prints Markdown: gigabytes a second on the
processor (the best of several runs, the modes taking turns), instructions a byte under callgrind (two runs of different
length, subtracted), and ratios to a `serde_json::Value` walk.
Needs cargo and valgrind. With `--check` it fails where a figure that does not depend on the machine is over its bound.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ["serde_json", "simd-json", "sonic-rs", "regex"]
OURS = ["copy", "names", "stream", "patterns", "capture"]
BODIES = {"api": 20000, "large": 30, "chat": 600}
# Instructions a byte that a change may not exceed: a little above what was measured.
BOUNDS = {("names", "api"): 13.0, ("stream", "api"): 15.5, ("patterns", "api"): 18.5, ("names", "chat"): 7.8}


def main():
    options = arguments()
    ours = build(["-p", "cupola-benches"], ROOT / "target")
    peers = None if options.check else build(["--manifest-path", str(ROOT / "benches/peers/Cargo.toml")],
                                             ROOT / "benches/peers/target")
    if options.check:
        check(ours)
        return
    for body, rounds in BODIES.items():
        modes = [(ours, mode) for mode in OURS] + [(peers, mode) for mode in PEERS]
        speeds = {mode: 0.0 for _, mode in modes}
        for _ in range(options.runs):
            for binary, mode in modes:
                share = 10 if binary == peers else 1
                speeds[mode] = max(speeds[mode], speed(binary, mode, body, max(1, rounds // share)))
        print(f"\n## {body}\n\n| mode | GB/s | ÷ serde_json | instructions/byte |\n| --- | ---: | ---: | ---: |")
        for binary, mode in modes:
            ratio = speeds[mode] / speeds["serde_json"]
            print(f"| `{mode}` | {speeds[mode]:.3f} | {ratio:.1f}× | {instructions(binary, mode, body):.2f} |")
    head(ours, options.runs)


def head(binary, runs):
    times = [int(run(binary, "head", "api", 20000)[2]) / 20000 for _ in range(runs)]
    print(f"\nFifteen headers and a URL: {min(times):.0f} ns")


def check(binary):
    failed = False
    for (mode, body), bound in BOUNDS.items():
        found = instructions(binary, mode, body)
        print(f"{mode} {body}: {found:.2f} instructions a byte, at most {bound}")
        failed |= found > bound
    sys.exit(1 if failed else 0)


def build(arguments, target):
    subprocess.run(["cargo", "build", "--release", "-q", "--bin", "redact", *arguments], check=True, cwd=ROOT)
    return target / "release" / "redact"


def run(binary, mode, body, rounds):
    return subprocess.run([binary, mode, body, str(rounds)], check=True, capture_output=True, text=True).stdout.split()


def speed(binary, mode, body, rounds):
    size, count, nanoseconds = map(int, run(binary, mode, body, rounds))
    return size * count / nanoseconds if nanoseconds else 0.0


def instructions(binary, mode, body):
    few, many = (4, 12) if body == "large" else (20, 60) if body == "chat" else (100, 300)
    size = int(run(binary, mode, body, 1)[0])
    return (count(binary, mode, body, many) - count(binary, mode, body, few)) / (many - few) / size


def count(binary, mode, body, rounds):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, mode, body, str(rounds)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", text).group(1))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="how often each mode is timed")
    parser.add_argument("--check", action="store_true", help="only count instructions, and fail where they exceed bounds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
