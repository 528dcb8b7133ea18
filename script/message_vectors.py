"""Vectors of messages: one of every type at least, and what is not a message; for script/gen_vectors.py."""

from typing import Any

import msgspec

from farhand.protocol import codec
from farhand.protocol.capability import Capability
from farhand.protocol.messages import Channel, clipboard, control, cursor, files, screen
from farhand.protocol.messages import input as keys_in

META = files.Meta(0o644, 1_800_000_000_000_000, [files.Attribute(b"user.origin", b"x")])


def plain(message: Any) -> dict[str, Any]:
    """A message as JSON: ``type`` and its fields; byte strings as ``{"hex": …}``."""

    def value(one: Any) -> Any:
        if isinstance(one, bytes):
            return {"hex": one.hex()}
        if isinstance(one, list):
            return [value(item) for item in one]
        if isinstance(one, msgspec.Struct):
            return plain(one) if one.__struct_config__.tag is not None else fields(one)
        return one

    def fields(one: msgspec.Struct) -> dict[str, Any]:
        return {name: value(getattr(one, name)) for name in one.__struct_fields__}

    return {"type": type(message).__name__, **fields(message)}


SAMPLES: dict[Channel, list[Any]] = {
    Channel.CONTROL: [
        control.Asking(30),
        control.Decision(
            [Capability.VIEW, Capability.FILES_READ], bytes(range(16)), "büro", "Linux", 120, "",
            [1_800_000_000_000, 0], "Ada",
        ),
        control.Rights([], [], "time is up"),
        control.Ping(0),
        control.Pong(2**32 - 1),
        control.Notice(control.NoticeCode.DISPLAY_GONE, "x"),
        control.HostStats(1, 2, 3, 4, 5, 6, 7, 2**53 - 1),
        control.Watch(True),
        control.Rights([Capability.VIEW, Capability.SHELL], [0, 2**53 - 1], ""),
        control.AskMore([Capability.CONTROL], 300, "the printer", bytes(range(9))),
        control.LetGo([Capability.CONTROL]),
        control.Paused(True, "a moment"),
        control.Checkpoint(bytes(range(64))),
    ],
    Channel.INPUT: [
        keys_in.Key(True, "KeyA", "ä", 3, False, 70_000),
        keys_in.TypedText("日本\N{GRINNING FACE}", 1),
        keys_in.Pointer(1280, 719, 1, 200),
        keys_in.Wheel(-120, 2**31 - 1, 3),
        keys_in.Wheel(-(2**31), -33, 3),
        keys_in.ReleaseAll(),
    ],
    Channel.CURSOR: [cursor.Shape(0, 1, 1, 2, bytes(range(8))), cursor.Hidden(), cursor.Moved(65_535, 0)],
    Channel.SCREEN: [
        screen.Layout(1, 1280, 720, [screen.Monitor("eDP-1", 0, 0, 1280, 720)]),
        screen.Update(
            1, 1, 0, True,
            [
                screen.Copy(0, 16, 0, 0, 640, 464),
                screen.Fill(0, 464, 640, 16, 0xFF00FF),
                screen.Tiles([0, 0, 1, 1, 5, 5, 1, 1], screen.TileCodec.RAW, b"\1\2\3\0\4\5\6\0"),
                screen.VideoOpen(0, 0, 0, 640, 360, "avc1.42c01f"),
                screen.VideoFrame(0, True, b"\0\0\0\1\x67"),
                screen.VideoClose(0),
            ],
        ),
        screen.Shown(1, 9000, 0),
        screen.Want(screen.Quality.SHARP, ["avc1.42c01f", "vp8"], True, 60),
        screen.Refresh(),
        screen.Resize(16_384, 1),
    ],
    Channel.CLIPBOARD: [
        clipboard.ClipText(""),
        clipboard.ClipText("a\0b\N{GRINNING FACE}"),
        clipboard.ClipFiles([files.Entry(b"/home/ada/b\xfcro\n.txt", files.EntryKind.FILE, 5, -1, 0o644, b"")], 3),
        clipboard.ClipFiles([], 0),
        clipboard.OfferFiles([b"/home/ada/a", b"b"]),
        clipboard.FilesOffered(1, 2**32 - 1),
    ],
    Channel.FILES: [
        files.Roots(1),
        files.List(2, b"/home/ada", 255, True),
        files.Get(3, b"b\xfcro.txt", 2**53 - 1, bytes(range(32)), True),
        files.GetMany(4, b"", [b"a", b"b/c"]),
        files.Measure(5, b"a"),
        files.Space(6, b""),
        files.Hold(7, True),
        files.StopReading(8),
        files.Put(9, b"a", 5, META, files.Conflict.KEEP_BOTH, bytes(range(16)), False),
        files.Begin(9, 0),
        files.PutMany(
            10, b"docs", files.Conflict.NEWER,
            [files.SmallFile(b"a", files.EntryKind.FILE, META, False, b"hello", bytes(range(32)), 0)],
        ),
        files.Make(11, b"a", files.EntryKind.LINK, b"../b", 0o777, False),
        files.Rename(12, b"a", b"b", files.Conflict.REFUSE),
        files.Delete(13, b"a", True, True),
        files.Alter(14, b"a", META),
        files.StopWriting(15, True),
        files.Data(9, False, b"hello"),
        files.Reuse(9, 2**53 - 1, 70_000),
        files.Zeros(9, 2**32),
        files.Finish(9, 5, bytes(range(32))),
        files.Signature(3, 5, 4096, 4, 2**53 - 1, bytes(range(8)), True),
        files.RootList(1, [files.Root(b"/home/ada", "ada", True)]),
        files.Entries(2, [files.Entry(b"a\n", files.EntryKind.LINK, 0, -1, 0o777, b"b")], 0, True),
        files.Opened(3, 5, META, 0),
        files.Bundle(4, [files.SmallFile(b"a", files.EntryKind.FILE, META, False, b"", b"", 18)], True),
        files.Measured(5, 5, bytes(range(32))),
        files.Free(6, 10**11, 10**12),
        files.Ready(9, 0, b"", True),
        files.Working(9, files.Step.SCANNING, 5, 10),
        files.Results(10, [files.Result(0, ""), files.Result(9, "the disk is full")]),
        files.Done(9, b"a (2)"),
        files.Failed(9, files.FileFault.INFECTED, "EICAR"),
    ],
}  # fmt: skip

