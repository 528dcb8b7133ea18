"""Writes viewer/src/gen/: the messages, the signed statements and the bounds of src/farhand/protocol, for the viewer.

usage: script/gen_messages.py [--check]

--check writes nothing and fails if what is there is stale.
"""

import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec.inspect as mi

from farhand.protocol import grants, limits
from farhand.protocol.capability import Capability
from farhand.protocol.codec import MEMBERS
from farhand.protocol.messages import SCHEMA, Channel
from farhand.protocol.messages import input as keys
from farhand.protocol.messages.control import Request

TARGET = Path(__file__).parent.parent / "viewer" / "src" / "gen"
MODIFIERS = ("SHIFT", "CONTROL", "ALT", "META", "ALTGR", "CAPS_LOCK", "NUM_LOCK")
HEAD = "/** Written by script/gen_messages.py from src/farhand/protocol/{}: change that and run it again. */\n"


def camel(name: str) -> str:
    """``input_seq`` to ``inputSeq``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def quoted(values: Any) -> str:
    """Enum values as TypeScript literals."""
    return ", ".join(f'"{value}"' if isinstance(value, str) else str(int(value)) for value in values)


def doc(cls: type, indent: str = "") -> str:
    """The docstring as a JSDoc comment."""
    lines = inspect.cleandoc(cls.__doc__ or "").replace("``", "`").splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


class Generator:
    """Collects declarations in the order in which they are needed."""

    def __init__(self, *known: type) -> None:
        """``known`` are declared elsewhere."""
        self.types: list[str] = []
        self.shapes: list[str] = []
        self._done: set[type] = set(known)

    def type_of(self, kind: mi.Type, most: int) -> tuple[str, str]:
        """The TypeScript type of a field and the expression of its shape; ``most`` bounds bytes without a bound."""
        match kind:
            case mi.IntType(ge=ge, le=le) if ge is not None and le is not None:
                return "number", f"s.integer({ge}, {le})"
            case mi.StrType(max_length=int(size)):
                return "string", f"s.text({size})"
            case mi.BytesType(min_length=low, max_length=high):
                return "Bytes", f"s.bytes({low or 0}, {most if high is None else high})"
            case mi.BoolType():
                return "boolean", "s.flag"
            case mi.EnumType(cls=cls):
                self.enum(cls)
                return cls.__name__, f"{constant(cls.__name__)}_SHAPE"
            case mi.ListType(item_type=item, min_length=low, max_length=int(high)):
                name, shape = self.type_of(item, most)
                return f"readonly {name}[]", f"s.list({shape}, {low or 0}, {high})"
            case mi.UnionType(types=types) if len(types) == 2 and isinstance(types[1], mi.NoneType):
                name, shape = self.type_of(types[0], most)
                return f"{name} | null", f"s.optional({shape})"
            case mi.StructType(tag=None):
                self.struct(kind, most)
                return kind.cls.__name__, f"{constant(kind.cls.__name__)}_SHAPE"
            case mi.UnionType(types=types) if all(isinstance(one, mi.StructType) for one in types):
                self.union("Operation", [one for one in types if isinstance(one, mi.StructType)], most)
                return "Operation", "OPERATION_SHAPE"
        raise TypeError(f"no TypeScript for {kind}: bound it, or teach {__file__} about it")

    def enum(self, cls: Any) -> None:
        """Declare an enumeration: a list of its values, their union, its shape."""
        if cls in self._done:
            return
        self._done.add(cls)
        values = [member.value for member in cls]
        name, const = cls.__name__, constant(cls.__name__)
        plural = const[:-1] + "IES" if const.endswith("Y") else const + "S"
        self.types.append(
            f"{doc(cls)}export const {plural} = [{quoted(values)}] as const;\n"
            f"export type {name} = (typeof {plural})[number];\n"
        )
        base = f"s.text({max(map(len, values))})" if isinstance(values[0], str) else f"s.integer(0, {max(values)})"
        export = "export " if cls is Capability else ""  # statements name it as well
        self.shapes.append(f"{export}const {const}_SHAPE = s.oneOf({base}, {plural});\n")

    def fields(self, kind: mi.StructType, most: int) -> tuple[str, str]:
        """The members of the interface and of the shape."""
        members, shapes = "", ""
        for field in kind.fields:
            name, shape = self.type_of(field.type, most)
            members += f"  readonly {camel(field.name)}: {name};\n"
            shapes += f'  ["{camel(field.name)}", {shape}],\n'
        return members, shapes

    def struct(self, kind: mi.StructType, most: int) -> None:
        """Declare an object without a tag."""
        if kind.cls in self._done:
            return
        self._done.add(kind.cls)
        members, shapes = self.fields(kind, most)
        name = kind.cls.__name__
        self.types.append(f"{doc(kind.cls)}export interface {name} {{\n{members}}}\n")
        self.shapes.append(f"const {constant(name)}_SHAPE = s.struct<{name}>([\n{shapes}]);\n")

    def union(self, name: str, kinds: list[mi.StructType], most: int) -> None:
        """Declare objects told apart by tags, and their union."""
        if kinds[0].cls in self._done:
            return
        variants = ""
        for kind in kinds:
            self._done.add(kind.cls)
            members, shapes = self.fields(kind, most)
            own = kind.cls.__name__
            self.types.append(f'{doc(kind.cls)}export interface {own} {{\n  readonly type: "{own}";\n{members}}}\n')
            inner = "".join(f"  {line}\n" for line in shapes.splitlines())
            inner = f"[\n{inner}  ]" if inner else "[]"
            variants += f'  s.variant<{own}>({kind.tag}, "{own}", {inner}),\n'
        alias = " | ".join(kind.cls.__name__ for kind in kinds)
        self.types.append(f"export type {name} = {alias};\n" if len(alias) < 90 else split_alias(name, kinds))
        self.shapes.append(f"const {constant(name)}_SHAPE = s.union<{name}>(\n{variants});\n")


def split_alias(name: str, kinds: list[mi.StructType]) -> str:
    """A long union, a line each."""
    return f"export type {name} =\n" + "\n".join(f"  | {kind.cls.__name__}" for kind in kinds) + ";\n"


def constant(name: str) -> str:
    """``TileCodec`` to ``TILE_CODEC``."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_")


