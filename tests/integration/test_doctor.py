"""The doctor on the way to a gateway: each thing that can be in it is put there for real, and named."""

import asyncio
import datetime
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.integration.gateway_kit import GatewayKit
from websockets.sync.server import ServerConnection, serve

from farhand.cli import checks, checks_gateway
from farhand.cli.findings import Finding
from farhand.gateway.settings import Tls
from farhand.gateway.tls import own_certificate


def look(url: str, pin: bytes | None = None, **more: object) -> dict[str, Finding]:
    """What the doctor finds, by what it looked at."""
    return {one.check: one for one in checks_gateway.gateway(url, pin, environment={}, **more)}  # type: ignore[arg-type]


@contextmanager
def answering(serve_one: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does one thing with each connection; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                serve_one(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def says(answer: bytes) -> Callable[[socket.socket], None]:
    def serve_one(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    return serve_one


def page(status: str, *headers: str, body: str = "<html>Please log in</html>") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


async def test_a_gateway() -> None:
    async with GatewayKit(registration="") as kit:
        found = await asyncio.to_thread(look, kit.address)
        assert {name: one.ok for name, one in found.items()} == {"gateway": True, "clock": True}
        port = kit.gateway.port
        assert (await asyncio.to_thread(checks._port, "127.0.0.1", port)).ok, "it is ours"


async def test_the_gateway_of_a_computer_of_its_own() -> None:
    async with GatewayKit() as kit:
        found = await asyncio.to_thread(look, kit.address)
    assert found["gateway"].ok
    assert "takes no other hosts" in found["gateway"].text


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    found = look(f"http://127.0.0.1:{port}")
    assert "the port is closed" in found["gateway"].text
    assert str(port) in found["gateway"].text
    assert "farhand gateway" in found["gateway"].cure


def test_a_name_that_leads_nowhere_and_an_address_that_is_none() -> None:
    assert "leads nowhere" in look("https://gateway.invalid")["gateway"].text
    assert not look("gateway.example")["gateway"].ok


def test_a_port_that_swallows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_gateway, "STEP_SECONDS", 0.2)
    # A listener whose queue is full drops what comes: as a firewall does.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        found = look(f"http://127.0.0.1:{port}")
        for one in waiting:
            one.close()
    assert "does not answer" in found["gateway"].text
    assert "firewall" in found["gateway"].cure


def test_something_takes_the_connection_and_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_gateway, "STEP_SECONDS", 0.2)
    with answering(lambda connection: connection.recv(4096) and connection.recv(4096)) as port:
        found = look(f"http://127.0.0.1:{port}")
    assert "does not answer" in found["proxy"].text


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (page("200 OK", "Content-Type: text/html; charset=utf-8"), "answers with a page (HTTP 200)"),
        (page("407 Proxy Authentication Required", "Proxy-Authenticate: Basic"), "wants a log-in first"),
        (page("302 Found", "Location: http://portal.example/"), "sends on to another address (HTTP 302)"),
        (page("502 Bad Gateway", "Via: 1.1 squid.example"), "via '1.1 squid.example'"),
        (page("426 Upgrade Required", "Content-Type: text/plain"), "alters WebSockets (HTTP 426)"),
        (page("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", body=""), "alters WebSockets"),
    ],
    ids=["page", "log-in", "redirect", "via", "no upgrade", "wrong key"],
)
def test_a_proxy_in_the_way(answer: bytes, text: str) -> None:
    with answering(says(answer)) as port:
        found = look(f"http://127.0.0.1:{port}")
    assert text in found["proxy"].text
    assert found["proxy"].cure


def test_another_server() -> None:
    with answering(says(page("404 Not Found", "Content-Type: text/plain"))) as port:
        assert "HTTP 404" in look(f"http://127.0.0.1:{port}")["gateway"].text
    with answering(says(b"SSH-2.0-OpenSSH_9.6\r\n")) as port:
        assert "does not speak HTTP" in look(f"http://127.0.0.1:{port}")["proxy"].text

    def hello(connection: ServerConnection) -> None:
        connection.send("hello")

    with serve(hello, "127.0.0.1", 0, subprotocols=["farhand.1"]) as server:  # type: ignore[list-item]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found = list(checks_gateway.gateway(f"http://127.0.0.1:{server.socket.getsockname()[1]}", None, environment={}))
        server.shutdown()
        thread.join(5)
    assert "does not speak as a Farhand gateway" in found[-1].text


