"""What the session costs: µs a message and MB/s, one process, both ends, no input or output.

usage: .venv/bin/python bench/micro/bench_protocol.py [--json]

Each line is the best of five runs: what the code costs, not what else the machine was doing.
"""

import json
import os
import sys
import time
from collections.abc import Callable

from farhand.protocol import codec, records
from farhand.protocol.capability import Capability
from farhand.protocol.channels import Inbox, Outbox
from farhand.protocol.envelope import Mode
from farhand.protocol.identity import Keys, Kind
from farhand.protocol.messages import Channel
from farhand.protocol.messages.base import Message
from farhand.protocol.messages.control import Asking, Request
from farhand.protocol.messages.input import Pointer
from farhand.protocol.messages.screen import TileCodec, Tiles, Update
from farhand.protocol.pairing import calculate_generator
from farhand.protocol.session import HostSession, ViewerSession

HOST = Keys.generate(Kind.HOST, "desk", 1_800_000_000, os.urandom)
VIEWER = Keys.generate(Kind.BROWSER, "", 1_800_000_000, os.urandom)


def pair() -> tuple[HostSession, ViewerSession]:
    """Both ends, open."""
    host = HostSession(
        keys=HOST,
        take_code=lambda route: "739204615",
        find_rejoin=lambda session: None,
        feed=0,
        entropy=os.urandom,
        now=0.0,
    )
    viewer = ViewerSession(
        keys=VIEWER,
        mode=Mode.ATTENDED,
        route="4821",
        secret="739204615",
        pin=None,
        request=Request("Ada", "bench", [Capability.VIEW], b""),
        entropy=os.urandom,
        now=0.0,
    )
    for _ in range(3):
        host.receive_data(viewer.data_to_send(), 0.0)
        viewer.receive_data(host.data_to_send(), 0.0)
    host.send(Channel.CONTROL, Asking(30))
    viewer.receive_data(host.data_to_send(), 0.0)
    return host, viewer


def best(run: Callable[[], object], count: int) -> float:
    """Seconds a call."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            run()
        times.append((time.perf_counter() - began) / count)
    return min(times)


def picture(size: int) -> Update:
    return Update(1, 1, 1, True, [Tiles([0, 0, 1280, 720], TileCodec.ZSTD, os.urandom(size))])


def main() -> None:
    rows: list[tuple[str, float, int]] = []

    def row(name: str, run: Callable[[], object], count: int, size: int = 0) -> None:
        rows.append((name, best(run, count), size))

    row("handshake, both ends", pair, 20)
    row("CPace generator", lambda: calculate_generator(b"739204615", bytes(32), bytes(64)), 200)
    for size in (256, 4096, 65_519):
        sealer = records.Sealer(bytes(32), 0.0)
        plaintext = bytes(size)
        row(f"seal {size}", lambda sealer=sealer, plaintext=plaintext: sealer.seal(plaintext), 2000, size)
        sealer, opener = records.Sealer(bytes(32), 0.0), records.Opener(bytes(32))
        ready = iter([(one[:3], one[3:]) for one in (sealer.seal(plaintext) for _ in range(5 * 500))])
        row(f"open {size}", lambda opener=opener, ready=ready: opener.open(*next(ready)), 500, size)

    outbox = Outbox()
    inbox = Inbox(outbox, lambda channel, data: codec.decode(channel, data))
    message = codec.encode(Channel.INPUT, Pointer(640, 360, 0, 7))

    def mux() -> None:
        outbox.put(Channel.INPUT, message)
        parts: list[bytes | memoryview] = [b"\0"]
        outbox.fill(60_000, b"", parts)
        inbox.accept(b"".join(parts))
        outbox.add_credit(memoryview(b"\3" + len(message).to_bytes(4, "big")))
        inbox._owed[Channel.INPUT] = 0

    row("mux and demux, pointer", mux, 5000)

    host, viewer = pair()

    def carry(source: HostSession | ViewerSession, target: HostSession | ViewerSession, channel: Channel, one: Message):
        def run() -> None:
            source.send(channel, one)
            while data := source.data_to_send():
                target.receive_data(data, 0.0)
            target.events()
            if target.has_data_to_send():
                source.receive_data(target.data_to_send(), 0.0)

        return run

    row("pointer, send to event", carry(viewer, host, Channel.INPUT, Pointer(640, 360, 0, 7)), 3000)
    for size in (4000, 38_000, 100_000, 300_000):
        row(f"picture {size}, send to event", carry(host, viewer, Channel.SCREEN, picture(size)), 200, size)

    if "--json" in sys.argv[1:]:
        print(json.dumps([{"name": name, "us": round(t * 1e6, 2), "bytes": size} for name, t, size in rows]))
        return
    for name, seconds, size in rows:
        rate = f"{size / seconds / 1e6:8.0f} MB/s" if size else ""
        print(f"{name:32} {seconds * 1e6:10.1f} µs {rate}")


if __name__ == "__main__":
    main()
