"""Keeps a caller's input away from what only the person at the host may answer."""

from farhand.host.platform.base import Rect


class Guard:
    """Shared by one display's prompt and indicator (which name what to protect) and its input sinks (which ask).

    X passes injected input to a window like any other. So the sinks themselves press no button inside a protected
    rectangle, and send nothing at all while a question is open: a caller who is in control can neither admit another
    nor end another's session by these windows. Input that other programs inject is beyond this, as is whatever a
    caller starts in a terminal: who controls a desktop can do what its user can.
    """

    def __init__(self) -> None:
        self._rects: dict[object, Rect] = {}
        self.asking = 0

    def protect(self, owner: object, rect: Rect | None) -> None:
        """From now on the owner's protected rectangle is this one, or none."""
        if rect is None:
            self._rects.pop(owner, None)
        else:
            self._rects[owner] = rect

    def forbids(self, x: int, y: int) -> bool:
        """Whether a press at this place is the person's alone."""
        return any(r.x <= x < r.right and r.y <= y < r.bottom for r in self._rects.values())
