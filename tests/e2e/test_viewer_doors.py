"""Hosts without a code, as the page goes to them: keys that no script can read, known hosts, approval, rights, ends."""

import base64
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, expect
from tests.e2e.viewer_pages import Viewer, chord, held, put_away, viewer

from farhand.protocol.certificate import Certificate, Kind
from farhand.protocol.grants import Endorsement, HostProof, fingerprint, sign_endorsement
from farhand.protocol.identity import Keys

Answers = dict[str, tuple[int, Any]]

#: Reads every key of the profile's database, and tries to get a private one out.
READ_KEYS = """async () => {
  const open = indexedDB.open("farhand");
  await new Promise((resolve) => (open.onsuccess = resolve));
  const got = open.result.transaction("keys").objectStore("keys").get("profile");
  await new Promise((resolve) => (got.onsuccess = resolve));
  const { handle } = got.result.key;
  const out = await crypto.subtle.exportKey("pkcs8", handle).then(() => "read", (error) => error.name);
  return [handle.type, handle.extractable, handle.algorithm.name, out];
}"""


class Organisation:
    """A root, a host, and what a gateway answers about it."""

    def __init__(self) -> None:
        self.root = Ed25519PrivateKey.generate()
        self.host = Keys.generate(Kind.HOST, "workshop", time.time(), os.urandom)
        self.id = self.host.host_id.hex()

    def proof(self, static: bytes | None = None) -> str:
        endorsement = Endorsement(
            1,
            self.host.host_id,
            self.host.identity_public,
            static or self.host.static_public,
            "workshop",
            int(time.time()),
        )
        return text(HostProof(sign_endorsement(self.root, endorsement), b"").encode())

    def answers(self) -> Answers:
        return {
            "GET /api/org": (200, {"root": text(self.root.public_key().public_bytes_raw()), "name": "Example"}),
            f"GET /api/hosts/{self.id}/proof": (200, {"name": "workshop", "online": True, "proof": self.proof()}),
            "POST /api/devices": (201, {}),
            f"POST /api/hosts/{self.id}/grant": (200, {"credential": text(b"a credential"), "proof": self.proof()}),
        }


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def organisation() -> Organisation:
    return Organisation()


def test_a_host_is_called_with_keys_that_no_script_can_read(desk: Viewer, organisation: Organisation) -> None:
    answers = organisation.answers()
    answers[f"POST /api/hosts/{organisation.id}/grant"] = (202, {"approval": "a1", "expires_ms": 0})
    answers["GET /api/approvals/a1"] = (200, {"state": "waiting"})
    desk.answer(answers)
    with desk.page.expect_request("**/api/devices") as registering:
        desk.open(f"#host={organisation.id}")
    shown = Certificate.decode(base64.b64decode(registering.value.post_data_json["certificate"]))
    assert shown.kind is Kind.BROWSER
    expect(desk.page.locator("h1")).to_have_text("Waiting for approval")
    assert desk.page.evaluate(READ_KEYS) == ["private", False, "X25519", "InvalidAccessError"]
    given = {"credential": text(b"a credential"), "proof": organisation.proof()}
    answers["GET /api/approvals/a1"] = (200, {"state": "approved", "grant": given})
    [connect] = desk.sent("connect")
    by = connect["target"]["by"]
    assert bytes(by["pin"]) == organisation.host.static_public
    assert bytes(by["credential"]) == b"a credential"
    assert bytes(by["certificate"]) == shown.encoded
    assert bytes(by["key"]["publicKey"]) == shown.static


def test_a_changed_key_stops_everything(desk: Viewer, organisation: Organisation) -> None:
    answers = organisation.answers()
    desk.answer(answers)
    desk.open(f"#host={organisation.id}")
    desk.sent("connect")
    other = os.urandom(32)
    answers[f"GET /api/hosts/{organisation.id}/proof"] = (200, {"name": "<b>w</b>", "proof": organisation.proof(other)})
    for _ in range(2):
        desk.open(f"#host={organisation.id}")
        expect(desk.page.locator("h1")).to_have_text("This computer has another key than before")
        keys = desk.page.locator(".fingerprints dd")
        expect(keys).to_have_text([fingerprint(organisation.host.static_public), fingerprint(other)])
        assert desk.page.get_by_role("button").count() == 0
        assert desk.page.evaluate("window.sent.length") == 0