def messages() -> str:
    """The text of gen/messages.ts."""
    made = Generator()
    codecs = ""
    for channel in SCHEMA:
        kinds = [kind for kind in map(mi.type_info, MEMBERS[channel]) if isinstance(kind, mi.StructType)]
        most, name = limits.MESSAGE_MAX[channel], f"{channel.name.capitalize()}Message"
        made.union(name, kinds, most)
        codecs += codec(channel.name.capitalize(), name, str(most))
    request = mi.type_info(Request)
    assert isinstance(request, mi.StructType)
    made.union("RequestMessage", [request], limits.REQUEST - 2)
    codecs += codec("Request", "RequestMessage", str(limits.REQUEST - 2))
    channels = "".join(f"  {channel.name}: {int(channel)},\n" for channel in Channel)
    bits = "".join(f"export const {name} = {getattr(keys, name)};\n" for name in MODIFIERS)
    by_channel = "".join(f"  [Channel.{channel.name}]: {channel.name.capitalize()}Message;\n" for channel in SCHEMA)
    table = "".join(
        f"  [Channel.{channel.name}, [{constant(channel.name.capitalize() + 'Message')}_SHAPE, "
        f"{limits.MESSAGE_MAX[channel]}]],\n"
        for channel in SCHEMA
    )
    return (
        HEAD.format("messages")
        + 'import type { Bytes } from "../protocol/bytes";\n'
        + 'import { MessageError } from "../protocol/errors";\n'
        + 'import * as s from "../protocol/shapes";\n\n'
        + f"{doc(Channel)}export const Channel = {{\n{channels}}} as const;\n"
        + "export type Channel = (typeof Channel)[keyof typeof Channel];\n\n"
        + f"/** Bits of a key's `modifiers`, the state at the viewer after the event. */\n{bits}\n"
        + "\n".join(made.types)
        + f"\n/** What each channel carries. */\nexport interface Messages {{\n{by_channel}}}\n"
        + "export type CarryingChannel = keyof Messages;\nexport type Message = Messages[CarryingChannel];\n\n"
        + "".join(made.shapes)
        + "\nconst BY_CHANNEL = new Map<Channel, readonly [shape: unknown, most: number]>([\n"
        + f"{table}]);\n\n"
        + GENERIC
        + codecs
    )


