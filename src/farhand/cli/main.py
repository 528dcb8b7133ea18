"""`farhand`: one verb a file; this one only lists them.

A verb's file holds its options and help. What a verb does is imported when it runs, so that help, completion and
`--version` stay quick.
"""

import sys


def main() -> None:
    """Run the command line; ends the process with an exit code (docs/reference/cli.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from farhand import __version__

        print(f"farhand {__version__}")
        return
    from farhand.cli.app import app

    app(prog_name="farhand")
