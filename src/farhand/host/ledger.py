"""The host's way to its audit: what cannot be written down must not go on, and strangers must not fill the disk."""

from collections.abc import Callable

from farhand.host.audit import AuditSink, Value

#: Entries that strangers can cause: so many at once, then one in so many seconds; what is left out is counted.
STRANGERS_AT_ONCE = 30
STRANGERS_SECONDS = 10.0


class Ledger:
    """An AuditSink over another one.

    ``stop`` is called, with what to tell people, when an entry could not be written that the owner wants written.
    """

    def __init__(self, audit: AuditSink, clock: Callable[[], float], stop: Callable[[str], None]) -> None:
        self._audit = audit
        self._clock = clock
        self._stop = stop
        self._room = float(STRANGERS_AT_ONCE)
        self._at = clock()
        self._left_out = 0

    def record(self, kind: str, /, **fields: Value) -> None:
        """Append an entry."""
        self._audit.record(kind, **fields)
        if why := self._audit.refusal():
            self._stop(why)

    def stranger(self, kind: str, /, **fields: Value) -> None:
        """Append an entry about someone who has proved nothing; ``left_out`` says how many came before in vain."""
        now = self._clock()
        self._room = min(STRANGERS_AT_ONCE, self._room + (now - self._at) / STRANGERS_SECONDS)
        self._at = now
        if self._room < 1:
            self._left_out += 1
            return
        self._room -= 1
        if self._left_out:
            fields["left_out"], self._left_out = self._left_out, 0
        self.record(kind, **fields)

    def refusal(self) -> str:
        """Why no session may begin or go on; empty if one may."""
        return self._audit.refusal()

    def checkpoint(self) -> bytes:
        """The signed checkpoint over all entries so far; empty where there is none."""
        return self._audit.checkpoint()
