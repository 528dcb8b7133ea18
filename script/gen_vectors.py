"""Writes spec/vectors/{frames,pairing,records,channels,messages,handshake,grants}.json: our own vectors.

usage: script/gen_vectors.py [--check]

Keys and randomness are counted out of SHA-256, so that the same program writes the same files; ML-KEM's encapsulation
alone draws its own, and its result is taken over from the file that is there. --check writes nothing and fails if
anything would change: a changed vector is a changed protocol.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey

from farhand.protocol import codec, envelope, limits, pairing, records
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import Failure, FrameType, Hello, Mode, Welcome
from farhand.protocol.errors import ByeCode, FailureCode, HandshakeFailed
from farhand.protocol.handshake import HostHandshake, Opening, ViewerHandshake
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel, clipboard, control
from farhand.protocol.noise import dh
from farhand.protocol.records import Sealer
from grant_vectors import grant_vectors
from message_vectors import message_vectors, plain

TARGET = Path(__file__).parent.parent / "spec" / "vectors"
MAL, VER = "MalformedFrame", "VersionMismatch"


def counted(label: str) -> Callable[[int], bytes]:
    """Entropy that is none: SHA-256 of the label and a number, cut to size; above 32 bytes several in a row."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        out = b""
        while len(out) < size:
            out += hashlib.sha256(f"{label} {count}".encode()).digest()
            count += 1
        return out[:size]

    return draw


def edit(data: bytes, at: int, new: bytes) -> bytes:
    """``data`` with ``new`` written over it at ``at``."""
    return data[:at] + new + data[at + len(new) :]


def frames() -> dict[str, Any]:
    """Hello, welcome and failure, whole and broken; the stream cut into frames; the host's leg."""
    nonce, name = counted("frames")(32), counted("host")(16)
    hello = Hello(Mode.ATTENDED, "4821", nonce).encode()
    by_id = Hello(Mode.REJOIN, name, nonce).encode()
    welcome = Welcome(Mode.ATTENDED, name, nonce, 7).encode()
    failure = Failure(FailureCode.LOCKED, 300).encode()

    def bad(data: bytes, error: str, why: str) -> dict[str, str]:
        return {"body": data.hex(), "error": error, "why": why}

    return {
        "hello": [
            {"body": hello.hex(), "mode": 1, "route": "4821", "nonce": nonce.hex(), "suites": 1},
            {"body": by_id.hex(), "mode": 2, "route_id": name.hex(), "nonce": nonce.hex(), "suites": 1},
            {"body": edit(hello, 6, b"\x80\x01").hex(), "mode": 1, "route": "4821", "nonce": nonce.hex(),
             "suites": 0x8001},
            bad(edit(hello, 0, b"FHH1"), MAL, "label"),
            bad(edit(hello, 4, b"\2"), VER, "version 2"),
            bad(edit(hello, 4, b"\0"), VER, "version 0"),
            bad(edit(hello, 5, b"\0"), MAL, "mode 0"),
            bad(edit(hello, 5, b"\4"), MAL, "mode 4"),
            bad(edit(hello, 5, b"\2"), MAL, "a code's route to rejoin"),
            bad(edit(by_id, 5, b"\1"), MAL, "a host id with a code"),
            bad(edit(hello, 6, b"\0\2"), VER, "no suite in common"),
            bad(edit(hello, 8, b"\3"), MAL, "kind of route 3"),
            bad(edit(hello, 9, b"\3"), MAL, "route of 3 digits"),
            bad(edit(hello, 9, b"\x21"), MAL, "route longer than its field"),
            bad(edit(hello, 9, b"\xff"), MAL, "route longer than the hello"),
            bad(edit(hello, 10, b"48a1"), MAL, "route with a letter"),
            bad(edit(hello, 10, b"\xb2821"), MAL, "route that is not ASCII"),
            bad(edit(by_id, 9, b"\x0f"), MAL, "host id of 15 bytes"),
            bad(edit(hello, 20, b"1"), MAL, "bytes after the route"),
            bad(edit(hello, 95, b"\1"), MAL, "bytes at the end"),
            bad(hello[:-1], MAL, "too short"),
            bad(hello + b"\0", MAL, "too long"),
        ],
        "welcome": [
            {"body": welcome.hex(), "mode": 1, "host_id": name.hex(), "nonce": nonce.hex(), "feed": 7},
            bad(edit(welcome, 0, b"FHV1"), MAL, "label"),
            bad(edit(welcome, 4, b"\2"), VER, "version 2"),
            bad(edit(welcome, 5, b"\7"), MAL, "mode 7"),
            bad(edit(welcome, 6, b"\0\0"), VER, "no suite"),
            bad(edit(welcome, 6, b"\0\3"), VER, "two suites"),
            bad(edit(welcome, 64, b"\1"), MAL, "bytes at the end"),
            bad(welcome[:-1], MAL, "too short"),
        ],
        "failure": [
            {"body": failure.hex(), "code": 3, "retry": 300},
            bad(edit(failure, 0, b"XXXX"), MAL, "label"),
            bad(edit(failure, 4, b"\2"), VER, "version 2"),
            bad(edit(failure, 5, b"\0"), MAL, "code 0"),
            bad(edit(failure, 5, b"\x0b"), MAL, "identity is never sent"),
            bad(edit(failure, 15, b"\1"), MAL, "bytes at the end"),
        ],
        "stream": [
            {"expected": [3, 32],
             "data": (envelope.frame(FrameType.FAILURE, failure) + b"\x20\0\x11" + bytes(17)).hex(),
             "frames": [[3, failure.hex()], [32, bytes(17).hex()]]},
            {"expected": [32], "data": "20ffff", "frames": []},
            {"expected": [1], "data": "010061", "error": MAL, "why": "hello of 97 bytes, refused at its header"},
            {"expected": [1], "data": "020060", "error": MAL, "why": "welcome where a hello belongs"},
            {"expected": [1], "data": "200011", "error": MAL, "why": "record where a hello belongs"},
            {"expected": [1, 2, 3, 17, 18, 19, 32], "data": "000000", "error": MAL, "why": "type 0"},
            {"expected": [32], "data": "200010", "error": MAL, "why": "record of 16 bytes"},
            {"expected": [17], "data": "1104ef", "error": MAL, "why": "handshake 1 a byte short"},
        ],
        "leg": leg(),
    }  # fmt: skip


