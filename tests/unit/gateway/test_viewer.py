"""The viewer's pages and their headers."""

import gzip
from pathlib import Path

import httpx
import pytest

from farhand.gateway.viewer import page_policy, viewer_app

SCRIPT = b"export const one = 1;\n" * 100


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "secret").write_text("not served")
    folder = tmp_path / "dist"
    (folder / "index.html").write_text("<!doctype html><title>Farhand</title>")
    (folder / "console.html").write_text("<title>Console</title>")
    (folder / "assets" / "index-Ab3dEf9_.js").write_bytes(SCRIPT)
    return folder


def client(folder: Path | None, *, trusted: bool = False) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(viewer_app(folder, trusted_tls=trusted))
    return httpx.AsyncClient(transport=transport, base_url="https://gateway.example:8443")


async def test_the_page_may_load_nothing_but_its_own(bundle: Path) -> None:
    async with client(bundle) as browser:
        answer = await browser.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["connect-src"] == "'self' ws://gateway.example:8443 wss://gateway.example:8443"
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/console", "/console.html"])
async def test_the_console_may_do_still_less(bundle: Path, path: str) -> None:
    async with client(bundle) as browser:
        answer = await browser.get(path)
    assert answer.text == "<title>Console</title>"
    [said] = answer.headers.get_list("content-security-policy")
    policy = dict(part.split(" ", 1) for part in said.split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["trusted-types"] == "lit-html"
    assert "unsafe" not in said
    assert "worker-src" not in policy


@pytest.mark.parametrize("path", ["/", "/console", "/assets/index-Ab3dEf9_.js", "/nowhere", "/healthz"])
async def test_every_answer_is_guarded(bundle: Path, path: str) -> None:
    async with client(bundle) as browser:
        headers = (await browser.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "content-security-policy" in headers
    assert "server" not in headers
    assert "strict-transport-security" not in headers


async def test_hsts_comes_with_a_certificate_that_browsers_trust(bundle: Path) -> None:
    async with client(bundle, trusted=True) as browser:
        assert "max-age" in (await browser.get("/")).headers["strict-transport-security"]


async def test_hashed_files_are_kept_and_compressed(bundle: Path) -> None:
    async with client(bundle) as browser:
        plain = await browser.get("/assets/index-Ab3dEf9_.js", headers={"accept-encoding": "identity"})
        packed = await browser.send(
            browser.build_request("GET", "/assets/index-Ab3dEf9_.js", headers={"accept-encoding": "gzip"}), stream=True
        )
        raw = b"".join([part async for part in packed.aiter_raw()])
        again = await browser.get("/assets/index-Ab3dEf9_.js", headers={"if-none-match": plain.headers["etag"]})
    assert plain.content == SCRIPT
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == SCRIPT
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/../secret", "/..%2fsecret", "/assets/../../secret", "//etc/passwd", "/assets/"])
async def test_no_path_leads_out_of_the_bundle(bundle: Path, path: str) -> None:
    async with client(bundle) as browser:
        answer = await browser.get(httpx.URL("https://gateway.example:8443").copy_with(raw_path=path.encode()))
    assert answer.status_code == 404
    assert b"not served" not in answer.content


async def test_a_gateway_without_a_viewer_has_no_pages() -> None:
    async with client(None) as browser:
        assert (await browser.get("/")).status_code == 404
        assert (await browser.get("/healthz")).text == "farhand\n"
        assert (await browser.post("/healthz")).status_code == 405


@pytest.mark.parametrize("host", ["a b", "evil.example; script-src *", "x\r\ny", ""])
def test_a_host_header_cannot_widen_the_policy(host: str) -> None:
    assert "connect-src 'self';" in page_policy(host)


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert "ws://[2001:db8::1]:8443" in page_policy("[2001:db8::1]:8443")
