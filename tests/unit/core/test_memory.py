"""What the allocator keeps, asked of a process of its own."""

import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
from farhand.core.memory import keep_blocks
if sys.argv[1] == "keep":
    keep_blocks()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytes(bytearray(262_144)), bytes(bytearray(1 << 20))
before = faults()
for _ in range(200):
    held = [bytearray(1 << 20) for _ in range(4)]
    del held
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_large_blocks_are_used_again_without_faults() -> None:
    def faults(mode: str) -> int:
        done = subprocess.run([sys.executable, "-c", _FAULTS, mode], capture_output=True, check=True, text=True)
        return int(done.stdout)

    assert faults("keep") < faults("leave") / 10
