#!/usr/bin/env python3
"""Asks a Prometheus every question of cupola.json: `ask.py http://127.0.0.1:9090`.

Each has to be understood, and each has to find something, unless the panel says that there is often nothing. Those of `--without ROW` may find nothing
at all: whoever has no language models has no numbers of them.
"""

import argparse
import json
import pathlib
import sys
import urllib.parse
import urllib.request

FILLED = {"$instance": ".*", "$route": ".*", "$service": ".*", "$__rate_interval": "30s", "$__range": "5m"}


def ask(server, expression):
    query = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"{server}/api/v1/query?{query}", timeout=10) as response:
            return json.load(response)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"not understood: {expression}: {error.read().decode()}") from error


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("server")
    options.add_argument("--without", action="append", default=[], metavar="ROW")
    options = options.parse_args()
    dashboard = json.loads(pathlib.Path(__file__).with_name("cupola.json").read_text())
    row, asked, empty = "", 0, []
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in FILLED.items():
                expression = expression.replace(name, value)
            asked += 1
            if not ask(options.server, expression) and "description" not in panel and row not in options.without:
                empty.append(f"{row}: {panel['title']}: {expression}")
    for one in empty:
        print(f"finds nothing: {one}")
    print(f"{asked} questions, {len(empty)} of which should have found something")
    sys.exit(bool(empty))


main()
