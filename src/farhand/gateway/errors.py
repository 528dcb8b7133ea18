"""How the API says no: every error has a code for programs and a sentence for people; answers.py gives it its shape."""

from farhand.core.errors import FarhandError


class ApiError(FarhandError):
    """An answer that is no success: HTTP status, ``code`` in kebab-case, cause and cure."""

    def __init__(self, status: int, code: str, cause: str, cure: str = "", *, retry: float = 0.0) -> None:
        super().__init__(cause, cure)
        self.status = status
        self.code = code
        self.retry = retry
        """Seconds after which another attempt makes sense; 0 where time changes nothing."""


class NotFound(ApiError):
    """There is no such thing, or the caller may not know of it: the answer is the same."""

    def __init__(self, what: str = "such thing") -> None:
        super().__init__(404, "not-found", f"there is no {what}", "it may have been removed meanwhile")


class Forbidden(ApiError):
    """The caller is known and may not do this."""

    def __init__(self, cause: str, cure: str = "ask an administrator") -> None:
        super().__init__(403, "forbidden", cause, cure)


class Conflict(ApiError):
    """It contradicts what is there."""

    def __init__(self, code: str, cause: str, cure: str = "") -> None:
        super().__init__(409, code, cause, cure)
