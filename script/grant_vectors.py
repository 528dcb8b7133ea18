"""The vectors of signed statements, for gen_vectors.py: what holds, and what must be refused with which fault."""

from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.protocol import grants, limits
from farhand.protocol.capability import Capability
from farhand.protocol.envelope import host_id
from farhand.protocol.grants import (
    AtEnd,
    Conditions,
    Credential,
    Delegation,
    Endorsement,
    EnrolToken,
    Grant,
    HostProof,
    Right,
    Use,
    Window,
)

NOW = 1_800_000_000
Draw = Callable[[int], bytes]
Case = dict[str, Any]


def public(key: Ed25519PrivateKey) -> bytes:
    """The public key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def sign(key: Ed25519PrivateKey, label: str, body: bytes) -> bytes:
    """A signature over whatever ``body`` is."""
    return body + key.sign(f"farhand {label} v1".encode() + body)


class Made:
    """Keys, and statements by them that hold."""

    def __init__(self, draw: Draw) -> None:
        self.root, self.gateway, self.enrol, self.stranger, identity = (
            Ed25519PrivateKey.from_private_bytes(draw(32)) for _ in range(5)
        )
        self.identity, self.static = public(identity), draw(32)
        self.host_id, self.viewer, self.nonce = host_id(self.identity), draw(32), draw(16)
        self.ceiling = [Capability.VIEW, Capability.CONTROL, Capability.FILES_READ, Capability.SHELL]
        day = 86_400
        self.to_gateway = Delegation(
            1, Use.GRANTS, public(self.gateway), self.ceiling, NOW - day, NOW + 90 * day, "gw.example"
        )
        self.to_enrol = Delegation(1, Use.ENROL, public(self.enrol), [], NOW - day, NOW + day, "token of Monday")
        self.grant = Grant(
            1, self.host_id, self.viewer, "Ada Lovelace", "Notebook à côté",
            [Right(Capability.VIEW), Right(Capability.CONTROL, 300), Right(Capability.SHELL, 2**32 - 1)],
            NOW - 60, NOW + 240, self.nonce,
            Conditions(
                ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "::/0", "0:0:1::/48", "2001:db8:0:1::/64"],
                [Window(0b0011111, 8 * 60, 18 * 60), Window(0b1100000, 22 * 60, 6 * 60), Window(127, 0, 1440)],
                True, True, True, 3600, 600, AtEnd.LOCK,
            ),
            "updates of the week", "Grace",
        )  # fmt: skip
        self.endorsement = Endorsement(1, self.host_id, self.identity, self.static, "büro", NOW - 100)

    def delegation(self, **changes: Any) -> bytes:
        """The root's word for the gateway."""
        return grants.sign_delegation(self.root, msgspec.structs.replace(self.to_gateway, **changes))

    def credential(
        self, key: Ed25519PrivateKey | None = None, delegation: bytes | None = None, **changes: Any
    ) -> bytes:
        """A grant of the gateway."""
        grant = grants.sign_grant(key or self.gateway, msgspec.structs.replace(self.grant, **changes))
        return Credential(self.delegation() if delegation is None else delegation, grant).encode()

    def raw_credential(self, body: bytes, label: str = "grant") -> bytes:
        """Whatever body, signed by the gateway as a grant."""
        return msgspec.msgpack.encode([self.delegation(), sign(self.gateway, label, body)])

    def proof(self, key: Ed25519PrivateKey | None = None, delegation: bytes = b"", **changes: Any) -> bytes:
        """The root's word for the host, or another key's."""
        signed = grants.sign_endorsement(key or self.root, msgspec.structs.replace(self.endorsement, **changes))
        return HostProof(signed, delegation).encode()


