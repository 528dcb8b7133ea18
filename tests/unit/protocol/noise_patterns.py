"""All of Noise's interactive and one-way patterns, and how to run a vector in cacophony's format through noise.py."""

import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from farhand.protocol.noise import CipherState, HandshakeState, Pattern

#: Noise, sections 7.4, 7.5 and 18.1: what is known before (">s" of the initiator, "<s" of the responder) | messages.
_TEXT = """
N <s | e es
K >s <s | e es ss
X <s | e es s ss
NN | e | e ee
NK <s | e es | e ee
NX | e | e ee s es
KN >s | e | e ee se
KK >s <s | e es ss | e ee se
KX >s | e | e ee se s es
XN | e | e ee | s se
XK <s | e es | e ee | s se
XX | e | e ee s es | s se
IN | e s | e ee se
IK <s | e es s ss | e ee se
IX | e s | e ee se s es
NK1 <s | e | e ee es
NX1 | e | e ee s | es
X1N | e | e ee | s | se
X1K <s | e es | e ee | s | se
XK1 <s | e | e ee es | s se
X1K1 <s | e | e ee es | s | se
X1X | e | e ee s es | s | se
XX1 | e | e ee s | es s se
X1X1 | e | e ee s | es s | se
K1N >s | e | e ee | se
K1K >s <s | e es | e ee | se
KK1 >s <s | e | e ee se es
K1K1 >s <s | e | e ee es | se
K1X >s | e | e ee s es | se
KX1 >s | e | e ee se s | es
K1X1 >s | e | e ee s | se es
I1N | e s | e ee | se
I1K <s | e es s | e ee | se
IK1 <s | e s | e ee se es
I1K1 <s | e s | e ee es | se
I1X | e s | e ee s es | se
IX1 | e s | e ee se s | es
I1X1 | e s | e ee s | se es
"""
_TABLE = {line.split()[0]: line for line in _TEXT.strip().splitlines()}
_NAME = re.compile(r"Noise_([A-Z0-9]+)((?:psk\d(?:\+psk\d)*)?)_25519_AESGCM_SHA256\Z")


def pattern(protocol_name: str) -> Pattern:
    """The pattern that a protocol name means."""
    found = _NAME.match(protocol_name)
    assert found, protocol_name
    base, modifiers = found.groups()
    before, *rest = _TABLE[base].split("|")
    messages = [part.split() for part in rest]
    for place in map(int, re.findall(r"psk(\d)", modifiers)):
        if place == 0:
            messages[0].insert(0, "psk")
        else:
            messages[place - 1].append("psk")
    return Pattern(
        base + modifiers,
        tuple(map(tuple, messages)),
        ("s",) if ">s" in before else (),
        ("s",) if "<s" in before else (),
    )


def _end(vector: dict[str, Any], role: str) -> HandshakeState:
    def key(name: str) -> X25519PrivateKey | None:
        text = vector.get(f"{role}_{name}")
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(text)) if text else None

    remote = vector.get(f"{role}_remote_static")
    return HandshakeState(
        pattern(vector["protocol_name"]),
        initiator=role == "init",
        prologue=bytes.fromhex(vector.get(f"{role}_prologue", "")),
        s=key("static"),
        e=key("ephemeral"),
        rs=bytes.fromhex(remote) if remote else None,
        psks=[bytes.fromhex(psk) for psk in vector.get(f"{role}_psks", [])],
    )


def run(vector: dict[str, Any]) -> int:
    """Run both ends through a vector and compare every byte; how many messages that were."""
    ends = _end(vector, "init"), _end(vector, "resp")
    one_way = len(pattern(vector["protocol_name"]).messages) == 1
    ciphers: list[tuple[CipherState, CipherState]] = []
    for number, message in enumerate(vector["messages"]):
        payload, expected = bytes.fromhex(message["payload"]), bytes.fromhex(message["ciphertext"])
        sender = 0 if one_way else number % 2
        if not ends[0].finished:
            assert ends[sender].write_message(payload) == expected
            assert ends[1 - sender].read_message(expected) == payload
            if ends[0].finished:
                if vector.get("handshake_hash"):
                    assert [end.handshake_hash.hex() for end in ends] == [vector["handshake_hash"]] * 2
                first, second = (end.split() for end in ends)
                assert first == second[::-1]
                ciphers = [(CipherState(key), CipherState(key)) for key in first]
        else:
            sealing, opening = ciphers[sender]
            assert sealing.encrypt_with_ad(b"", payload) == expected
            assert opening.decrypt_with_ad(b"", expected) == payload
    return len(vector["messages"])
