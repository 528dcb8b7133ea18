from farhand.core.errors import FarhandError


def test_an_error_reads_as_cause_and_cure():
    assert str(FarhandError("port 443 is taken", "choose another with --port")) == (
        "port 443 is taken: choose another with --port"
    )
    assert str(FarhandError("port 443 is taken")) == "port 443 is taken"
