"""A computer that exists in memory: for tests of everything above the platform."""

from farhand.host.platform.fake.platform import FakePlatform
from farhand.host.platform.fake.screen import FakeScreen
from farhand.host.platform.fake.sinks import FakeClipboard, FakeInput, FakePerson

__all__ = ["FakeClipboard", "FakeInput", "FakePerson", "FakePlatform", "FakeScreen"]
