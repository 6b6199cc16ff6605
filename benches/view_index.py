#!/usr/bin/env python3
"""Measures how soon `cupola view` has what is asked for of a large log, with and without the index beside it.

Takes a log (`--log FILE`, of lines like those of Cupola's writer), or writes one of `--size` bytes, builds `cupola` in release mode, makes the
index, and prints Markdown: wall milliseconds up to the first byte or to the end, and processor milliseconds, medians of several runs.
What is found must be the same with and without. With `--check` that is all that is done, on a small log.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import view


def main():
    options = arguments()
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "cupola-cli"], cwd=view.ROOT, check=True)
    cupola = str(view.ROOT / "target/release/cupola")
    with tempfile.TemporaryDirectory() as folder:
        log = options.log
        if log is None:
            log = str(pathlib.Path(folder) / "access.log")
            view.write_log(log, 4 << 20 if options.check else options.size)
        request, minute = of_the_middle(log)
        questions = {
            "one request id": ["view", log, "--request", request, "--json"],
            "one minute": ["view", log, "--since", f"{minute}:00Z", "--until", f"{minute}:59.999999Z", "--json"],
            "one trace": ["trace", request, log],
        }
        plain = {name: measure([cupola, *question], 1) for name, question in questions.items()}
        subprocess.run([cupola, "index", "-q", log], check=True)
        indexed = {name: measure([cupola, *question], 1) for name, question in questions.items()}
        for name in questions:
            if plain[name].said != indexed[name].said:
                sys.exit(f"{name}: not the same with the index")
        if options.check:
            return
        report("with the index", {name: measure([cupola, *question], options.runs) for name, question in questions.items()})
        report("without", plain)
        firsts = {
            "first line, formatted": ["view", log, "--color", "always"],
            "first error": ["view", log, "--level", "error"],
            "last 50 lines": ["view", log, "-n", "50"],
        }
        report("on the screen", {name: measure([cupola, *first], options.runs, is_first=True) for name, first in firsts.items()})


class Measured:
    def __init__(self):
        self.wall, self.cpu, self.said = [], [], None


def measure(command, runs, is_first=False):
    """Of a first byte the processor time is not told: the command is ended there."""
    found = Measured()
    for _ in range(runs):
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        said = child.stdout.read(1) if is_first else child.stdout.read()
        found.wall.append(time.monotonic() - start)
        if is_first:
            child.kill()
        child.stdout.close()
        _, _, used = os.wait4(child.pid, 0)
        found.cpu.append(used.ru_utime + used.ru_stime)
        found.said = None if is_first else said
    return found


def of_the_middle(log):
    """The request id of a line in the middle, and the minute in which it was written."""
    with open(log, "rb") as file:
        file.seek(os.path.getsize(log) // 2)
        file.readline()
        line = file.readline().decode()
        while '"request_id":"' not in line:
            line = file.readline().decode()
    return line.split('"request_id":"')[1].split('"')[0], line[14:30]


def report(title, measured):
    print(f"\n## {title}\n\n| | wall ms | CPU ms |\n| --- | ---: | ---: |")
    for name, found in measured.items():
        cpu = "" if found.said is None else f"{statistics.median(found.cpu) * 1000:.0f}"
        print(f"| {name} | {statistics.median(found.wall) * 1000:.0f} | {cpu} |")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", help="a log to look at; its index is made beside it")
    parser.add_argument("--size", type=int, default=1 << 30, help="the bytes of the log that is written without one")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--check", action="store_true", help="only whether the answers are the same, on a small log")
    return parser.parse_args()


if __name__ == "__main__":
    main()
