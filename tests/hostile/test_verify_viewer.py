"""`farhand verify-viewer` names what a gateway changed in the viewer, and what would let other scripts in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.integration.gateway_kit import GatewayKit

from farhand.cli import verifying
from farhand.cli.exits import CliError, Exit
from farhand.client import bundle
from farhand.client.bundle import Manifest, digests
from farhand.gateway.viewer import viewer_app
from farhand.transports.base import Unreachable

Header = tuple[bytes, bytes]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A release's bundle."""
    folder = tmp_path / "released"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><script src=/assets/index-abcdefgh.js></script>")
    (folder / "console.html").write_text("<!doctype html>the console")
    (folder / "assets" / "index-abcdefgh.js").write_text("start();" * 500)
    return folder


def manifest_of(folder: Path) -> Manifest:
    return Manifest("9.9.9", digests(folder))


async def verify(monkeypatch: pytest.MonkeyPatch, released: Path, served: Path, change: Callable | None = None) -> list:  # type: ignore[type-arg]
    """What differs where ``served`` is served, each answer's headers changed."""
    pages = viewer_app(served, trusted_tls=False)

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  an ASGI application
        async def sending(message) -> None:  # type: ignore[no-untyped-def]
            if change is not None and message["type"] == "http.response.start":
                message["headers"] = change(message["headers"])
            await send(message)

        await pages(scope, receive, sending)

    made = httpx.AsyncClient

    def client(**options) -> httpx.AsyncClient:  # type: ignore[no-untyped-def]
        options.pop("verify")
        return made(transport=httpx.ASGITransport(app), **options)

    monkeypatch.setattr(bundle.httpx, "AsyncClient", client)
    report = await bundle.verify("http://gateway.example", manifest_of(released))
    assert report.compared == 3
    return report.differences


async def test_the_same_files_are_the_same(monkeypatch: pytest.MonkeyPatch, released: Path) -> None:
    assert await verify(monkeypatch, released, released) == []


async def test_one_changed_byte_is_named(monkeypatch: pytest.MonkeyPatch, released: Path, tmp_path: Path) -> None:
    served = tmp_path / "served"
    shutil.copytree(released, served)
    script = served / "assets" / "index-abcdefgh.js"
    script.write_text(script.read_text().replace("start", "steal", 1))
    (served / "console.html").unlink()
    found = await verify(monkeypatch, released, served)
    assert [(one.name, one.what) for one in found] == [
        ("assets/index-abcdefgh.js", "differs"),
        ("console.html", "is not served (HTTP status 404)"),
    ]
    assert found[0].expected == digests(released)["assets/index-abcdefgh.js"]
    assert found[0].found == digests(served)["assets/index-abcdefgh.js"]


def without(name: bytes) -> Callable[[list[Header]], list[Header]]:
    return lambda headers: [one for one in headers if one[0] != name]


def with_also(name: bytes, value: bytes) -> Callable[[list[Header]], list[Header]]:
    return lambda headers: [*headers, (name, value)]


def policy(before: bytes, after: bytes) -> Callable[[list[Header]], list[Header]]:
    return lambda headers: [(n, v.replace(before, after) if n == b"content-security-policy" else v) for n, v in headers]


@pytest.mark.parametrize(
    "change",
    [
        without(b"content-security-policy"),
        policy(b"script-src 'self'", b"script-src 'self' https://evil.example"),
        policy(b"script-src 'self' 'wasm-unsafe-eval'", b"script-src 'unsafe-inline'"),
        policy(b"require-trusted-types-for 'script'", b""),
        with_also(b"refresh", b"0;url=https://evil.example"),
        with_also(b"link", b"<https://evil.example/a.js>; rel=modulepreload"),
        with_also(b"service-worker-allowed", b"/"),
    ],
    ids=["no-policy", "other-scripts", "inline", "no-trusted-types", "refresh", "link", "service-worker"],
)
async def test_right_files_with_wrong_headers_are_named(
    monkeypatch: pytest.MonkeyPatch, released: Path, change: Callable[[list[Header]], list[Header]]
) -> None:
    assert "index.html" in [one.name for one in await verify(monkeypatch, released, released, change)]


async def test_a_gateway_that_is_away_proves_nothing() -> None:
    with pytest.raises(Unreachable):
        await bundle.verify("http://127.0.0.1:9", Manifest("1", {"index.html": "0" * 64}))


async def test_the_verb_names_files_and_ends_with_7(
    monkeypatch: pytest.MonkeyPatch, released: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with GatewayKit(viewer=released) as kit:
        expected = manifest_of(released)
        assert (await verifying._verify(kit.address, None, expected)).differences == []
        false = Manifest("9.9.9", expected.files | {"index.html": "0" * 64})
        report = await verifying._verify(kit.address, None, false)
    monkeypatch.setattr(verifying, "manifest", lambda: false)
    monkeypatch.setattr(verifying, "_verify", lambda *_: None)
    monkeypatch.setattr(verifying, "run", lambda _: report)
    with pytest.raises(CliError) as caught:
        verifying.verify_viewer(kit.address, None, machine=True)
    assert caught.value.code == Exit.IDENTITY
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["compared"], [one["file"] for one in told["differences"]]) == (False, 3, ["index.html"])
