"""An entry is canonical, bounded and harmless, and holds no secret, whatever it is given."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farhand.host.audit_entry import ENTRY_MAX, canonical, decode, encode

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=50) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=60,
)


def told(**fields: object) -> dict[str, Any]:
    return json.loads(encode(7, 1_700_000_000_000, "log-in", fields))


def test_the_form() -> None:
    line = encode(
        7, 1_700_000_000_000, "log-in", {"who": "Jana", "from_": "192.0.2.1", "rights": ["view"], "again": False}
    )
    assert line == (
        b'{"again":false,"from":"192.0.2.1","kind":"log-in","n":7,"rights":["view"],"t":1700000000000,"who":"Jana"}'
    )
    assert decode(line)["who"] == "Jana"


@settings(max_examples=40)
@given(st.dictionaries(st.text(), anything, max_size=40), st.text())
def test_whatever_comes_is_one_canonical_bounded_line(fields: dict[str, object], kind: str) -> None:
    line = encode(1, 2, kind, fields)
    assert len(line) <= ENTRY_MAX
    assert b"\n" not in line
    assert b"\0" not in line
    assert canonical(decode(line)) == line


def test_what_is_too_much_is_left_out_and_said() -> None:
    entry = told(**{f"field{number}": "ß" * 1000 for number in range(24)})
    assert entry["cut"] is True
    assert entry["n"] == 7


@pytest.mark.parametrize("name", ["n", "t", "kind", "n_", "_", "", "A", "a b", "x" * 40, "é"])
def test_no_field_takes_the_place_of_the_audit_s_own(name: str) -> None:
    entry = json.loads(encode(7, 5, "log-in", {name: "forged"}))
    assert entry == {"n": 7, "t": 5, "kind": "log-in"}


def test_strangers_texts_are_tamed() -> None:
    entry = told(who="a\u202eb\nc\x1b[31m", reason="x" * 10_000_000, path="/tmp/" + "y" * 5000)
    assert entry["who"] == "ab c[31m"
    assert len(entry["reason"]) == 256
    assert len(entry["path"]) == 512


SECRETS = {
    "a code as it is said": "4821-739 204 615",
    "a code as it is typed": "4821-739204615",
    "a link": "https://gateway.example/#4821739204615",
    "an enrolment token": "fhe1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "a gateway's token": "fht_AbCdEfGhIjKl0123456789",
    "a private key": os.urandom(32).hex(),
    "a grant": "gqFhAcKjZm9vw6NiYXIAzgAAAAB0b2tlbjEyMzQ1Njc4OTBhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eg==",
}


@pytest.mark.parametrize("what", SECRETS)
@pytest.mark.parametrize("field", ["reason", "who", "rights"])
def test_secrets_in_a_text_are_hidden(what: str, field: str) -> None:
    secret = SECRETS[what]
    said = f"please {secret} thanks"
    line = json.dumps(told(**{field: [said] if field == "rights" else said}))
    assert secret.rpartition("#")[2] not in line
    assert "please" in line


@pytest.mark.parametrize("name", ["code", "text", "password", "token", "private_key", "secret", "pin", "seed"])
def test_secrets_by_name_are_hidden(name: str) -> None:
    assert told(**{name: "hunter2"})[name] == "[hidden]"
    assert told(**{name: 1234})[name] == "[hidden]"
    assert told(**{name: ["hunter2"]})[name] == "[hidden]"


def test_bytes_are_never_shown() -> None:
    assert told(grant=b"hunter2", what=object(), device=bytearray(b"hunter2")) == {
        **told(), "grant": "[hidden]", "what": "[hidden]", "device": "[hidden]",
    }  # fmt: skip


def test_what_an_auditor_needs_is_not_hidden() -> None:
    digest = os.urandom(32).hex()
    device = "abcd efgh ijkl mnop qrst uvwx yz23 4567"
    long_name = "/home/jana/Quarterly_Report_for_the_Board_of_Directors_2026_final_3.ods"
    entry = told(sha256=digest, device=device, path=long_name, host="00" * 16, who="Jana Nováková 2", bytes=10)
    assert entry["sha256"] == digest
    assert entry["device"] == device
    assert entry["path"] == long_name
    assert entry["who"] == "Jana Nováková 2"


@pytest.mark.parametrize(
    "line",
    [
        b"", b"[]", b"{}", b"not json", b'{"n":1,"t":2}', b'{"kind":"x","n":1, "t":2}', b'{"n":1,"kind":"x","t":2}',
        b'{"kind":"x","n":1,"n":1,"t":2}', b'{"kind":"\\u0041","n":1,"t":2}', b'{"kind":"x","n":true,"t":2}',
        b'{"kind":"x","n":1.0,"t":2}', b"\xff", b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_canonical_entry_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)
