"""Screens by mss and input by pynput, for systems without a platform of their own: Windows and macOS.

Its code runs against a real X server in the tests. It was not tried on Windows or macOS.
"""

from farhand.host.platform.portable.platform import PortablePlatform

__all__ = ["PortablePlatform"]
