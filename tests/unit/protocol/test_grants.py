"""What the vectors cannot say of signed statements: every byte counts, the order of writing does not."""

import os
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farhand.protocol import grants, limits
from farhand.protocol.capability import ALL, Capability, in_order
from farhand.protocol.envelope import host_id
from farhand.protocol.errors import GrantFault, GrantRefused
from farhand.protocol.grants import (
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
from farhand.protocol.identity import Certificate, Keys, Kind

NOW = 1_800_000_000
HOST = Keys.generate(Kind.HOST, "desk", NOW, os.urandom)
VIEWER = Keys.generate(Kind.CLIENT, "notebook", NOW, os.urandom)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


@dataclass
class Organisation:
    root: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    gateway: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def delegation(self, **changes: Any) -> Delegation:
        made = Delegation(1, Use.GRANTS, public(self.gateway), in_order(ALL), NOW - 10, NOW + 1000, "gateway")
        return msgspec.structs.replace(made, **changes)

    def grant(self, **changes: Any) -> Grant:
        made = Grant(
            1, HOST.host_id, VIEWER.identity_public, "Ada", "notebook", [Right(Capability.VIEW)],
            NOW - 60, NOW + 240, os.urandom(16), Conditions(), "", "",
        )  # fmt: skip
        return msgspec.structs.replace(made, **changes)

    def credential(self, **changes: Any) -> bytes:
        delegation = grants.sign_delegation(self.root, self.delegation())
        return Credential(delegation, grants.sign_grant(self.gateway, self.grant(**changes))).encode()

    def verify(self, data: bytes) -> grants.Verified:
        return grants.verify_credential(
            data, root=public(self.root), host_id=HOST.host_id, viewer=VIEWER.identity_public, now=NOW
        )


def refusal(call: Any, *args: Any, **kwargs: Any) -> GrantFault:
    with pytest.raises(GrantRefused) as refused:
        call(*args, **kwargs)
    return refused.value.why


def test_every_byte_of_a_credential_counts() -> None:
    organisation = Organisation()
    data = organisation.credential()
    organisation.verify(data)
    for at in range(len(data)):
        for bit in (1, 0x80):
            broken = bytearray(data)
            broken[at] ^= bit
            assert refusal(organisation.verify, bytes(broken)) in (GrantFault.MALFORMED, GrantFault.SIGNATURE)


def test_every_byte_of_a_proof_counts() -> None:
    root = Ed25519PrivateKey.generate()
    endorsement = Endorsement(1, HOST.host_id, HOST.identity_public, HOST.static_public, "desk", NOW)
    data = HostProof(grants.sign_endorsement(root, endorsement), b"").encode()
    held = {"root": public(root), "host_id": HOST.host_id, "now": NOW}
    assert grants.verify_host(data, **held) == endorsement
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1
        assert refusal(grants.verify_host, bytes(broken), **held) in (GrantFault.MALFORMED, GrantFault.SIGNATURE)


def test_every_length_but_the_right_one_is_refused() -> None:
    organisation = Organisation()
    data = organisation.credential()
    for length in range(len(data)):
        assert refusal(organisation.verify, data[:length]) is GrantFault.MALFORMED


def test_a_statement_is_signed_in_order_whatever_the_order_of_writing() -> None:
    organisation = Organisation()
    rights = [Right(Capability.RECORD), Right(Capability.CONTROL, 5), Right(Capability.VIEW)]
    verified = organisation.verify(organisation.credential(rights=rights))
    assert list(verified.rights.items()) == [(Capability.VIEW, 0), (Capability.CONTROL, 5), (Capability.RECORD, 0)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rights": [Right(Capability.VIEW), Right(Capability.VIEW, 5)]},
        {"conditions": Conditions(networks=["192.0.2.1/24"])},
        {"conditions": Conditions(windows=[Window(1, 5, 5)])},
        {"person": "x" * 65},
        {"reason": "x" * 201},
        {"not_before": NOW + 300},
        {"nonce": b"short"},
    ],
    ids=str,
)
def test_what_no_reader_would_take_is_not_signed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Organisation().credential(**wrong)


