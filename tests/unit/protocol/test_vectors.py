"""Every vector of spec/vectors, and that they and the viewer's generated types are what the scripts write."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.unit.protocol import noise_patterns

from farhand.protocol import codec, envelope, errors, grants, pairing, records
from farhand.protocol.capability import Capability
from farhand.protocol.channels import Inbox, Outbox
from farhand.protocol.envelope import Failure, FrameReader, FrameType, Hello, Mode, Welcome
from farhand.protocol.errors import HandshakeFailed
from farhand.protocol.events import Authenticated, Failed, HelloReceived
from farhand.protocol.identity import Keys
from farhand.protocol.messages import Channel
from farhand.protocol.messages.control import Request
from farhand.protocol.noise import dh
from farhand.protocol.session import HostSession, ViewerSession

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "spec" / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def plain(value: Any) -> Any:
    """A message in the vectors' JSON."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "__struct_fields__"):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        return fields if value.__struct_config__.tag is None else {"type": type(value).__name__, **fields}
    return value


@pytest.mark.parametrize("script", ["gen_vectors.py", "gen_messages.py"])
def test_what_is_committed_is_what_the_script_writes(script: str) -> None:
    done = subprocess.run([sys.executable, ROOT / "script" / script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("vector", load("noise")["vectors"], ids=lambda vector: vector["protocol_name"])
def test_noise(vector: dict[str, Any]) -> None:
    assert noise_patterns.run(vector) >= 2


class TestCpace:
    def test_the_draft_s_run(self) -> None:
        v = {name: bytes.fromhex(value) for name, value in load("cpace")["G_25519"].items()}
        assert pairing.calculate_generator(v["PRS"], v["CI"], v["sid"]) == v["g"]
        a = pairing.CPace(prs=v["PRS"], ci=v["CI"], sid=v["sid"], scalar=v["ya"])
        b = pairing.CPace(prs=v["PRS"], ci=v["CI"], sid=v["sid"], scalar=v["yb"])
        assert (a.share, b.share) == (v["Ya"], v["Yb"])
        assert a.initiator_key(v["ADa"], v["Yb"], v["ADb"]) == v["ISK_IR"]
        assert b.responder_key(v["Ya"], v["ADa"], v["ADb"]) == v["ISK_IR"]

    @pytest.mark.parametrize("number", range(12))
    def test_the_draft_s_points(self, number: int) -> None:
        point = bytes.fromhex(load("cpace")["X25519_points"][f"Invalid Y{number}"])
        ours = load("pairing")["points"]
        scalar = X25519PrivateKey.from_private_bytes(bytes.fromhex(ours["scalar"]))
        end = pairing.CPace(prs=b"1", ci=b"", sid=b"", scalar=bytes.fromhex(ours["scalar"]))
        if number in (0, 1, 2, 3, 4, 5, 7):
            assert ours["answers"][f"Invalid Y{number}"] == "HandshakeFailed"
            for call in (lambda: end.initiator_key(b"", point, b""), lambda: end.responder_key(point, b"", b"")):
                with pytest.raises(HandshakeFailed):
                    call()
        else:
            assert dh(scalar, point).hex() == ours["answers"][f"Invalid Y{number}"]
            assert end.initiator_key(b"", point, b"") != end.responder_key(point, b"", b"")

    def test_ours(self) -> None:
        v = {name: bytes.fromhex(value) for name, value in load("pairing")["cpace"].items()}
        assert pairing.calculate_generator(v["prs"], v["ci"], v["sid"]) == v["generator"]
        a = pairing.CPace(prs=v["prs"], ci=v["ci"], sid=v["sid"], scalar=v["ya"])
        b = pairing.CPace(prs=v["prs"], ci=v["ci"], sid=v["sid"], scalar=v["yb"])
        assert (a.share, b.share) == (v["Ya"], v["Yb"])
        assert a.initiator_key(v["ADa"], v["Yb"], v["ADb"]) == v["ISK"] == b.responder_key(v["Ya"], v["ADa"], v["ADb"])


@pytest.mark.parametrize("vector", load("pairing")["codes"], ids=lambda vector: vector["text"])
def test_codes(vector: dict[str, str]) -> None:
    if "error" in vector:
        with pytest.raises(errors.CodeError):
            pairing.parse_code(vector["text"])
    else:
        assert pairing.parse_code(vector["text"]) == (vector["route"], vector["secret"])


class TestFrames:
    @pytest.mark.parametrize("vector", load("frames")["hello"], ids=lambda v: v.get("why", v.get("route", "id")))
    def test_hello(self, vector: dict[str, Any]) -> None:
        body = bytes.fromhex(vector["body"])
        if "error" in vector:
            with pytest.raises(getattr(errors, vector["error"])):
                Hello.decode(body)
            return
        hello = Hello.decode(body)
        route = vector.get("route") or bytes.fromhex(vector["route_id"])
        assert hello == Hello(Mode(vector["mode"]), route, bytes.fromhex(vector["nonce"]), vector["suites"])
        assert hello.encode() == body

    @pytest.mark.parametrize("vector", load("frames")["welcome"], ids=lambda v: v.get("why", "good"))
    def test_welcome(self, vector: dict[str, Any]) -> None:
        body = bytes.fromhex(vector["body"])
        if "error" in vector:
            with pytest.raises(getattr(errors, vector["error"])):
                Welcome.decode(body)
            return
        host, nonce = bytes.fromhex(vector["host_id"]), bytes.fromhex(vector["nonce"])
        assert Welcome.decode(body) == Welcome(Mode(vector["mode"]), host, nonce, vector["feed"])
        assert Welcome.decode(body).encode() == body

    @pytest.mark.parametrize("vector", load("frames")["failure"], ids=lambda v: v.get("why", "good"))
    def test_failure(self, vector: dict[str, Any]) -> None:
        body = bytes.fromhex(vector["body"])
        if "error" in vector:
            with pytest.raises(getattr(errors, vector["error"])):
                Failure.decode(body)
            return
        assert (Failure.decode(body).code, Failure.decode(body).retry) == (vector["code"], vector["retry"])
        assert Failure.decode(body).encode() == body

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
    @pytest.mark.parametrize("vector", load("frames")["stream"], ids=lambda v: v.get("why", v["data"][:6]))
    def test_stream(self, vector: dict[str, Any], size: int) -> None:
        reader = FrameReader(*map(FrameType, vector["expected"]))
        data = bytes.fromhex(vector["data"])

        def run() -> Iterator[list[Any]]:
            for at in range(0, len(data), size):
                for kind, header, body in reader.feed(data[at : at + size]):
                    assert bytes(header) == bytes((kind,)) + len(body).to_bytes(2, "big")
                    yield [int(kind), bytes(body).hex()]

        if "error" in vector:
            with pytest.raises(errors.MalformedFrame):
                list(run())
        else:
            assert list(run()) == vector["frames"]

    @pytest.mark.parametrize(
        "vector", load("frames")["leg"], ids=lambda v: v.get("why", v.get("message", {}).get("type"))
    )
    def test_leg(self, vector: dict[str, Any]) -> None:
        decode: Callable[[bytes], Any] = (
            envelope.decode_from_host if vector["from"] == "host" else envelope.decode_from_gateway
        )
        if "error" in vector:
            with pytest.raises(errors.MessageError):
                decode(bytes.fromhex(vector["bytes"]))
        else:
            message = decode(bytes.fromhex(vector["bytes"]))
            assert plain(message) == vector["message"]
            assert envelope.encode_leg(message).hex() == vector["bytes"]


class TestRecords:
    @pytest.mark.parametrize("vector", load("records")["sequences"], ids=lambda v: v.get("why", "good"))
    def test_sequences(self, vector: dict[str, Any]) -> None:
        opener = records.Opener(bytes.fromhex(load("records")["key"]))
        opened = []
        error: type[Exception] = getattr(errors, vector.get("error", "CodeError"))
        try:
            for text in vector["records"]:
                raw = memoryview(bytes.fromhex(text))
                opened.append(opener.open(raw[:3], raw[3:]).hex())
        except error:
            assert len(opened) == vector["at"]
        else:
            assert opened == vector["plaintexts"]

    def test_rekey(self) -> None:
        vector = load("records")
        assert records.next_key(AESGCM(bytes.fromhex(vector["key"]))).hex() == vector["next_key"]

    @pytest.mark.parametrize("vector", load("records")["bye"], ids=lambda v: v.get("why", v.get("text")))
    def test_bye(self, vector: dict[str, Any]) -> None:
        plaintext = bytes.fromhex(vector["plaintext"])
        if "error" in vector:
            with pytest.raises(errors.MuxError):
                records.decode_bye(plaintext)
        else:
            assert records.decode_bye(plaintext) == (vector["code"], vector["text"])

    def test_padding(self) -> None:
        vector = load("records")
        assert [[size, records.padme(size)] for size, _ in vector["padme"]] == vector["padme"]
        assert [[n, small, records.padded(n, small, 65_519)] for n, small, _ in vector["padded"]] == vector["padded"]


@pytest.mark.parametrize("vector", load("channels"), ids=lambda v: v.get("why", "good"))
def test_channels(vector: dict[str, Any]) -> None:
    delivered: list[list[Any]] = []
    inbox = Inbox(Outbox(), lambda channel, data: delivered.append([int(channel), bytes(data).hex()]))
    plaintexts = [bytes.fromhex(text) for text in vector["plaintexts"]]
    for plaintext in plaintexts[:-1]:
        inbox.accept(plaintext)
    if "error" in vector:
        with pytest.raises(errors.MuxError):
            inbox.accept(plaintexts[-1])
    else:
        inbox.accept(plaintexts[-1])
        assert delivered == vector["messages"]


@pytest.mark.parametrize("vector", load("messages")["messages"], ids=lambda v: v["message"]["type"])
def test_messages(vector: dict[str, Any]) -> None:
    channel = Channel(vector["channel"])
    message = codec.decode(channel, bytes.fromhex(vector["bytes"]))
    assert plain(message) == vector["message"]
    assert codec.encode(channel, message).hex() == vector["bytes"]


def test_a_sample_of_every_message() -> None:
    samples = {(v["channel"], v["message"]["type"]) for v in load("messages")["messages"]}
    assert samples == {(int(channel), kind.__name__) for channel, kinds in codec.MEMBERS.items() for kind in kinds}


@pytest.mark.parametrize("vector", load("messages")["broken"], ids=lambda v: f"{v['channel']}: {v['why']}")
def test_broken_messages(vector: dict[str, Any]) -> None:
    with pytest.raises(errors.MessageError):
        codec.decode(Channel(vector["channel"]), bytes.fromhex(vector["bytes"]))


class TestGrants:
    GIVEN = load("grants")

    def given(self, vector: dict[str, Any], *names: str) -> dict[str, Any]:
        held = {name: bytes.fromhex(vector.get(name, self.GIVEN[name])) for name in names}
        return {**held, "now": vector.get("now", self.GIVEN["now"])}

    def test_what_names_a_root(self) -> None:
        root = bytes.fromhex(self.GIVEN["root"])
        assert grants.root_hash(root).hex() == self.GIVEN["root_hash"]
        assert grants.fingerprint(root) == self.GIVEN["fingerprint"]

    @pytest.mark.parametrize("vector", GIVEN["credentials"], ids=lambda v: v.get("why", "good"))
    def test_credentials(self, vector: dict[str, Any]) -> None:
        data, given = bytes.fromhex(vector["data"]), self.given(vector, "root", "host_id", "viewer")
        if "fault" in vector:
            with pytest.raises(errors.GrantRefused) as refused:
                grants.verify_credential(data, **given)
            assert refused.value.why == vector["fault"]
            return
        verified = grants.verify_credential(data, **given)
        assert plain(verified.grant) == vector["grant"]
        assert verified.issuer.hex() == vector["issuer"]
        rights = [(right["capability"], right["seconds"]) for right in vector["grant"]["rights"]]
        assert list(verified.rights.items()) == rights
        assert grants.Credential.decode(data).encode() == data

    @pytest.mark.parametrize("vector", GIVEN["hosts"], ids=lambda v: v.get("why", "good"))
    def test_hosts(self, vector: dict[str, Any]) -> None:
        data, given = bytes.fromhex(vector["data"]), self.given(vector, "root", "host_id")
        if "fault" in vector:
            with pytest.raises(errors.GrantRefused) as refused:
                grants.verify_host(data, **given)
            assert refused.value.why == vector["fault"]
        else:
            assert plain(grants.verify_host(data, **given)) == vector["endorsement"]

    @pytest.mark.parametrize("vector", GIVEN["tokens"], ids=lambda v: v.get("why", "good"))
    def test_tokens(self, vector: dict[str, Any]) -> None:
        if "fault" in vector:
            with pytest.raises(errors.GrantRefused) as refused:
                grants.EnrolToken.decode(vector["text"])
            assert refused.value.why == vector["fault"]
        else:
            token = grants.EnrolToken.decode(vector["text"])
            assert plain(token) == vector["token"]
            assert token.encode() == vector["text"].strip()

    def test_every_fault_but_the_host_s_own_has_a_vector(self) -> None:
        told = {v["fault"] for group in ("credentials", "hosts") for v in self.GIVEN[group] if "fault" in v}
        assert told == set(errors.GrantFault) - {errors.GrantFault.REPLAYED}


class Replay:
    """Both ends of a recorded handshake."""

    def __init__(self, vector: dict[str, Any]) -> None:
        hexed = bytes.fromhex
        self.bodies = {
            name: hexed(vector[name]) for name in ("hello", "welcome", "handshake_1", "handshake_2", "handshake_3")
        }
        given = vector["request"]
        request = Request(
            given["name"],
            given["agent"],
            [Capability(one) for one in given["capabilities"]],
            hexed(given["certificate"]["hex"]),
            hexed(given["grant"]["hex"]),
            given["rejoin"] and hexed(given["rejoin"]["hex"]),
            given["reason"],
        )
        viewer_keys = Keys.load(hexed(vector["viewer_keys"]))
        self.host = HostSession(
            keys=Keys.load(hexed(vector["host_keys"])),
            take_code=lambda route: vector["secret"],
            find_rejoin=lambda session: viewer_keys.static_public,
            feed=vector["feed"],
            entropy=self.drawn(vector["host_entropy"]),
            now=0.0,
            modes=frozenset(Mode),
            encapsulate=lambda public: (hexed(vector["kem_secret"]), hexed(vector["kem_ciphertext"])),
        )
        route = vector["route"]
        self.viewer = ViewerSession(
            keys=viewer_keys,
            mode=Mode(vector["mode"]),
            route=route if isinstance(route, str) else hexed(route["hex"]),
            secret=vector["secret"],
            pin=hexed(vector["pin"]),
            request=request,
            entropy=self.drawn(vector["viewer_entropy"]),
            now=0.0,
        )

    @staticmethod
    def drawn(parts: list[str]) -> Callable[[int], bytes]:
        left = [bytes.fromhex(part) for part in parts]

        def draw(size: int) -> bytes:
            part = left.pop(0)
            assert len(part) == size
            return part

        return draw

    def frame(self, name: str) -> bytes:
        return envelope.frame(FrameType[name.upper()], self.bodies[name])


@pytest.mark.parametrize("vector", load("handshake"), ids=lambda vector: Mode(vector["mode"]).name)
class TestHandshake:
    def test_transcript(self, vector: dict[str, Any]) -> None:
        replay = Replay(vector)
        host, viewer = replay.host, replay.viewer
        assert viewer.data_to_send() == replay.frame("hello")
        host.receive_data(replay.frame("hello"), 0.0)
        assert host.data_to_send() == replay.frame("welcome")
        viewer.receive_data(replay.frame("welcome"), 0.0)
        assert viewer.data_to_send() == replay.frame("handshake_1")
        host.receive_data(replay.frame("handshake_1"), 0.0)
        assert host.data_to_send() == replay.frame("handshake_2")
        viewer.receive_data(replay.frame("handshake_2"), 0.0)
        assert viewer.data_to_send() == replay.frame("handshake_3")
        host.receive_data(replay.frame("handshake_3"), 0.0)
        viewer.receive_data(bytes.fromhex(vector["first_record"]), 0.0)
        (hello, left), (right,) = host.events(), viewer.events()
        assert isinstance(hello, HelloReceived)
        for event in (left, right):
            assert isinstance(event, Authenticated)
            assert event.handshake_hash.hex() == vector["handshake_hash"]
            assert plain(event.request) == vector["request"]

    def test_edited(self, vector: dict[str, Any]) -> None:
        for broken in vector["broken"]:
            replay = Replay(vector)
            body = bytearray(replay.bodies[broken["message"]])
            body[broken["at"]] ^= broken["xor"]
            replay.bodies[broken["message"]] = bytes(body)
            names = ["hello", "handshake_1", "handshake_3"], ["welcome", "handshake_2"]
            end, order = (replay.host, names[0]) if broken["found_by"] == "host" else (replay.viewer, names[1])
            for name in order:
                end.receive_data(replay.frame(name), 0.0)
            failed = end.events()[-1]
            assert isinstance(failed, Failed), broken
            assert failed.failure == broken["failure"], broken