def leg() -> list[dict[str, Any]]:
    """Host and gateway."""
    draw = counted("leg")
    from_host = [
        envelope.Register(1, draw(32), draw(64), "desk", ""),
        envelope.OpenRoute(),
        envelope.CloseRoute("4821"),
        envelope.Status("Debian 13", "0.1.0", ["1920x1080", "1280x720"], 0.25, 5 * 10**10, 10**12, 2),
        envelope.AuditEntries(2**53 - 1, [b"{}", draw(40)]),
        envelope.AuditCheckpoint(draw(200)),
    ]
    from_gateway = [
        envelope.Challenge(draw(32)),
        envelope.Registered(),
        envelope.RouteOpened("482193"),
        envelope.Incoming("A" * 22, "192.0.2.7", "4821"),
        envelope.Incoming("A" * 22, "2001:db8::7", ""),
        envelope.Denied(FailureCode.BUSY, 30),
        envelope.Revoke(draw(32)),
        envelope.AuditWanted(70_000),
        envelope.Removed(),
    ]
    broken: list[tuple[str, Any, str]] = [
        ("host", [99], "tag"),
        ("host", [2, 1, b"x" * 31, b"x" * 64, "", ""], "identity of 31 bytes"),
        ("host", [6, "482"], "route of 3 digits"),
        ("host", [6, "4821\n"], "route with a line feed"),
        ("host", {"a": 1}, "no array"),
        ("gateway", [7, "../../../../../../etc/passwd", "", ""], "ticket that is a path"),
        ("gateway", [8, 99, 0], "failure code 99"),
        ("gateway", [1, b"", 1], "too many fields"),
        ("host", [9, "", "", ["x" * 33], 0.0, 0, 0, 0], "screen of 33 characters"),
        ("host", [9, "", "", [], float("nan"), 0, 0, 0], "load that is no number"),
        ("host", [9, "", "", [], -0.5, 0, 0, 0], "load below zero"),
        ("host", [9, "", "", [""] * 9, 0.0, 0, 0, 0], "nine screens"),
        ("host", [10, 0, []], "no entries"),
        ("host", [10, -1, [b"x"]], "entries from before the first"),
        ("host", [10, 0, [b""]], "an empty entry"),
        ("host", [11, bytes(513)], "checkpoint of 513 bytes"),
        ("host", [12, bytes(32)], "a gateway's message"),
        ("host", [11, bytes(1100)], "above 1024 bytes before it is registered"),
        ("gateway", [12, bytes(31)], "revocation of 31 bytes"),
        ("gateway", [13, -1], "entries below zero"),
        ("gateway", [11, b""], "a host's message"),
    ]
    return [
        {"from": who, "bytes": envelope.encode_leg(message).hex(), "message": plain(message)}
        for who, group in (("host", from_host), ("gateway", from_gateway))
        for message in group
    ] + [{"from": who, "bytes": msgspec.msgpack.encode(raw).hex(), "error": "MessageError", "why": why}
         for who, raw, why in broken]  # fmt: skip


