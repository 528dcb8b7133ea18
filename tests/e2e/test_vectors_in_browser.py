"""Every vector of spec/vectors, run by the viewer's own code in Chromium."""

import contextlib
import functools
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

VIEWER = Path(__file__).parents[2] / "viewer"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, under the policy that the viewer's page has, and logs nothing."""

    def end_headers(self) -> None:
        """Add the headers."""
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where the built page of vectors is served."""
    subprocess.run(["npm", "run", "--silent", "build:vectors"], cwd=VIEWER, check=True, capture_output=True)
    handler = functools.partial(Quiet, directory=str(VIEWER / "node_modules" / ".vectors"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/tests/browser/vectors.html"
        server.shutdown()
        thread.join()


def test_every_vector_passes_in_chromium(chromium: Browser, address: str) -> None:
    with contextlib.closing(chromium.new_page()) as page:
        page.goto(address)
        page.wait_for_function("document.title !== 'running'", timeout=60_000)
        found = re.fullmatch(r"passed (\d+), failed (\d+)", page.title())
        assert found, page.title()
        assert found[2] == "0", page.text_content("body")
        assert int(found[1]) > 400