def test_the_trusted_viewer_says_that_it_is(chromium: Browser, viewer_address: str, organisation: Organisation) -> None:
    program = viewer_address.replace("localhost", "fh-0123456789abcdef.localhost")
    with viewer(chromium, program, viewport={"width": 1280, "height": 720}) as shown:
        certified = {"certificate": text(b"a certificate"), "credential": text(b"a credential")}
        session = {
            "trusted": True,
            "client": "farhand on notebook",
            "hostId": organisation.id,
            "hostStatic": text(organisation.host.static_public),
            "hostIdentity": text(organisation.host.identity_public),
            "name": "workshop",
            "gateway": "https://gateway.example",
            "root": text(organisation.root.public_key().public_bytes_raw()),
            "proof": organisation.proof(),
            "capabilities": ["view", "control"],
            "reason": "updates",
        }
        shown.answer({"GET /local/session": (200, session), "POST /local/certify": (200, certified)})
        shown.open("#local")
        expect(shown.page.locator("footer")).to_contain_text("This is the trusted viewer")
        [connect] = shown.sent("connect")
        assert connect["target"]["capabilities"] == ["view", "control"]
        assert connect["target"]["reason"] == "updates"
        assert bytes(connect["target"]["by"]["certificate"]) == b"a certificate"


def test_rights_are_seen_asked_for_and_given_back(desk: Viewer, organisation: Organisation) -> None:
    desk.answer(organisation.answers())
    desk.open(f"#host={organisation.id}")
    desk.sent("connect")
    desk.order({"draw": [1280, 720, "places"]})
    desk.order({"kind": "layout", "width": 1280, "height": 720})
    host = {"name": "workshop", "system": "", "fingerprint": "aaaa bbbb", "person": "Ada"}
    desk.state("connected", host=host, rights=held("view", control=int(time.time() * 1000) + 250_000))
    put_away(desk)
    chord(desk.page)
    desk.page.get_by_role("button", name=re.compile("what that means")).click()
    expect(desk.page.locator(".list")).to_contain_text("aaaa bbbb")
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name=re.compile("^Rights")).click()
    panel = desk.page.get_by_role("complementary", name="Rights")
    expect(panel.locator("li").nth(1)).to_contain_text(re.compile(r"4:0\d min more"))
    panel.get_by_role("combobox", name="Right").select_option("shell")
    panel.get_by_role("combobox", name="For").select_option("900")
    panel.get_by_label("Reason, shown to who decides").fill("the printer")
    panel.get_by_role("button", name="Ask").click()
    [ask] = desk.sent("ask")
    assert (ask["capabilities"], ask["seconds"], ask["reason"]) == (["shell"], 900, "the printer")
    assert bytes(ask["grant"]) == b"a credential"
    desk.order({"kind": "notice", "code": "denied", "text": "not\u202e now"})
    expect(panel.get_by_role("alert")).to_have_text("not now")
    panel.get_by_role("button", name="Give Control back").click()
    assert desk.sent("let-go")[0]["capabilities"] == ["control"]
    desk.order({"kind": "rights", "rights": held("view"), "reason": ""})
    expect(panel.locator("li")).to_have_count(1)
    expect(desk.page.locator(".toast", has_text="No longer yours: control")).to_be_visible()


def test_a_pause_covers_the_picture_and_takes_no_keys(desk: Viewer) -> None:
    desk.connect(1280, 720)
    put_away(desk)
    desk.order({"kind": "paused", "on": True, "text": "<i>tea</i>"})
    pause = desk.page.get_by_role("alertdialog", name="The session is paused")
    expect(pause).to_contain_text("<i>tea</i>")
    desk.forget()
    desk.page.keyboard.press("a")
    desk.order({"kind": "paused", "on": False, "text": ""})
    expect(pause).to_be_hidden()
    desk.page.keyboard.press("b")
    assert {one["key"] for one in desk.inputs(2) if one["type"] == "Key"} == {"b"}


def test_the_end_hands_over_the_checkpoint(desk: Viewer, tmp_path: Path) -> None:
    desk.connect(1280, 720)
    signed = list(os.urandom(129))
    desk.page.evaluate(
        """([id, data]) => new BroadcastChannel("test-orders").postMessage({
          kind: "checkpoint", hostId: Uint8Array.from(id), data: Uint8Array.from(data), size: 1204, time: 1.8e12 })""",
        [list(range(16)), signed],
    )
    desk.state("over", reason="expired", text="", retrySeconds=0)
    expect(desk.page.locator(".kept")).to_contain_text("1204 entries")
    with desk.page.expect_download() as saving:
        desk.page.get_by_role("button", name="Save it as a file").click()
    assert saving.value.suggested_filename == "farhand-000102030405-1204.checkpoint"
    saving.value.save_as(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == bytes(signed)