GENERIC = """function of(channel: Channel): readonly [s.Shape<Message>, number] {
  const found = BY_CHANNEL.get(channel);
  if (!found) throw new MessageError(`channel ${channel} carries no messages in this version`);
  return found as readonly [s.Shape<Message>, number];
}

/** The bytes of a message of `channel`. Throws MessageError. */
export function encode<C extends CarryingChannel>(channel: C, message: Messages[C]): Bytes {
  const [shape, most] = of(channel);
  return s.encode(shape, most, message);
}

/** The one message of `channel` that `raw` is; its byte strings are views of `raw`. Throws MessageError. */
export function decode(channel: Channel, raw: Bytes): Message {
  const [shape, most] = of(channel);
  return s.decode(shape, most, raw);
}
"""


STATEMENTS: tuple[tuple[type, int], ...] = (
    (grants.Delegation, limits.DELEGATION),
    (grants.Endorsement, limits.ENDORSEMENT),
    (grants.Grant, limits.GRANT),
    (grants.Credential, limits.CREDENTIAL),
    (grants.HostProof, limits.HOST_PROOF),
)


def statements() -> str:
    """The text of gen/statements.ts."""
    made = Generator(Capability)
    codecs = ""
    for cls, most in STATEMENTS:
        kind = mi.type_info(cls)
        assert isinstance(kind, mi.StructType)
        made.struct(kind, most)
        codecs += codec(cls.__name__, cls.__name__, str(most))
    return (
        HEAD.format("grants.py")
        + 'import type { Bytes } from "../protocol/bytes";\n'
        + 'import * as s from "../protocol/shapes";\n'
        + 'import { type Capability, CAPABILITY_SHAPE } from "./messages";\n\n'
        + "\n".join(made.types)
        + "\n"
        + "".join(made.shapes)
        + codecs
    )


def codec(name: str, kind: str, most: str) -> str:
    """The two functions of one channel."""
    shape = f"{constant(kind)}_SHAPE"
    return (
        f"\nexport function encode{name}(message: {kind}): Bytes {{\n"
        f"  return s.encode({shape}, {most}, message);\n}}\n"
        f"export function decode{name}(raw: Bytes): {kind} {{\n"
        f"  return s.decode({shape}, {most}, raw);\n}}\n"
    )


def bounds() -> str:
    """The text of gen/limits.ts."""
    out = HEAD.format("limits.py") + "\n"
    for name, value in vars(limits).items():
        if name.startswith("_"):
            continue
        if isinstance(value, dict):
            row = ", ".join(str(value.get(number, 0)) for number in range(max(value) + 1))
            out += f"\n/** By channel number. */\nexport const {name}: readonly number[] = [{row}];\n"
        else:
            out += f"export const {name} = {int(value)};\n"
    return out


def main() -> int:
    """Write or check; the exit code."""
    stale = 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in (("messages.ts", messages()), ("statements.ts", statements()), ("limits.ts", bounds())):
        path = TARGET / name
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            print(f"{path} is stale: run script/gen_messages.py", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())