#: (channel, raw value, why) of messages that must be refused.
BROKEN: list[tuple[int, Any, str]] = [
    (2, [99], "unknown tag"),
    (2, [], "no tag"),
    (2, {}, "no array"),
    (2, 4, "no array"),
    (2, ["4", 1], "tag that is text"),
    (2, [4], "field missing"),
    (2, [4, 1, 2], "field too many"),
    (2, [3, []], "field with a default missing"),
    (2, [4, -1], "below its bound"),
    (2, [4, 2**32], "above its bound"),
    (2, [4, True], "flag for a number"),
    (2, [4, 1.0], "fraction for a number"),
    (2, [4, "1"], "text for a number"),
    (2, [4, None], "nothing for a number"),
    (2, [8, 1], "number for a flag"),
    (2, [6, "gone", ""], "unknown notice"),
    (2, [6, "denied", "x" * 1001], "text too long"),
    (2, [6, b"denied", ""], "bytes for text"),
    (2, [3, ["view"] * 9, [], ""], "too many capabilities"),
    (2, [3, ["fly"], [], ""], "unknown capability"),
    (2, [2, [], b"x" * 15, "", "", 0, "", [], ""], "id too short"),
    (2, [2, [], "x" * 16, "", "", 0, "", [], ""], "text for bytes"),
    (2, [3, [], [0] * 9, ""], "too many ends"),
    (2, [3, [], [-1], ""], "an end before time"),
    (2, [9, [], 0, "", bytes(2049)], "grant too long"),
    (2, [9, [], 2**32, "", b""], "seconds above 32 bits"),
    (2, [12, bytes(513)], "checkpoint too long"),
    (2, [0, "", "", [], b"", b"", None, ""], "a request, which belongs to the handshake"),
    (3, [1, True, "x" * 33, "", 0, False, 0], "code too long"),
    (3, [3, 0, 0, 256, 0], "buttons above 255"),
    (5, [1, 0, 0, 0, 1, b""], "cursor without width"),
    (5, [1, 0, 0, 257, 1, b""], "cursor too wide"),
    (6, [1, 1, 0, 720, []], "layout without width"),
    (6, [1, 1, 16_385, 720, []], "layout too wide"),
    (6, [1, 1, 1, 1, [["", 0, 0, 1]]], "monitor with a field missing"),
    (6, [2, 1, 1, 0, True, [[7]]], "unknown operation"),
    (6, [2, 1, 1, 0, True, [[3, [0, 0, 1], 0, b""]]], "tiles without a whole rectangle"),
    (6, [2, 1, 1, 0, True, [[3, [0, 0, 1, 1], 2, b""]]], "unknown tile codec"),
    (6, [2, 1, 1, 0, True, [[6]]], "operation with a field missing"),
    (6, [4, "best", [], True, 60], "unknown quality"),
    (6, [4, "sharp", [], True, 0], "no refresh"),
    (7, [1, b"x"], "bytes for text"),
    (7, [2, [[b"a", 1, 0, 0, 0]], 0], "entry with a field missing"),
    (7, [2, [], -1], "fewer than none left out"),
    (7, [3, ["a"]], "text for a path"),
    (7, [3, [bytes(4097)]], "path too long"),
    (7, [3, [b""] * 4097], "too many paths"),
    (7, [3, b"a"], "a path for a list of them"),
    (7, [5, []], "unknown tag of the clipboard"),
    (10, [1, -1], "id below its bound"),
    (10, [2, 1, bytes(4097), 0, False], "path too long"),
    (10, [2, 1, "a", 0, False], "text for a path"),
    (10, [3, 1, b"a", 0, bytes(33), False], "digest too long"),
    (10, [16, 1, b"a", 0, [420, 0, []], 5, bytes(16), False], "unknown way to settle a conflict"),
    (10, [16, 1, b"a", 0, [420, 0], 1, bytes(16), False], "meta with a field missing"),
    (10, [16, 1, b"a", 0, [420, 0, [[b"", b""]]], 1, bytes(16), False], "attribute without a name"),
    (10, [32, 1, False, bytes(262_000)], "piece too long"),
    (10, [35, 1, 0, bytes(31)], "digest too short"),
    (10, [58, 1, 0, ""], "unknown fault"),
    (4, [1], "channel that carries nothing yet"),
]


def message_vectors() -> dict[str, Any]:
    """Messages of every type, and what is not one."""
    raw = [
        (7, "9101c0", "field null"),
        (7, "9201a1ff", "text that is not UTF-8"),
        (7, "9201a3eda080", "half a character"),
        (7, "9201a2ab", "text cut off"),
        (7, "9201db7fffffff", "a length that nothing follows"),
        (2, "dc00020401", "array in a longer form than needed"),
        (2, "920401c0", "bytes after the message"),
        (2, "", "nothing"),
        (2, "92c104", "a type that MessagePack does not have"),
        (6, "91" * 2000, "nested without end"),
        (6, "9602010100c3" + "dd7fffffff", "an array length that nothing follows"),
    ]
    return {
        "messages": [
            {"channel": int(channel), "bytes": codec.encode(channel, one).hex(), "message": plain(one)}
            for channel, group in SAMPLES.items()
            for one in group
        ],
        "broken": [
            {"channel": number, "bytes": msgspec.msgpack.encode(value).hex(), "error": "MessageError", "why": why}
            for number, value, why in BROKEN
        ]
        + [{"channel": number, "bytes": data, "error": "MessageError", "why": why} for number, data, why in raw],
    }