def pairing_vectors() -> dict[str, Any]:
    """Codes, and CPace as the handshake uses it; X25519's answers to the draft's points."""
    draw = counted("pairing")
    inputs = {"prs": b"739204615", "ci": b"farhand cpace v1" + draw(16), "sid": draw(64)}
    ends = [pairing.CPace(**inputs, scalar=draw(32)) for _ in range(2)]
    scalars = counted("pairing")
    scalars(16), scalars(64)
    ada, adb = draw(32), draw(32)
    isk = ends[0].initiator_key(ada, ends[1].share, adb)
    assert isk == ends[1].responder_key(ends[0].share, ada, adb)
    scalar = pairing.X25519PrivateKey.from_private_bytes(draw(32))
    points = json.loads((TARGET / "cpace.json").read_text())["X25519_points"]
    answers = {}
    for name, point in points.items():
        try:
            answers[name] = dh(scalar, bytes.fromhex(point)).hex()
        except HandshakeFailed:
            answers[name] = "HandshakeFailed"
    return {
        "codes": [
            *(
                {"text": text, "route": "4821", "secret": "739204615"}
                for text in ("4821-739 204 615", "4821739204615", " 4821 – 739-204-615 ", "4821-739204615")
            ),
            {"text": "482193715-739 204 615", "route": "482193715", "secret": "739204615"},
            *(
                {"text": text, "error": "CodeError"}
                for text in ("", "4821", "821-739 204 615", "4821937151-739 204 615", "4821-739 204 61x",
                             "٤٨٢١-739 204 615", "4821.739.204.615", "4821-739 204 615\0")
            ),
        ],
        "formatted": {"route": "4821", "secret": "739204615", "text": pairing.format_code("4821", "739204615")},
        "cpace": {
            **{name: value.hex() for name, value in inputs.items()},
            "generator": pairing.calculate_generator(**inputs).hex(),
            "ya": scalars(32).hex(), "yb": scalars(32).hex(),
            "Ya": ends[0].share.hex(), "Yb": ends[1].share.hex(),
            "ADa": ada.hex(), "ADb": adb.hex(), "ISK": isk.hex(),
        },
        "points": {"scalar": scalar.private_bytes_raw().hex(), "answers": answers},
    }  # fmt: skip


def record_vectors() -> dict[str, Any]:
    """One direction's records, and what is done to them on the way."""
    key = counted("records")(32)

    def sealed(*plaintexts: bytes | None) -> list[str]:
        sealer = Sealer(key, 0.0)
        return [(sealer.rekey(0.0) if one is None else sealer.seal(one)).hex() for one in plaintexts]

    data = b"\0" + mux(Channel.CONTROL, codec.encode(Channel.CONTROL, control.Ping(7)))
    small = data.ljust(256, b"\0")
    bye = records.encode_bye(ByeCode.SHUTDOWN, "gute Nacht")
    good = sealed(small, data, None, small, bye)
    first, second, rekey, third, _last = good

    def flip(record: str, at: int) -> str:
        raw = bytes.fromhex(record)
        return edit(raw, at, bytes((raw[at] ^ 1,))).hex()

    fails = {"error": "RecordError"}
    mux_error = {"error": "MuxError"}
    return {
        "key": key.hex(),
        "next_key": records.next_key(records.AESGCM(key)).hex(),
        "sequences": [
            {"records": good, "plaintexts": [small.hex(), data.hex(), records.REKEY.hex(), small.hex(), bye.hex()]},
            {"records": [second, first], **fails, "at": 0, "why": "reordered"},
            {"records": [first, first], **fails, "at": 1, "why": "repeated"},
            {"records": [first, rekey], **fails, "at": 1, "why": "one dropped"},
            {"records": [first, second, third], **fails, "at": 2, "why": "rekey dropped"},
            {"records": [flip(first, 2)], **fails, "at": 0, "why": "length in the header, which is authenticated"},
            {"records": [flip(first, 3)], **fails, "at": 0, "why": "first byte"},
            {"records": [flip(first, -1)], **fails, "at": 0, "why": "last byte of the tag"},
            {"records": [first[:-2]], **fails, "at": 0, "why": "cut"},
            {"records": sealed(b"\1" + bytes(254) + b"\1"), **mux_error, "at": 0, "why": "rekey that is not zeros"},
        ],
        "bye": [
            {"plaintext": bye.hex(), "code": 1, "text": "gute Nacht"},
            {"plaintext": "0200", **mux_error, "why": "no length"},
            {"plaintext": "020003414243", "code": 0, "text": "ABC"},
            {"plaintext": "0200044142", **mux_error, "why": "text cut off"},
            {"plaintext": "02000141ff", **mux_error, "why": "bytes after the text"},
            {"plaintext": "020001ff", **mux_error, "why": "no UTF-8"},
            {"plaintext": "0200c9" + "41" * 201, **mux_error, "why": "text of 201 bytes"},
        ],
        "padme": [[size, records.padme(size)] for size in (1, 2, 9, 10, 100, 257, 1000, 4097, 40_000, 65_000, 65_519)],
        "padded": [
            [size, small, records.padded(size, small, limits.PLAINTEXT_MAX)]
            for size, small in ((1, True), (256, True), (257, True), (65_519, True), (65_519, False), (4097, False))
        ],
    }


