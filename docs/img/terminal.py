#!/usr/bin/env python3
"""A picture of a terminal: reads what `tmux capture-pane -p -e` writes, and writes an SVG.

    cargo run -p cupola-dashboard --example pages -- 127.0.0.1:8089
    tmux new-session -d -s top -x 120 -y 36 'cupola top --server http://127.0.0.1:8089 --range 1h'
    sleep 8; tmux capture-pane -t top -p -e | docs/img/terminal.py >docs/img/top.svg; tmux kill-session -t top
"""

import re
import sys
from html import escape
from unicodedata import east_asian_width

INK, PAPER = "#d7dce5", "#0f141c"
COLOURS = ["#3a4252", "#f2777a", "#7fc98f", "#e5b95c", "#7aa2f7", "#c792ea", "#5fc5c9", "#d7dce5"]
WIDTH, HEIGHT, EDGE = 8.0, 17, 14
# Plain spaces beside each other would be one.
NO_BREAK = "\u00a0"


def changed(style, codes):
    """The style after a sequence of SGR codes."""
    codes = iter(codes)
    for code in codes:
        if code == 0:
            style = {}
        elif code in (1, 2, 7):
            style = {**style, code: True}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = {**style, "ink": COLOURS[code % 10]}
        elif code in (38, 48):
            kind, number = next(codes), next(codes)
            if code == 38 and kind == 5 and number < 16:
                style = {**style, "ink": COLOURS[number % 8]}
        elif code == 39:
            style = {name: value for name, value in style.items() if name != "ink"}
    return style


def runs(line, style):
    """The texts of a line, each with its column and style; and the style at its end."""
    column, found = 0, []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style = changed(style, [int(code or 0) for code in part[2:-1].split(";")])
        elif part:
            width = sum(2 if east_asian_width(char) in "WF" else 1 for char in part)
            found.append((column, width, part, style))
            column += width
    return found, style


def drawn(row, column, width, text, style):
    ink, x, y = style.get("ink", INK), EDGE + column * WIDTH, EDGE + row * HEIGHT
    shapes = ""
    if style.get(7):
        shapes, ink = f'<rect x="{x:g}" y="{y}" width="{width * WIDTH:g}" height="{HEIGHT}" fill="{ink}"/>', PAPER
    if text.strip():
        more = ' font-weight="700"' if style.get(1) else ' fill-opacity=".62"' if style.get(2) and not style.get(7) else ""
        shapes += f'<text x="{x:g}" y="{y + 13}" textLength="{width * WIDTH:g}" fill="{ink}"{more}>{escape(text).replace(" ", NO_BREAK)}</text>'
    return shapes


lines, style, shapes = sys.stdin.read().rstrip("\n").split("\n"), {}, []
columns = 0
for row, line in enumerate(lines):
    found, style = runs(line, style)
    shapes += [drawn(row, *run) for run in found]
    columns = max([columns, *(column + width for column, width, *_ in found)])
size = f'width="{columns * WIDTH + 2 * EDGE:g}" height="{len(lines) * HEIGHT + 2 * EDGE}"'
print(f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13">')
print(f'<rect width="100%" height="100%" rx="9" fill="{PAPER}"/>')
print("\n".join(shape for shape in shapes if shape))
print("</svg>")
