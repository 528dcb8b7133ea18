"""The doctor on files: each one broken on purpose, and named."""

import json
import os
import time
from pathlib import Path

import pytest
from tests.unit.host.audit_kit import KEYS, written

from farhand.cli import checks_files as files
from farhand.cli.findings import Finding
from farhand.core.config import Paths
from farhand.host.enrolment import enrolled, keep_enrolment, mark_removed, read_enrolment
from farhand.protocol.identity import Keys, Kind

ROOT = bytes(range(32))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path).create()


def put(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    assert finding.ok is not bool(finding.cure)
    return finding


def fresh(now: float | None = None) -> Keys:
    return Keys.generate(Kind.HOST, "office", time.time() if now is None else now, os.urandom)


class TestHostKeys:
    def test_none_and_good_ones(self, paths: Paths) -> None:
        assert list(files.host_keys(paths)) == []
        put(paths.data / "host.keys", fresh().dump())
        assert only(list(files.host_keys(paths))).ok

    @pytest.mark.parametrize("at", [0, 10, 50, 100, 250])
    def test_a_changed_byte(self, paths: Paths, at: int) -> None:
        data = bytearray(fresh().dump())
        data[at] ^= 1
        path = put(paths.data / "host.keys", bytes(data))
        assert str(path) in only(list(files.host_keys(paths))).text

    @pytest.mark.parametrize("content", [b"", b"FHK1"])
    def test_a_cut_file(self, paths: Paths, content: bytes) -> None:
        put(paths.data / "host.keys", content)
        assert "damaged" in only(list(files.host_keys(paths))).text

    def test_others_may_read_it(self, paths: Paths) -> None:
        path = put(paths.data / "host.keys", fresh().dump(), 0o640)
        assert f"chmod 600 {path}" in only(list(files.host_keys(paths))).cure

    def test_a_link(self, paths: Paths, tmp_path: Path) -> None:
        (paths.data / "host.keys").symlink_to(put(tmp_path / "elsewhere", fresh().dump()))
        assert not only(list(files.host_keys(paths))).ok

    def test_too_old_and_a_clock_that_is_years_behind(self, paths: Paths) -> None:
        put(paths.data / "host.keys", fresh(time.time() - 20 * 365 * 86400).dump())
        assert "too old" in only(list(files.host_keys(paths))).text
        put(paths.data / "host.keys", fresh(time.time() + 400 * 86400).dump())
        finding = only(list(files.host_keys(paths)))
        assert finding.check == "clock"
        assert "timedatectl" in finding.cure


class TestEnrolment:
    def enrol(self, paths: Paths, keys: Keys) -> None:
        keep_enrolment(paths.data, enrolled("https://gateway.example", "Office", keys, ROOT, None))

    def test_good(self, paths: Paths) -> None:
        keys = fresh()
        put(paths.data / "host.keys", keys.dump())
        self.enrol(paths, keys)
        assert [one.ok for one in files.host_keys(paths)] == [True, True]

    def test_keys_that_were_changed_since(self, paths: Paths) -> None:
        put(paths.data / "host.keys", fresh().dump())
        self.enrol(paths, fresh())
        assert "with other keys" in list(files.host_keys(paths))[1].text

    def test_removed_at_the_gateway(self, paths: Paths) -> None:
        keys = fresh()
        put(paths.data / "host.keys", keys.dump())
        self.enrol(paths, keys)
        enrolment = read_enrolment(paths.data)
        assert enrolment is not None
        mark_removed(paths.data, enrolment)
        assert "off its list" in list(files.host_keys(paths))[1].text

    def test_damaged(self, paths: Paths) -> None:
        put(paths.data / "host.keys", fresh().dump())
        put(paths.data / "enrolment.json", b"{")
        assert not list(files.host_keys(paths))[1].ok


def test_client_files(paths: Paths) -> None:
    assert list(files.client_files(paths)) == []
    put(paths.data / "client.key", b"nothing")
    put(paths.data / "gateways.json", json.dumps({"gateways": []}).encode(), 0o604)
    put(paths.data / "known_hosts.json", b"{")
    key, gateways, known = files.client_files(paths)
    assert "damaged" in key.text
    assert "chmod 600" in gateways.cure
    assert "restore it" in known.cure


def test_gateway_files(paths: Paths, tmp_path: Path) -> None:
    put(paths.data / "gateway.key", b"-----BEGIN")
    put(paths.data / "registration.token", b"\xff\xfe")
    put(tmp_path / "gateway.secret", bytes(32), 0o644)
    tls, token, secret = files.gateway_files(paths, tmp_path)
    assert ("damaged" in tls.text, "damaged" in token.text) == (True, True)
    assert "chmod 600" in secret.cure


class TestAudit:
    def test_none_sound_and_changed(self, paths: Paths) -> None:
        assert list(files.audit(paths)) == []
        put(paths.data / "host.keys", KEYS.dump())
        written(paths.data / "audit", 5)
        assert only(list(files.audit(paths))).text == "5 entries, sound"
        log = paths.data / "audit" / "000000000000.log"
        log.write_bytes(log.read_bytes().replace(b"person 3", b"person 2"))
        assert "entry 3 was changed" in only(list(files.audit(paths))).text

    def test_sealed_with_other_keys_than_this_host_has(self, paths: Paths) -> None:
        put(paths.data / "host.keys", fresh().dump())
        written(paths.data / "audit", 5)
        assert "another host's key" in only(list(files.audit(paths))).text

    def test_open_to_others_and_hardly_any_room(self, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
        written(paths.data / "audit", 1)
        (paths.data / "audit").chmod(0o755)
        usage = type("Usage", (), {"free": 5 << 20})()
        monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage)
        _, mode, room = files.audit(paths)
        assert "chmod go=" in mode.cure
        assert "5 MiB" in room.text