def mux(channel: int, payload: bytes, flags: int = 1) -> bytes:
    """One multiplexed frame."""
    return bytes((channel, flags)) + len(payload).to_bytes(2, "big") + payload


def channel_vectors() -> list[dict[str, Any]]:
    """Plaintexts of data records: what they deliver, or why they end the session."""
    ping = codec.encode(Channel.CONTROL, control.Ping(7))
    text = codec.encode(Channel.CLIPBOARD, clipboard.ClipText("ab"))
    whole = mux(2, ping)

    def bad(why: str, *bodies: bytes) -> dict[str, Any]:
        return {"plaintexts": [(b"\0" + body).hex() for body in bodies], "error": "MuxError", "why": why}

    def grants(*pairs: tuple[int, int]) -> bytes:
        return b"".join(bytes((number,)) + amount.to_bytes(4, "big") for number, amount in pairs)

    return [
        {"plaintexts": [(b"\0" + whole + mux(7, text[:2], 0) + whole + mux(7, text[2:]) + bytes(9)).hex()],
         "messages": [[2, ping.hex()], [2, ping.hex()], [7, text.hex()]]},
        {"plaintexts": [(b"\0" + mux(7, text[:1], 0)).hex(), (b"\0" + whole + b"\0").hex(),
                        (b"\0" + mux(7, text[1:]) + b"\0\0\0").hex()],
         "messages": [[2, ping.hex()], [7, text.hex()]]},
        {"plaintexts": [(b"\0" + mux(1, grants((6, 5000), (2, 1)))).hex(), "00"], "messages": []},
        bad("padding that is not zeros", whole + b"\0\0\1"),
        bad("header cut off", whole + b"\2\1\0"),
        bad("header without payload", b"\2\1\0\1"),
        bad("no payload", b"\2\1\0\0" + bytes(8)),
        bad("payload cut off", whole[:-1]),
        bad("unknown flag", mux(2, ping, 3)),
        bad("unknown channel 11", mux(11, ping)),
        bad("credit in pieces", mux(1, grants((6, 5000)), 0)),
        bad("credit of odd length", mux(1, grants((6, 5000)) + b"\0")),
        bad("credit for channel 1", mux(1, grants((1, 5)))),
        bad("credit for channel 11", mux(1, grants((11, 5)))),
        bad("credit of nothing", mux(1, grants((6, 0)))),
        bad("credit above 2^31 - 1", mux(1, grants((6, 2**31 - 1)))),
        bad("input message above 16 KiB", mux(3, bytes(16_385))),
        bad("input message above 16 KiB in pieces", mux(3, bytes(16_384), 0), mux(3, b"\0")),
    ]  # fmt: skip


def handshakes() -> list[dict[str, Any]]:
    """Whole handshakes with all that either end knows, and what must come of an edited one."""
    path = TARGET / "handshake.json"
    known = json.loads(path.read_text()) if path.exists() else []
    kem = {one["kem_public"]: (one["kem_secret"], one["kem_ciphertext"]) for one in known}
    return [handshake(mode, kem) for mode in Mode]


