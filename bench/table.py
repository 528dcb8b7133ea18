"""Farhand beside its peers: medians of every line and work, and whether each figure reaches what we promise.

    python bench/table.py ROWS.jsonl [--name farhand] [--markdown] [--json]

ROWS.jsonl holds one measurement a line, Farhand's and the peers' from the same run: `product`, `line`, `work`, and
figures (`p50` and `p95` in ms, `shown` and `drawn` a second, `psnr`, `psnr_1s`, `psnr_text` in dB, `host_cpu` and
`viewer_cpu` in % of a core, `mbit`, `host_mib`). Figures of different runs are not comparable: the machine drifts.
Exit code 0 if every figure is reached, 1 if one is not, 2 if rows are missing.
"""

import argparse
import json
import pathlib
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = dict[str, float]
Rows = dict[tuple[str, str, str], Row]

NOVNC, NATIVE, SELKIES = "tigervnc-novnc", "tigervnc", "selkies"


@dataclass(frozen=True)
class Check:
    """One figure: what was read, the bound it is held to, and how the bound came about."""

    line: str
    work: str
    figure: str
    value: float | None
    bound: float | None
    at_most: bool
    why: str

    @property
    def met(self) -> bool | None:
        """None where a row is missing."""
        if self.value is None or self.bound is None:
            return None
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def read(path: pathlib.Path) -> Rows:
    """Medians over the rounds, by (product, line, work)."""
    gathered: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for text in path.read_text().splitlines():
        row = json.loads(text)
        key = row.pop("product"), row.pop("line"), row.pop("work")
        for name, value in row.items():
            if isinstance(value, int | float):
                gathered[key][name].append(value)
    return {key: {n: statistics.median(v) for n, v in row.items()} for key, row in gathered.items()}


def checks(rows: Rows, name: str) -> Iterator[Check]:
    """Every promise of the README's table, in its order."""

    def get(product: str, line: str, work: str, figure: str) -> float | None:
        return rows.get((product, line, work), {}).get(figure)

    def times(factor: float, value: float | None) -> float | None:
        return None if value is None else factor * value

    def check(line: str, work: str, figure: str, bound: float | None, why: str, at_most: bool = True) -> Check:
        return Check(line, work, figure, get(name, line, work, figure), bound, at_most, why)

    def against(line: str, work: str, figure: str, peer: str, factor: float, at_most: bool = True) -> Check:
        return check(line, work, figure, times(factor, get(peer, line, work, figure)), f"{factor:g} × {peer}", at_most)

    def shown(line: str, work: str, share: float) -> Check:
        bound = times(share, get(name, line, work, "drawn"))
        return check(line, work, "shown", bound, f"{share:g} × drawn", at_most=False)

    def best(line: str, work: str, figure: str, at_most: bool, pick: Callable[[list[float]], float]) -> Check:
        values = [v for p in (NATIVE, NOVNC, SELKIES) if (v := get(p, line, work, figure)) is not None]
        return check(line, work, figure, pick(values) if values else None, "the best peer", at_most)

    yield against("lan", "keys", "p50", NOVNC, 0.55)
    yield against("lan", "keys", "p50", NATIVE, 1.0)
    yield against("lan", "keys", "p95", NOVNC, 0.7)
    yield check("lan", "keys", "lost", 0, "none")
    for work in ("film", "mixed"):
        yield shown("lan", work, 0.98)
        yield against("lan", work, "p50", SELKIES, 1.1 if work == "film" else 1.15)
        yield against("lan", work, "psnr", SELKIES, 1.0, at_most=False)
        yield check("lan", work, "mbit", 8, "8 Mbit/s")
        yield against("lan", work, "host_cpu", SELKIES, 1.1)
        yield against("lan", work, "viewer_cpu", SELKIES, 0.9)
    yield check("lan", "mixed", "psnr_text", 99, "exact", at_most=False)
    yield shown("lan", "text", 0.98)
    yield check("lan", "text", "psnr", 99, "exact", at_most=False)
    yield check("lan", "text", "psnr_1s", 99, "exact", at_most=False)
    yield against("lan", "text", "p50", SELKIES, 1.15)
    yield against("lan", "text", "host_cpu", SELKIES, 0.7)
    yield against("lan", "text", "viewer_cpu", SELKIES, 1.1)
    yield check("lan", "text", "mbit", 20, "20 Mbit/s")
    yield check("lan", "idle", "host_cpu", 1.0, "1 %")
    yield check("lan", "idle", "viewer_cpu", 1.5, "1.5 %")
    yield check("lan", "idle", "mbit", 0.01, "0.01 Mbit/s")
    yield check("lan", "idle", "host_mib", 150, "150 MiB")
    yield check("wan", "keys", "p50", 51, "51 ms")
    yield check("wan", "keys", "p95", 60, "60 ms")
    for work in ("film", "text", "mixed"):
        yield shown("wan", work, 0.95)
        yield against("wan", work, "p50", SELKIES, 1.1)
    yield check("wan", "text", "psnr", 40, "40 dB", at_most=False)
    yield check("wan", "text", "psnr_1s", 99, "exact", at_most=False)
    yield best("bad", "keys", "p50", True, min)
    yield best("bad", "keys", "p95", True, min)
    for work in ("film", "text"):
        yield best("bad", work, "shown", False, max)
        yield best("bad", work, "p50", True, min)
    yield check("bad", "text", "psnr_1s", 99, "exact", at_most=False)


def render(results: list[Check], markdown: bool) -> str:
    """The table."""
    head = ("line", "work", "figure", "Farhand", "to reach", "ratio", "")
    body = []
    for c in results:
        sign = "≤" if c.at_most else "≥"
        value = "–" if c.value is None else f"{c.value:g}"
        bound = "–" if c.bound is None else f"{sign} {round(c.bound, 2):g} ({c.why})"
        ratio = f"{c.value / c.bound:.2f}" if c.value is not None and c.bound else ""
        body.append((c.line, c.work, c.figure, value, bound, ratio, {True: "yes", False: "NO", None: "?"}[c.met]))
    widths = [max(len(row[i]) for row in (head, *body)) for i in range(len(head))]
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *body)]
    else:
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *body)]
    return "\n".join(lines)


def main() -> int:
    """Print the table; see the module's text for the exit codes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=pathlib.Path)
    parser.add_argument("--name", default="farhand", help="Farhand's name in the rows")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = list(checks(read(args.rows), args.name))
    if args.json:
        print(json.dumps([vars(c) | {"met": c.met} for c in results], indent=1))
    else:
        print(render(results, args.markdown))
    if any(c.met is None for c in results):
        return 2
    return 0 if all(c.met for c in results) else 1


if __name__ == "__main__":
    sys.exit(main())
