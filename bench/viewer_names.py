"""How long the viewer's page stands still while a folder of 50,000 names is opened, read again and sorted.

    python bench/viewer_names.py [--runs 7] [--browser /usr/bin/chromium-headless-shell] [--json]

For each step in Chromium: milliseconds until it is seen, and the longest that the page did nothing else; medians, best
and worst of the runs. The host is made up (viewer/tests/browser/timing.ts); its batches of 1,000 names come as fast as
they are taken.
"""

import argparse
import contextlib
import functools
import http.server
import json
import statistics
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

VIEWER = Path(__file__).parents[1] / "viewer"
BUILT = VIEWER / "node_modules" / ".files"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def _served() -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=BUILT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/tests/browser/files.html"
        server.shutdown()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--browser", default="/usr/bin/chromium-headless-shell")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    subprocess.run(["npm", "run", "--silent", "build:files"], cwd=VIEWER, check=True, capture_output=True)
    found: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(options.runs):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(address)
            page.wait_for_function("document.title === 'ready'")
            for step in page.evaluate("stage.steps()"):
                found[step["names"], step["step"]].append((step["whole"], step["longest"]))
            page.close()
        browser.close()
    for (names, step), runs in found.items():
        whole, longest = zip(*runs, strict=True)
        row = {
            "names": names,
            "step": step,
            "whole": round(statistics.median(whole), 1),
            "longest": round(statistics.median(longest), 1),
            "best": round(min(longest), 1),
            "worst": round(max(longest), 1),
        }
        told = f"{names:9} {step:16} {row['whole']:8} ms, at once {row['longest']:6} ({row['best']} to {row['worst']})"
        print(json.dumps(row) if options.json else told)


if __name__ == "__main__":
    main()