def handshake(mode: Mode, kem: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """One handshake."""
    label = mode.name.lower()
    host = Keys.generate(Kind.HOST, "büro", 1_800_000_000, counted(f"{label} host keys"))
    viewer = Keys.generate(Kind.BROWSER, "", 1_800_000_000, counted(f"{label} viewer keys"))
    drawn: dict[str, list[str]] = {"viewer": [], "host": []}

    def recorded(who: str) -> Callable[[int], bytes]:
        draw = counted(f"{label} {who}")

        def record(size: int) -> bytes:
            out = draw(size)
            drawn[who].append(out.hex())
            return out

        return record

    viewer_draw, host_draw = recorded("viewer"), recorded("host")
    secret = "739204615" if mode is Mode.ATTENDED else None
    route: str | bytes = "4821" if mode is Mode.ATTENDED else host.host_id
    hello = Hello(mode, route, viewer_draw(32))
    opening = Opening(hello, Welcome(mode, host.host_id, host_draw(32), 7))
    left = ViewerHandshake(opening, viewer.static, secret, viewer_draw)
    kem_public = MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(drawn["viewer"][2])).public_key()
    public = kem_public.public_bytes_raw().hex()
    if public not in kem:
        fresh, ciphertext = kem_public.encapsulate()
        kem[public] = (fresh.hex(), ciphertext.hex())
    shared, ciphertext_hex = kem[public]
    right = HostHandshake(
        opening, host, secret, host_draw, lambda _: (bytes.fromhex(shared), bytes.fromhex(ciphertext_hex))
    )
    unattended = mode is Mode.UNATTENDED
    request = control.Request(
        "Ada", "vector", [Capability.VIEW], viewer.certificate, b"a credential" if unattended else b"",
        bytes(range(16)) if mode is Mode.REJOIN else None, "updates" if unattended else "",
    )  # fmt: skip
    one = left.write_1()
    right.read_1(one)
    two = right.write_2()
    left.read_2(two)
    three, secrets = left.write_3(codec.encode_request(request))
    assert right.read_3(three)[2].send == secrets.receive
    bodies = {"hello": hello.encode(), "welcome": opening.welcome.encode(), "handshake_1": one, "handshake_2": two,
              "handshake_3": three}  # fmt: skip
    return {
        "mode": int(mode),
        "route": route if isinstance(route, str) else {"hex": route.hex()},
        "secret": secret,
        "pin": host.static_public.hex(),
        "host_keys": host.dump().hex(),
        "viewer_keys": viewer.dump().hex(),
        "viewer_entropy": drawn["viewer"],
        "host_entropy": drawn["host"],
        "feed": 7,
        "request": plain(request),
        "kem_public": public,
        "kem_ciphertext": ciphertext_hex,
        "kem_secret": shared,
        **{name: body.hex() for name, body in bodies.items()},
        "handshake_hash": secrets.handshake_hash.hex(),
        "viewer_to_host": secrets.send.hex(),
        "host_to_viewer": secrets.receive.hex(),
        "first_record": Sealer(secrets.receive, 0.0).seal(bytes(256)).hex(),
        "broken": broken_handshakes(mode),
    }


def broken_handshakes(mode: Mode) -> list[dict[str, Any]]:
    """Edits on the way, which end must find each, and what failure it names (spec/protocol.md, section 1)."""
    attended = mode is Mode.ATTENDED
    broken = FailureCode.PROTOCOL
    #: message, the end that sees it edited and finds it, places, what is flipped there, failure
    table = [
        ("hello", "host", [7, 42, 73] + [12] * attended, 2, broken),
        ("welcome", "viewer", [24, 55, 63], 1, broken),
        ("welcome", "viewer", [8], 1, broken if attended else FailureCode.IDENTITY),
        ("handshake_1", "host", [0, 31, 32, 1215, 1247, 1263], 1, broken),
        ("handshake_2", "viewer", [0, 31, 32, 79, 80, 300, 1400, 1433], 1, broken),
        ("handshake_3", "host", [0, 47, 48, 4143, 4159], 1, FailureCode.WRONG_CODE if attended else broken),
    ]
    return [
        {"message": name, "at": at, "xor": flip, "found_by": end, "failure": int(failure)}
        for name, end, places, flip, failure in table
        for at in places
    ]


def main() -> int:
    """Write or check; the exit code."""
    stale = 0
    made = {
        "frames": frames(),
        "pairing": pairing_vectors(),
        "records": record_vectors(),
        "channels": channel_vectors(),
        "messages": message_vectors(),
        "handshake": handshakes(),
        "grants": grant_vectors(counted("grants")),
    }
    for name, content in made.items():
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        path = TARGET / f"{name}.json"
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            print(
                f"{path} would change: the protocol has changed, or script/gen_vectors.py was not run", file=sys.stderr
            )
            stale = 1
        else:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())
