"""What several parts raise: errors that a person is meant to read, and the end of a stream."""


class FarhandError(Exception):
    """Says what went wrong and what to do about it, without a secret in either.

    `cause` is a sentence about what happened; `cure` is one about what the reader can do, or empty.
    """

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(f"{cause}: {cure}" if cure else cause)
        self.cause = cause
        self.cure = cure


class StreamClosed(Exception):
    """The connection is over; nothing more can be sent or received."""