def plain(value: Any) -> Any:
    """As JSON; byte strings as ``{"hex": …}``."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    return value


def grant_vectors(draw: Draw) -> dict[str, Any]:
    """The content of grants.json."""
    made = Made(draw)
    return {
        "now": NOW,
        "root": public(made.root).hex(),
        "root_hash": grants.root_hash(public(made.root)).hex(),
        "fingerprint": grants.fingerprint(public(made.root)),
        "host_id": made.host_id.hex(),
        "viewer": made.viewer.hex(),
        "credentials": credentials(made) + bodies(made),
        "hosts": hosts(made),
        "tokens": tokens(made, draw),
    }


def credentials(made: Made) -> list[Case]:
    """What a viewer shows."""
    plain_grant = msgspec.structs.replace(made.grant, conditions=Conditions(), reason="", approver="")
    by_root = Credential(b"", grants.sign_grant(made.root, plain_grant)).encode()
    held = [
        {"data": made.credential().hex(), "issuer": public(made.gateway).hex(), "grant": plain(made.grant)},
        {"data": by_root.hex(), "issuer": public(made.root).hex(), "grant": plain(plain_grant)},
        {"data": made.credential(not_before=NOW, not_after=NOW).hex(), "issuer": public(made.gateway).hex(),
         "grant": plain(msgspec.structs.replace(made.grant, not_before=NOW, not_after=NOW))},
        {"data": made.credential(rights=[]).hex(), "issuer": public(made.gateway).hex(),
         "grant": plain(msgspec.structs.replace(made.grant, rights=[]))},
    ]  # fmt: skip

    def bad(fault: str, why: str, data: bytes, **given: Any) -> Case:
        return {"data": data.hex(), "fault": fault, "why": why, **given}

    good, delegation = made.credential(), made.delegation()
    grant = grants.sign_grant(made.gateway, made.grant)
    swapped = msgspec.msgpack.encode([grant, delegation])
    flipped = [
        bad("signature", f"{what}, byte {at} flipped", msgspec.msgpack.encode(parts))
        for what, place, at in (
            ("delegation", 0, 0), ("delegation", 0, 20), ("delegation", 0, -1), ("delegation", 0, -64),
            ("grant", 1, 0), ("grant", 1, 5), ("grant", 1, 100), ("grant", 1, -65), ("grant", 1, -64), ("grant", 1, -1),
        )
        for parts in [[flip(part, at) if number == place else part for number, part in enumerate((delegation, grant))]]
    ]  # fmt: skip
    return [
        *held,
        *flipped,
        bad("malformed", "nothing", b""),
        bad("malformed", "cut off", good[:-1]),
        bad("malformed", "a byte after it", good + b"\0"),
        bad("malformed", "an array of 16 bits' length", b"\xdc\0\2" + good[1:]),
        bad("malformed", "three fields", b"\x93" + good[1:] + b"\xc0"),
        bad("malformed", "above 2048 bytes",
            msgspec.msgpack.encode([bytes(limits.DELEGATION), bytes(limits.GRANT + 9)])),
        bad("malformed", "a grant shorter than a signature", msgspec.msgpack.encode([b"", bytes(64)])),
        bad("signature", "grant and delegation swapped", swapped),
        bad("signature", "delegated by another root", good, root=public(made.stranger).hex()),
        bad("signature", "granted by a key without a delegation", made.credential(made.stranger)),
        bad("signature", "granted by a delegated key that shows no delegation", made.credential(delegation=b"")),
        bad("signature", "a delegation of a delegated key", made.credential(
            made.stranger, grants.sign_delegation(
                made.gateway, msgspec.structs.replace(made.to_gateway, key=public(made.stranger))))),
        bad("signature", "a grant under the label of an endorsement",
            made.raw_credential(msgspec.msgpack.encode(made.grant), "endorsement")),
        bad("not-delegated", "an enrolment key that signs grants",
            made.credential(made.enrol, grants.sign_delegation(made.root, made.to_enrol))),
        bad("not-yet", "a delegation of tomorrow", made.credential(delegation=made.delegation(not_before=NOW + 1))),
        bad("expired", "a delegation of yesterday", made.credential(delegation=made.delegation(not_after=NOW - 1))),
        bad("other-host", "another host", good, host_id=bytes(16).hex()),
        bad("other-viewer", "another device", good, viewer=bytes(32).hex()),
        bad("not-yet", "a second too early", good, now=NOW - 61),
        bad("expired", "a second too late", good, now=NOW + 241),
        bad("too-long", "301 seconds", made.credential(not_before=NOW - 60, not_after=NOW + 241)),
        bad("ceiling", "a right above the ceiling", made.credential(rights=[Right(Capability.MANAGE)])),
        bad("ceiling", "one of several above the ceiling",
            made.credential(rights=[Right(Capability.VIEW), Right(Capability.RECORD, 5)])),
        bad("ceiling", "a ceiling of nothing", made.credential(delegation=made.delegation(ceiling=[]))),
    ]  # fmt: skip


def flip(data: bytes, at: int) -> bytes:
    """One bit flipped."""
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


def bodies(made: Made) -> list[Case]:
    """Grants that are signed and still say nothing sound, or say it in another form."""
    fields = msgspec.to_builtins(made.grant, builtin_types=(bytes,))
    conditions = fields[9]

    def body(at: int, value: Any) -> bytes:
        return msgspec.msgpack.encode([*fields[:at], value, *fields[at + 1 :]])

    def condition(at: int, value: Any) -> bytes:
        return body(9, [*conditions[:at], value, *conditions[at + 1 :]])

    good = msgspec.msgpack.encode(fields)
    assert good == msgspec.msgpack.encode(made.grant)
    cases = [
        ("version 2", body(0, 2)),
        ("version 1 in two bytes", good[:1] + b"\xcc\x01" + good[2:]),
        ("an array of 16 bits' length", b"\xdc\0\x0c" + good[1:]),
        ("a byte after it", good + b"\0"),
        ("a field too few", msgspec.msgpack.encode(fields[:-1])),
        ("a field too many", msgspec.msgpack.encode([*fields, ""])),
        ("a map", msgspec.msgpack.encode({"version": 1})),
        ("host id of 15 bytes", body(1, bytes(15))),
        ("viewer of 33 bytes", body(2, bytes(33))),
        ("viewer as text", body(2, "v" * 32)),
        ("person of 65 characters", body(3, "x" * 65)),
        ("device that is not UTF-8", good.replace("à".encode(), b"\xff\xff")),
        ("an unknown capability", body(5, [["root", 0]])),
        ("a capability twice", body(5, [["view", 0], ["view", 5]])),
        ("capabilities out of order", body(5, [["control", 0], ["view", 0]])),
        ("a right without seconds", body(5, [["view"]])),
        ("seconds above 32 bits", body(5, [["view", 2**32]])),
        ("seconds below zero", body(5, [["view", -1]])),
        ("not before after not after", body(6, NOW + 241)),
        ("a time below zero", body(6, -1)),
        ("a time with a fraction", body(6, float(NOW - 60))),
        ("a time above 53 bits", body(7, 2**53)),
        ("nonce of 17 bytes", body(8, bytes(17))),
        ("conditions without an end", body(9, conditions[:-1])),
        *(
            (f"network {text!r}", condition(0, [text]))
            for text in (
                "", "*", "192.0.2.0", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/024", "192.0.02.0/24", "192.0.2/24",
                "192.0.2.256/32", "192.0.2.0/255.255.255.0", "192.0.2.0/24/24", " 192.0.2.0/24", "192.0.2.0/24\n",
                "2001:DB8::/32", "2001:db8::1/32", "2001:db8:0::/32", "2001:db8::0:0/128", "2001:0db8::/32", "::/129",
                "1::2::3/128", "1:2:3:4:5:6:7/128", "1:2:3:4:5:6:7::/128", "::ffff:c000:200/120",
                "::ffff:192.0.2.0/120", "fe80::1%eth0/128", "::1:0:0:0:0:0/48", "x" * 44,
            )
        ),
        ("nine networks", condition(0, ["192.0.2.0/24"] * 9)),
        ("a window on no day", condition(1, [[0, 0, 60]])),
        ("a window on the eighth day", condition(1, [[128, 0, 60]])),
        ("a window that ends when it starts", condition(1, [[1, 60, 60]])),
        ("a window after midnight", condition(1, [[1, 60, 1441]])),
        ("fifteen windows", condition(1, [[1, 0, 60]] * 15)),
        ("ask as a number", condition(2, 1)),
        ("an unknown end", condition(7, "shut-down")),
        ("a reason of 201 characters", body(10, "x" * 201)),
        ("an approver that is nothing", body(11, None)),
    ]  # fmt: skip
    return [{"data": made.raw_credential(body).hex(), "fault": "malformed", "why": why} for why, body in cases]


def hosts(made: Made) -> list[Case]:
    """How a viewer learns a host's keys."""
    by_token = grants.sign_delegation(made.root, made.to_enrol)
    expected = {"endorsement": plain(made.endorsement)}

    def bad(fault: str, why: str, data: bytes, **given: Any) -> Case:
        return {"data": data.hex(), "fault": fault, "why": why, **given}

    fields = msgspec.to_builtins(made.endorsement, builtin_types=(bytes,))

    def raw(*changed: Any) -> bytes:
        return msgspec.msgpack.encode([sign(made.root, "endorsement", msgspec.msgpack.encode(list(changed))), b""])

    return [
        {"data": made.proof().hex(), **expected},
        {"data": made.proof(made.enrol, by_token).hex(), **expected},
        {"data": made.proof(made.enrol, by_token).hex(), "now": NOW + 1000 * 86_400, **expected},
        bad("signature", "another root", made.proof(), root=public(made.stranger).hex()),
        bad("signature", "a byte flipped", HostProof(flip(
            grants.sign_endorsement(made.root, made.endorsement), 40), b"").encode()),
        bad("signature", "an enrolment key without a delegation", made.proof(made.enrol)),
        bad("signature", "a delegation for another key", made.proof(made.stranger, by_token)),
        bad("not-delegated", "the gateway's grant key endorses", made.proof(made.gateway, made.delegation())),
        bad("other-host", "another host's id", made.proof(), host_id=bytes(16).hex()),
        bad("expired", "endorsed after the token's time", made.proof(made.enrol, by_token, issued=NOW + 86_401)),
        bad("not-yet", "endorsed before the token's time", made.proof(made.enrol, by_token, issued=NOW - 86_401)),
        bad("not-yet", "from the future", made.proof(issued=NOW + limits.EARLY_SECONDS + 1)),
        bad("malformed", "the id of other keys", raw(1, bytes(16), *fields[2:])),
        bad("malformed", "an identity of 31 bytes", raw(*fields[:2], bytes(31), *fields[3:])),
        bad("malformed", "version 0", raw(0, *fields[1:])),
        bad("malformed", "a field too many", raw(*fields, 0)),
        bad("malformed", "cut off", made.proof()[:-1]),
        bad("malformed", "a byte after it", made.proof() + b"\xc0"),
    ]  # fmt: skip


