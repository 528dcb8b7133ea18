"""Feeds the targets of atheris_targets.py by coverage, each in a process of its own. script/fuzz is its front.

FOLDER/TARGET keeps what led to new coverage, so that the next run begins there, and FOLDER/TARGET-crash-… the bytes
of a fault. A fault ends that target's run with a traceback; the exit code is then 1.
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["farhand"]):
    from tests.fuzz.atheris_targets import TARGETS


def main() -> int:
    """Run the targets that are named, or all of them, one after the other."""
    parser = argparse.ArgumentParser(prog="run_atheris", description=__doc__)
    parser.add_argument("folder", type=Path, help="what is kept")
    parser.add_argument("--seconds", type=int, help="for all of them together; otherwise a bounded number of runs")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    arguments = parser.parse_intermixed_args()
    names = arguments.targets or list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    faults = [name for name in names if not _in_child(name, arguments.folder, arguments.seconds, len(names))]
    print(f"faults in {', '.join(faults)}" if faults else f"no fault in {', '.join(names)}", flush=True)
    return 1 if faults else 0


def _in_child(name: str, folder: Path, seconds: int | None, of: int) -> bool:
    print(f"== {name}", flush=True)
    child = os.fork()
    if not child:
        _fuzz(name, folder, [f"-max_total_time={max(1, seconds // of)}"] if seconds else [])
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _fuzz(name: str, folder: Path, limits: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    target = TARGETS[name]
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    options = [f"-artifact_prefix={folder / name}-", "-timeout=10", "-rss_limit_mb=1024", "-len_control=0"]
    bound = limits or [f"-runs={target.runs}", "-seed=1"]
    atheris.Setup([sys.argv[0], *options, *bound, str(corpus)], target.call)
    atheris.Fuzz()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
