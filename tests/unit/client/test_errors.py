"""Every end has words for a person."""

import pytest

from farhand.client.errors import ConnectFailed, SessionOver
from farhand.protocol.errors import ByeCode, FailureCode
from farhand.protocol.events import Ended, Failed


@pytest.mark.parametrize("failure", FailureCode)
def test_every_failure_names_its_cause(failure: FailureCode) -> None:
    assert ConnectFailed(failure).cause
    assert ConnectFailed(failure, 42).cure == "try again in 42 s"
    assert SessionOver(Failed(failure, True)).cause


@pytest.mark.parametrize("code", ByeCode)
def test_every_bye_names_its_cause(code: ByeCode) -> None:
    assert SessionOver(Ended(True, code, "")).cause
    assert "because" in str(SessionOver(Ended(True, code, "because")))


def test_a_cut_says_what_to_do() -> None:
    assert "rejoin" in SessionOver(None).cure
