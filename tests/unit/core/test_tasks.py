import asyncio
import logging

import pytest

from farhand.core.tasks import Tasks, run


async def fails() -> None:
    raise ValueError("broken")


async def runs_for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_started_task_gives_its_result():
    async def answers() -> int:
        return 42

    async with Tasks("test") as tasks:
        assert await tasks.start(answers(), "answer") == 42


async def test_a_failure_is_logged_with_owner_and_name(caplog):
    async with Tasks("agent") as tasks:
        with pytest.raises(ValueError, match="broken"):
            await tasks.start(fails(), "pump")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.msg["task"] == "agent/pump"


async def test_wait_raises_the_first_failure_while_others_still_run():
    async with Tasks("test") as tasks:
        other = tasks.start(runs_for_ever(), "other")
        tasks.start(fails(), "failing")
        with pytest.raises(ValueError, match="broken"):
            await tasks.wait()
        assert not other.done()


async def test_wait_returns_when_the_last_task_ends():
    finished = []

    async def second() -> None:
        finished.append("second")

    async with Tasks("test") as tasks:

        async def first() -> None:
            tasks.start(second(), "second")
            finished.append("first")

        tasks.start(first(), "first")
        await tasks.wait()
    assert finished == ["first", "second"]


async def test_a_failure_is_handed_to_the_owner():
    seen = []
    async with Tasks("test", on_failure=lambda name, error: seen.append((name, str(error)))) as tasks:
        tasks.start(fails(), "failing")
        with pytest.raises(ValueError, match="broken"):
            await tasks.wait()
    assert seen == [("test/failing", "broken")]


async def test_close_waits_until_every_task_has_cleaned_up():
    cleaned = []
    started = asyncio.Event()

    async def cleans_up() -> None:
        try:
            started.set()
            await runs_for_ever()
        finally:
            await asyncio.get_running_loop().run_in_executor(None, cleaned.append, True)

    tasks = Tasks("test")
    tasks.start(cleans_up(), "one")
    await started.wait()
    await tasks.close()
    assert cleaned == [True]
    assert len(tasks) == 0
    await tasks.close()


async def test_a_cancelled_task_is_no_failure(caplog):
    async with Tasks("test") as tasks:
        tasks.start(runs_for_ever(), "one")
    await tasks.wait()
    assert not caplog.records


async def test_a_failure_while_closing_is_logged(caplog):
    started = asyncio.Event()

    async def fails_to_clean_up() -> None:
        try:
            started.set()
            await runs_for_ever()
        finally:
            raise OSError("disk full")

    async with Tasks("test") as tasks:
        tasks.start(fails_to_clean_up(), "one")
        await started.wait()
    assert [record.msg["event"] for record in caplog.records] == ["task failed"]


async def test_a_closed_owner_starts_nothing():
    tasks = Tasks("test")
    await tasks.close()
    with pytest.raises(RuntimeError, match="test is closed"):
        tasks.start(runs_for_ever(), "late")


async def test_a_task_may_close_its_owner():
    tasks = Tasks("test")
    other = tasks.start(runs_for_ever(), "other")

    async def closes() -> str:
        await tasks.close()
        return "closed"

    assert await tasks.start(closes(), "closer") == "closed"
    assert other.cancelled()


def test_run_returns_the_result_and_raises_what_was_raised():
    async def answers() -> int:
        return 42

    assert run(answers()) == 42
    with pytest.raises(ValueError, match="broken"):
        run(fails())
