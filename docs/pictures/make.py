#!/usr/bin/env python3
"""Makes the README's pictures of a terminal: runs the demo, runs the real `cupola` on its files, and draws what that printed.

    python3 -m venv target/pictures && target/pictures/bin/pip install rich pillow
    target/pictures/bin/python docs/pictures/make.py

Needs cargo, rich, pillow, a Chromium (`--chromium`), and DejaVu Sans Mono. A line that is too wide is broken where the terminal would break it.
"""

import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLUMNS = 108
PICTURES = {
    "view": ["view", "level>=warn or (status=2xx and duration_ms>500)", "-n", "22", "--fields", "user_id,query,error", "-q"],
    "stats": ["stats", "-n", "6"],
}
COLORS = {
    "dark": (40, 42, 54), "light": (220, 223, 228),
    "normal": [(62, 68, 81), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194), (220, 223, 228)],
}
THEME = TerminalTheme(COLORS["dark"], COLORS["light"], COLORS["normal"])
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0; background: transparent; }}
main {{ display: block; background: #282a36; color: #dcdfe4; border-radius: 9px; padding: 10px 18px 16px; }}
header {{ display: flex; gap: 7px; padding: 2px 0 12px; }}
header i {{ width: 11px; height: 11px; border-radius: 50%; }}
pre {{ margin: 0; font: 13px/15px "DejaVu Sans Mono", monospace; }}
</style><main><header><i style="background:#ff5f57"></i><i style="background:#febc2e"></i><i style="background:#28c840"></i></header>
<pre>{text}</pre></main>"""
PADDING = (36, 51)
CELL = (7.83, 15)


def main():
    options = arguments()
    subprocess.run(["cargo", "build", "-q", "-p", "cupola-cli", "-p", "vm-provisioner"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run_demo(folder, options.seconds)
        for name, arguments_ in PICTURES.items():
            draw(name, shown(folder, arguments_), options.chromium, folder)


def run_demo(folder, seconds):
    """A service under traffic, which leaves its logs in the folder."""
    demo = [ROOT / "target/debug/vm-provisioner", "--listen", "127.0.0.1:0", "--data", folder / "data", "--traffic", "--traffic-for", str(seconds)]
    subprocess.run(demo, cwd=folder, env={**os.environ, "LOG_DIR": "logs"}, stdout=subprocess.DEVNULL, check=True)


def shown(folder, arguments_):
    """What the command prints on a terminal of so many columns, the prompt above it."""
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TZ": "UTC"}
    command = [ROOT / "target/debug/cupola", *arguments_, "--color", "always"]
    printed = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True).stdout.decode()
    return f"\x1b[32m$\x1b[0m \x1b[1mcupola {shlex.join(arguments_)}\x1b[0m\n{printed}"


def draw(name, text, chromium, folder):
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True, legacy_windows=False, color_system="truecolor")
    for line in text.splitlines():
        console.print(Text.from_ansi(line), soft_wrap=False, overflow="fold", highlight=False)
    html = console.export_html(theme=THEME, inline_styles=True, code_format="{code}")
    page = folder / f"{name}.html"
    page.write_text(PAGE.format(text=html.rstrip("\n")))
    lines = re.sub("<[^>]*>", "", html).rstrip("\n").count("\n") + 1
    size = f"{round(COLUMNS * CELL[0]) + PADDING[0]},{lines * CELL[1] + PADDING[1]}"
    picture = ROOT / "docs/pictures" / f"{name}.png"
    subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1.5",
                    "--default-background-color=00000000", f"--window-size={size}", f"--screenshot={picture}", page.as_uri()],
                   check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    # Few colours make a small file.
    Image.open(picture).quantize(48, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(picture, optimize=True)
    print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size / 1024:.0f} KiB")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=45, help="how long the demo runs")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome") or "chromium")
    return parser.parse_args()


if __name__ == "__main__":
    main()
