"""What the host writes down: every log-in, and no secret."""

import pytest
from structlog.testing import capture_logs
from tests.loopback.host_kit import HostKit, until

from farhand.client import ConnectFailed
from farhand.host.events import CallerCut, CallerEnded


async def test_every_log_in_is_written_down_with_its_address() -> None:
    async with HostKit() as kit:
        with capture_logs() as logs:
            right, wrong = kit.code(), kit.code()
            line = kit.dial()
            caller = await kit.connect(right, to=line)
            with pytest.raises(ConnectFailed):
                await kit.connect(right)
            with pytest.raises(ConnectFailed):
                await kit.connect(wrong[:-1] + str((int(wrong[-1]) + 1) % 10))
            line.cut()
            await caller.closed()
            await kit.hear(CallerCut)
            caller = await caller.rejoin(kit.dial())
            await caller.close()
            await kit.hear(CallerEnded)
            with pytest.raises(ConnectFailed):
                await caller.rejoin(kit.dial())
            await until(lambda: not kit.agent._calls)
        told = [(entry["event"], entry.get("why")) for entry in logs if entry["log_level"] != "debug"]
        assert told == [
            ("code used", None),
            ("caller attached", None),
            ("log-in refused", "unknown_route"),
            ("code burnt", None),
            ("log-in refused", "wrong_code"),
            ("caller cut", None),
            ("caller returned", None),
            ("caller gone", "ended by the caller (ended)"),
            ("log-in refused", "rejoin_refused"),
        ]
        assert all(entry["address"] == "192.0.2.7" for entry in logs if entry["event"] == "log-in refused")


async def test_neither_code_nor_keys_nor_what_is_typed_or_copied_is_written_down() -> None:
    async with HostKit(ask=True) as kit:
        with capture_logs() as logs:
            code = kit.code()
            caller = await kit.connect(code)
            caller.type("hunter2 and more")
            caller.copy("a password")
            await until(lambda: kit.platform.clipboards and kit.platform.clipboards[0].text)
            await kit.platform.clipboards[0].copy("another password")
            kit.platform.inputs[0].fail = RuntimeError("a fault while typing")
            caller.type("swordfish")
            await caller.wait(lambda s: bool(s.notices))
            await caller.close()
            await until(lambda: not kit.agent._calls)
        text = repr(logs)
        assert "caller attached" in text
        secret = code.split("-")[1]
        for planted in (secret, secret.replace(" ", ""), "hunter2", "password", "swordfish"):
            assert planted not in text
        assert caller._keys.static_public.hex() not in text
        assert repr(caller._keys.static_public)[2:-1] not in text