def test_a_proxy_that_the_environment_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    environment = {"HTTPS_PROXY": "http://user:hunter2@proxy.example:3128"}
    found = list(checks_gateway.gateway(f"http://127.0.0.1:{port}", None, environment=environment))
    assert [one.check for one in found] == ["gateway", "proxy"]
    assert "proxy.example" in found[1].text
    assert "hunter2" not in found[1].text


async def shifted(kit: GatewayKit, seconds: int) -> dict[str, Finding]:
    """A real gateway, whose Date is moved on the way."""
    date = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    line = date.strftime("Date: %a, %d %b %Y %H:%M:%S GMT").encode()

    relayed = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", kit.gateway.port)
        downstream.write(await reader.readuntil(b"\r\n\r\n"))
        head = await upstream.readuntil(b"\r\n\r\n")
        writer.write(re.sub(rb"(?i)date: [^\r]*", line, head))
        writer.write(await upstream.read(4096))  # the challenge, which is all that the doctor waits for
        await writer.drain()
        for one in (writer, downstream):
            one.close()
        relayed.set()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        found = await asyncio.to_thread(look, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await relayed.wait()
    return found


@pytest.mark.parametrize(("seconds", "text"), [(3600, "behind"), (-3600, "ahead of")])
async def test_a_wrong_clock(seconds: int, text: str) -> None:
    async with GatewayKit(registration="") as kit:
        found = await shifted(kit, seconds)
        assert not found["clock"].ok
        assert re.search(rf"clock is 3\d\d\d s {text} that", found["clock"].text)
        assert (await shifted(kit, 20))["clock"].ok


class TestCertificate:
    async def test_of_its_own(self, tmp_path: Path) -> None:
        tls = own_certificate(tmp_path, ["localhost", "127.0.0.1"], datetime.datetime.now(datetime.UTC))
        shown = hashlib.sha256(
            x509.load_pem_x509_certificate(tls.certificate.read_bytes()).public_bytes(serialization.Encoding.DER)
        ).digest()
        async with GatewayKit(registration="", tls=tls) as kit:
            url = f"https://localhost:{kit.gateway.port}"
            found = (await asyncio.to_thread(look, url))["certificate"]
            assert "is not trusted: self-signed certificate" in found.text
            assert shown.hex()[:8] in found.text
            assert "--fingerprint" in found.cure
            assert (await asyncio.to_thread(look, url, shown))["gateway"].ok
            other = (await asyncio.to_thread(look, url, bytes(32)))["certificate"]
            assert shown.hex()[:8] in other.text
            assert "00000000" in other.text
            assert (await asyncio.to_thread(checks._port, "127.0.0.1", kit.gateway.port)).ok, "it is ours"

    @pytest.mark.parametrize(
        ("name", "days", "cure"),
        [("localhost", -1, "renew it"), ("localhost", 2, ""), ("elsewhere.example", 2, "the name that")],
        ids=["expired", "good", "another name"],
    )
    async def test_that_the_system_trusts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: int, cure: str
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(5)
            .not_valid_before(now - datetime.timedelta(days=9))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        files = tmp_path / "crt", tmp_path / "key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        async with GatewayKit(registration="", tls=Tls(*files)) as kit:
            found = await asyncio.to_thread(look, f"https://localhost:{kit.gateway.port}")
        if cure:
            assert cure in found["certificate"].cure
        else:
            assert found["gateway"].ok

    async def test_where_there_is_none(self) -> None:
        async with GatewayKit(registration="") as kit:
            found = await asyncio.to_thread(look, f"https://127.0.0.1:{kit.gateway.port}")
        assert "speaks no TLS" in found["certificate"].text


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("http://gateway.invalid", False),
        ("http://192.0.2.1:8080", False),
        ("https://gateway.invalid", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
    ],
)
def test_a_page_without_a_secure_context(url: str, secure: bool) -> None:
    found = list(checks_gateway.browser(url))
    assert bool(found) is not secure
    assert secure or "TLS" in found[0].cure


def test_the_verb_in_a_process(tmp_path: Path) -> None:
    """A missing package and a closed port at once: both are named, and the exit code says so."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "av.py").write_text("raise ImportError('libavcodec.so.61: cannot open shared object file')\n")
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-m", "farhand.cli", "doctor", "host", "--json", "--gateway", f"http://127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(broken), "HOME": str(tmp_path), "DISPLAY": ""},
        timeout=50,
    )
    rows = {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1, done.stderr
    assert "libavcodec" in rows["packages"]["text"]
    assert "the port is closed" in rows["gateway"]["text"]
    assert all(row["ok"] or row["cure"] for row in rows.values())
