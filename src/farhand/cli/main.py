"""`farhand`: one verb a file; this one only lists them.

A verb's file holds its options and help. What a verb does is imported when it runs, so that help, completion and
`--version` stay quick.
"""

import sys
from importlib import import_module

#: Verbs that are over so soon that loading all of them would take longer.
ALONE = frozenset(("cp", "ls", "rm", "mkdir", "mv", "cat", "df"))


def main() -> None:
    """Run the command line; ends the process with an exit code (docs/reference/cli.md)."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from farhand import __version__

        print(f"farhand {__version__}")
        return
    if sys.argv[1:2] and sys.argv[1] in ALONE:
        run_alone(sys.argv[1], sys.argv[2:])
        return
    from farhand.cli.app import app

    app(prog_name="farhand")


def run_alone(verb: str, arguments: list[str]) -> None:
    """Run one verb without loading the others."""
    import typer

    app = typer.Typer(pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.command()(import_module(f"farhand.cli.{verb}").command)
    app(arguments, prog_name=f"farhand {verb}")