def tokens(made: Made, draw: Draw) -> list[Case]:
    """What a host is enrolled with (Python alone reads them)."""
    seed = made.enrol.private_bytes_raw()
    by_root = grants.root_hash(public(made.root))
    delegation = grants.sign_delegation(made.root, made.to_enrol)
    bare, keyed = EnrolToken(1, draw(16), by_root, b"", b""), EnrolToken(1, draw(16), by_root, seed, delegation)
    half = EnrolToken(1, draw(16), by_root, seed, b"")
    text = bare.encode()
    broken = [
        ("empty", ""),
        ("another prefix", "fhe2." + text[5:]),
        ("no prefix", text[5:]),
        ("cut off", text[:-1]),
        ("a letter too many", text + "A"),
        ("padded", text + "=" * (-len(text[5:]) % 4 or 4)),
        ("not base64url", text[:20] + "+/" + text[22:]),
        ("a space within", text[:20] + " " + text[21:]),
        ("a seed without a delegation", half.encode()),
        ("version 2", EnrolToken(2, *bare.__reduce__()[1][1:]).encode()),
        ("too long", "fhe1." + "A" * 2000),
    ]
    return [
        {"text": text, "token": plain(bare)},
        {"text": f"  {text}\n", "token": plain(bare)},
        {"text": keyed.encode(), "token": plain(keyed)},
        *({"text": one, "fault": "malformed", "why": why} for why, one in broken),
    ]
