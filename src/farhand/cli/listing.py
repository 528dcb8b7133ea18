"""`farhand hosts`: asks the gateways, and prints a table or one JSON object a line."""

import datetime
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from farhand.cli.exits import CliError, Exit
from farhand.cli.reaching import say
from farhand.client.api import GatewayApi, HostRow
from farhand.client.gateways import Gateways, Login
from farhand.client.texts import plain
from farhand.core.config import Paths
from farhand.core.errors import FarhandError
from farhand.core.tasks import run


@dataclass(frozen=True, slots=True)
class HostQuery:
    """What is asked for."""

    search: str
    group: str
    online: bool
    gateway: str
    machine: bool


def hosts(query: HostQuery) -> None:
    """Print them. Raises FarhandError, OSError."""
    run(_hosts(query))


async def _hosts(query: HostQuery) -> None:
    logins = Gateways(Paths.default()).chosen(query.gateway)
    found: list[tuple[Login, HostRow]] = []
    problems: list[FarhandError] = []
    for login in logins:
        try:
            found += [(login, row) for row in await _rows(login, query)]
        except FarhandError as error:
            problems.append(error)
            say(f"{urlsplit(login.url).netloc}: {error.cause}")
    if query.machine:
        for login, row in found:
            print(json.dumps(_object(login, row), ensure_ascii=False))
    elif found:
        Console().print(_table(found, len(logins) > 1))
    elif not problems:
        print("no host" + (" matches" if query.search or query.group or query.online else " yet: enrol one"))
    if problems:
        raise CliError(Exit.FAILED, "not every gateway answered", problems[0].cure)


async def _rows(login: Login, query: HostQuery) -> list[HostRow]:
    async with GatewayApi(login.url, token=login.token, fingerprint=login.fingerprint) as api:
        group = await api.group_id(query.group) if query.group else ""
        asked = {"q": query.search, "group": group, "state": "online" if query.online else ""}
        return [row async for row in api.hosts(**{name: value for name, value in asked.items() if value})]


def _object(login: Login, row: HostRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "state": state(row),
        "groups": row.group_names,
        "tags": row.tags,
        "system": row.system or "",
        "version": row.version or "",
        "last_seen_ms": row.last_seen_ms,
        "gateway": login.url,
    }


def _table(found: list[tuple[Login, HostRow]], several: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("NAME", "STATE", "GROUPS", "TAGS", "SYSTEM", "LAST SEEN", *(("GATEWAY",) if several else ())):
        table.add_column(title, overflow="fold" if title == "NAME" else "ellipsis", no_wrap=title == "STATE")
    for login, row in found:
        shown = state(row)
        table.add_row(
            # Text, not markup: a host named [red] is called so.
            Text(plain(row.name) or row.id),
            Text(shown, style={"online": "green", "offline": "dim"}.get(shown, "yellow")),
            Text(", ".join(row.group_names)),
            Text(", ".join(plain(tag) for tag in row.tags)),
            Text(plain(row.system or "")),
            Text(_when(row.last_seen_ms) if shown != "online" else "now"),
            *((Text(urlsplit(login.url).netloc),) if several else ()),
        )
    return table


def state(row: HostRow) -> str:
    """In a word: what the gateway says, else whether it is connected."""
    return plain(row.state) or ("online" if row.online else "offline")


def _when(unix_ms: int) -> str:
    if not 0 < unix_ms < 1 << 43:
        return "never" if unix_ms == 0 else "?"
    return datetime.datetime.fromtimestamp(unix_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
