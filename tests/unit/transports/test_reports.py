"""What a host tells its gateway: seldom, when it matters, and every entry of its audit once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.loopback.host_kit import Clock, until

from farhand.core.errors import StreamClosed
from farhand.core.tasks import Tasks
from farhand.protocol.envelope import (
    LEG_MESSAGE_MAX,
    AuditCheckpoint,
    AuditEntries,
    FromHost,
    Status,
    decode_from_host,
)
from farhand.transports.reports import LOOK_SECONDS, TELL_SECONDS, Reports, Send, differs

STATUS = Status("Linux 6.1", "0.1.0", ["1920x1080"], 0.5, 50 << 30, 100 << 30, 0)


class Line:
    """A control connection that keeps what was said on it."""

    def __init__(self) -> None:
        self.said: list[FromHost] = []
        self.closed = False

    async def send(self, data: bytes) -> None:
        if self.closed:
            raise StreamClosed("cut")
        self.said.append(decode_from_host(data, LEG_MESSAGE_MAX))

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]


@pytest.fixture
async def clock() -> Clock:
    return Clock(asyncio.get_running_loop())


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks("test") as tasks:
        yield tasks


async def test_the_status_is_told_at_once_and_then_once_a_minute(clock: Clock, tasks: Tasks) -> None:
    line, looked = Line(), 0

    def status() -> Status:
        nonlocal looked
        looked += 1
        return STATUS

    Reports(status, None).begin(line, tasks)  # type: ignore[arg-type]
    await until(lambda: line.said)
    for _ in range(int(TELL_SECONDS / LOOK_SECONDS) - 1):
        before = looked
        await clock.advance(LOOK_SECONDS)
        await until(lambda before=before: looked > before)
    assert line.said == [STATUS]
    await clock.advance(LOOK_SECONDS)
    await until(lambda: line.said == [STATUS, STATUS])


async def test_a_change_is_told_when_it_is_seen_and_at_once_where_somebody_says_so(clock: Clock, tasks: Tasks) -> None:
    line, now = Line(), STATUS
    reports = Reports(lambda: now, None)
    reports.begin(line, tasks)  # type: ignore[arg-type]
    await until(lambda: len(line.said) == 1)
    now = msgspec.structs.replace(STATUS, callers=1)
    reports.look()
    await until(lambda: line.said[-1] == now)
    now = msgspec.structs.replace(now, screens=["1280x720"])
    await clock.advance(LOOK_SECONDS)
    await until(lambda: line.said[-1] == now)
    assert len(line.said) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"load": 0.6}, False),
        ({"load": 1.2}, True),
        ({"disk_free": (50 << 30) - (200 << 20)}, False),
        ({"disk_free": (50 << 30) - (2 << 30)}, True),
        ({"disk_total": 200 << 30}, True),
        ({"version": "0.2.0"}, True),
        ({"system": "Linux 6.2"}, True),
        ({"screens": []}, True),
    ],
)
def test_what_moves_all_the_time_is_no_change(change: dict[str, Any], told: bool) -> None:
    assert differs(STATUS, msgspec.structs.replace(STATUS, **change)) is told


async def test_the_audit_is_fed_from_where_the_gateway_has_it_once_a_registration(tasks: Tasks) -> None:
    line, asked = Line(), []

    async def feed(have: int, send: Send) -> None:
        asked.append(have)
        await send(AuditEntries(have, [b"x"]))

    reports = Reports(None, feed)
    for _ in range(2):
        reports.begin(line, tasks)  # type: ignore[arg-type]
        reports.audit_wanted(line, tasks, 7)  # type: ignore[arg-type]
        reports.audit_wanted(line, tasks, 0)  # type: ignore[arg-type]  # a gateway that asks again gets nothing twice
    await until(lambda: len(line.said) == 2)
    assert asked == [7, 7]
    assert line.said == [AuditEntries(7, [b"x"])] * 2


async def test_a_line_that_is_cut_and_a_log_that_cannot_be_read_end_it_quietly(clock: Clock) -> None:
    line = Line()
    line.closed = True

    async def feed(have: int, send: Send) -> None:
        if have:
            raise OSError("the disk is gone")
        await send(AuditCheckpoint(b"x"))

    failures: list[str] = []
    async with Tasks("test", on_failure=lambda name, _: failures.append(name)) as tasks:
        for have in (0, 1):
            reports = Reports(lambda: STATUS, feed)
            reports.begin(line, tasks)  # type: ignore[arg-type]
            reports.audit_wanted(line, tasks, have)  # type: ignore[arg-type]
        await until(lambda: not len(tasks))
    assert not failures