def test_the_longest_of_everything_is_refused_with_its_size() -> None:
    texts = {
        "person": "\N{GRINNING FACE}" * 64,
        "device": "\N{GRINNING FACE}" * 64,
        "reason": "\N{GRINNING FACE}" * 200,
    }
    with pytest.raises(ValueError, match="bytes"):
        Organisation().credential(**texts, conditions=Conditions(["2001:db8:1:1:1:1:1:0/127"] * 8))


def test_the_largest_parts_fit_into_a_credential() -> None:
    assert len(msgspec.msgpack.encode([bytes(limits.DELEGATION), bytes(limits.GRANT)])) <= limits.CREDENTIAL
    assert len(msgspec.msgpack.encode([bytes(limits.ENDORSEMENT), bytes(limits.DELEGATION)])) <= limits.HOST_PROOF
    longest = Delegation(1, Use.GRANTS, bytes(32), in_order(ALL), 2**53 - 2, 2**53 - 1, "\N{GRINNING FACE}" * 64)
    assert len(grants.sign_delegation(Ed25519PrivateKey.generate(), longest)) <= limits.DELEGATION
    token = EnrolToken(1, bytes(16), bytes(32), bytes(32), bytes(limits.DELEGATION)).encode()
    assert len(EnrolToken.decode(token).delegation) == limits.DELEGATION


def test_a_ceiling_bounds_what_a_stolen_gateway_key_is_worth() -> None:
    organisation = Organisation()
    low = grants.sign_delegation(organisation.root, organisation.delegation(ceiling=[Capability.VIEW]))
    grant = grants.sign_grant(organisation.gateway, organisation.grant(rights=[Right(Capability.SHELL)]))
    assert refusal(organisation.verify, Credential(low, grant).encode()) is GrantFault.CEILING
    # Nor can it raise its own ceiling.
    forged = grants.sign_delegation(organisation.gateway, organisation.delegation())
    assert refusal(organisation.verify, Credential(forged, grant).encode()) is GrantFault.SIGNATURE


def test_an_enrolment_key_adds_hosts_and_takes_no_host_s_place() -> None:
    root, seed = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    delegation = grants.sign_delegation(root, Delegation(1, Use.ENROL, public(seed), [], NOW, NOW + 60, "token"))
    other = Keys.generate(Kind.HOST, "other", NOW, os.urandom)
    with pytest.raises(ValueError):
        grants.sign_endorsement(
            seed, Endorsement(1, HOST.host_id, other.identity_public, other.static_public, "desk", NOW)
        )
    # Another Noise key for a known identity can be endorsed, for nothing: the host's certificate names its own.
    swapped = Endorsement(1, HOST.host_id, HOST.identity_public, other.static_public, "desk", NOW)
    proof = HostProof(grants.sign_endorsement(seed, swapped), delegation).encode()
    known = grants.verify_host(proof, root=public(root), host_id=HOST.host_id, now=NOW)
    assert Certificate.decode(HOST.certificate).static != known.static


def test_a_host_s_id_is_its_identity_s_hash() -> None:
    assert host_id(HOST.identity_public) == HOST.host_id


def test_a_fingerprint_is_of_the_whole_key_and_grouped() -> None:
    shown = grants.fingerprint(bytes(32))
    assert [len(group) for group in shown.split(" ")] == [4] * 8
    assert shown.startswith("mzuh vlpy mk6x o3ep ygfy 5h4o")
    assert grants.fingerprint(bytes(31) + b"\1") != shown


class TestCertify:
    def test_a_key_made_elsewhere_for_a_while(self) -> None:
        static = os.urandom(32)
        made = Certificate.decode(VIEWER.certify(static, Kind.CLIENT, "page", NOW, 3600))
        assert (made.identity, made.static, made.name) == (VIEWER.identity_public, static, "page")
        assert made.kind is Kind.CLIENT
        assert made.valid_at(NOW)
        assert made.valid_at(NOW + 3600)
        assert not made.valid_at(NOW + 3601)
        assert not made.valid_at(NOW - 301)
