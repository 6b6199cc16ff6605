#!/usr/bin/env python3
"""Compares what a call costs under Cupola's client and under the middleware that a user would assemble instead.

Builds `client` of this package and of `benches/peers` in release mode, and counts instructions a call under callgrind: two
runs of different length, subtracted, so that start-up falls out. "Over bare" is over reqwest alone, in the same binary.
Needs cargo and valgrind. With `--check` short runs only, and no table: whether all of it works.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "benches" / "peers"
MODES = {"peers": ["bare", "silent", "middleware", "metrics"], "cupola": ["bare", "around", "cupola"]}
BUILD = {"peers": ["--manifest-path", str(PEERS / "Cargo.toml")], "cupola": ["-p", "cupola-benches"]}
BINARY = {"peers": PEERS / "target" / "release" / "client", "cupola": ROOT / "target" / "release" / "client"}
FEW, MANY = 200, 1200
# The stack that the ratio is given to: what writes a line of each call and counts it, as ours does.
YARDSTICK = ("peers", "metrics")


def main():
    for package in MODES:
        command = ["cargo", "build", "--release", "-q", "--bin", "client", *BUILD[package]]
        subprocess.run(command, cwd=ROOT, check=True)
    if "--check" in sys.argv[1:]:
        for package, modes in MODES.items():
            for mode in modes:
                subprocess.run([BINARY[package], mode, "50"], check=True, stdout=subprocess.DEVNULL)
        return
    counts = {(package, mode): count(package, mode) for package in MODES for mode in MODES[package]}
    over = {key: counts[key] - counts[(key[0], "bare")] for key in counts}
    print("| package | client | instructions a call | over bare | of the peers' |")
    print("|---|---|---|---|---|")
    for key in counts:
        ratio = f"{over[key] / over[YARDSTICK]:.2f}" if over[key] else ""
        print(f"| {key[0]} | {key[1]} | {counts[key]:,.0f} | {over[key]:,.0f} | {ratio} |")


def count(package, mode):
    few, many = (instructions(package, mode, calls) for calls in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def instructions(package, mode, calls):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", BINARY[package], mode, str(calls)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", said).group(1))


if __name__ == "__main__":
    main()
