"""One code is open, always: used up, burnt, expired or lost, the next takes its place."""

from farhand.cli.codes import CodeKeeper
from farhand.core.tasks import Tasks
from farhand.host.codes import Code, CodesLocked
from farhand.host.events import CodeClosed, CodeEnd, Locked, Unlocked


class Desk:
    """Routes and codes that count on."""

    def __init__(self) -> None:
        self.routes = 1000
        self.closed: list[str] = []
        self.withdrawn: list[str] = []
        self.lock = 0

    async def open_route(self) -> str:
        self.routes += 1
        return str(self.routes)

    async def close_route(self, route: str) -> None:
        self.closed.append(route)

    def new_code(self, route: str) -> Code:
        if self.lock:
            raise CodesLocked(self.lock)
        return Code(route, "123456789", 0.0)

    def withdraw_code(self, route: str) -> None:
        self.withdrawn.append(route)

    def locked(self) -> int:
        return self.lock


class Kit:
    def __init__(self, *, once: bool = False) -> None:
        self.desk = Desk()
        self.shown: list[str] = []
        self.tasks = Tasks("test")
        self.keeper = CodeKeeper(
            self.desk, self.desk, self.tasks.start, lambda code: self.shown.append(code.route), once=once
        )

    async def hear(self, event) -> None:
        self.keeper.heard(event)
        await self.tasks.wait()


async def test_a_code_that_is_dead_is_replaced_and_its_route_given_back() -> None:
    kit = Kit()
    await kit.keeper.renew()
    for number, end in enumerate((CodeEnd.USED, CodeEnd.BURNT, CodeEnd.ABANDONED, CodeEnd.EXPIRED)):
        await kit.hear(CodeClosed(kit.shown[-1], end))
        assert len(kit.shown) == number + 2
    assert kit.desk.closed == kit.shown[:-1]


async def test_what_happens_to_other_codes_is_no_matter() -> None:
    kit = Kit()
    await kit.keeper.renew()
    await kit.hear(CodeClosed("9999", CodeEnd.USED))
    assert kit.shown == ["1001"]


async def test_after_a_lock_a_code_is_made_when_it_ends() -> None:
    kit = Kit()
    await kit.keeper.renew()
    kit.desk.lock = 300
    await kit.hear(CodeClosed("1001", CodeEnd.BURNT))
    await kit.hear(Locked(300))
    assert kit.shown == ["1001"]
    assert kit.desk.closed == [], "who comes by it meets the host, and hears of the lock"
    kit.desk.lock = 0
    await kit.hear(Unlocked())
    assert kit.shown == ["1001", "1002"]
    assert kit.desk.closed == ["1001"]


async def test_a_code_that_was_open_while_others_locked_it_is_replaced_after_the_lock() -> None:
    kit = Kit()
    await kit.keeper.renew()
    kit.desk.lock = 300
    await kit.hear(CodeClosed("1001", CodeEnd.LOCKED))
    assert kit.shown == ["1001"]
    kit.desk.lock = 0
    await kit.hear(Unlocked())
    assert kit.shown == ["1001", "1002"]
    await kit.hear(Unlocked())
    assert kit.shown == ["1001", "1002"]
    assert kit.desk.closed == ["1001"]


async def test_a_route_that_was_given_away_during_a_lock_is_not_given_back() -> None:
    kit = Kit()
    await kit.keeper.renew()
    kit.desk.lock = 300
    await kit.hear(CodeClosed("1001", CodeEnd.BURNT))
    kit.keeper.route_lost("1001")
    kit.desk.lock = 0
    await kit.hear(Unlocked())
    assert kit.desk.closed == []


async def test_a_lock_that_begins_while_a_route_opens_leaves_no_route_behind() -> None:
    kit = Kit()
    kit.desk.lock = 300
    await kit.keeper.renew()
    assert kit.shown == []
    assert kit.desk.closed == ["1001"]


async def test_once_makes_no_code_after_one_was_used_but_after_one_was_burnt() -> None:
    kit = Kit(once=True)
    await kit.keeper.renew()
    await kit.hear(CodeClosed("1001", CodeEnd.BURNT))
    await kit.hear(CodeClosed("1002", CodeEnd.USED))
    assert kit.shown == ["1001", "1002"]


async def test_a_route_that_the_gateway_gave_away_takes_its_code_along() -> None:
    kit = Kit()
    await kit.keeper.renew()
    kit.keeper.route_lost("9999")
    kit.keeper.route_lost("1001")
    await kit.tasks.wait()
    assert kit.desk.withdrawn == ["1001"]
    assert kit.shown == ["1001", "1002"]
