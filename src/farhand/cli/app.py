"""The verbs."""

from typing import Annotated

import typer

from farhand import __version__
from farhand.cli import (
    audit,
    doctor,
    gateway,
    host,
    hosts,
    install,
    login,
    logout,
    org,
    quarantine,
    up,
    verify_viewer,
    view,
)
from farhand.cli.groups import with_verbs
from farhand.cli.light import for_typer
from farhand.cli.main import LIGHT
from farhand.cli.main import verb as light_verb

app = typer.Typer(
    help="""See and operate a computer that is somewhere else, end to end encrypted.

    On the computer to reach:   farhand up

    then open the link that it prints, on any computer or phone that can reach it.

    Behind a router or firewall, run a gateway where both sides reach it:   farhand gateway

    and on the computer to reach:   farhand host --gateway https://gateway.example:8443

    Computers that are enrolled at a gateway:   farhand login https://gateway.example:8443

    and then:   farhand hosts   and   farhand view NAME
    """,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (up, login, logout, hosts, view, verify_viewer, doctor):
    app.command(verb.__name__.rpartition(".")[2].replace("_", "-"))(verb.command)
for name in LIGHT:
    app.command(name)(for_typer(light_verb(name)))
app.add_typer(
    with_verbs(host.command, install=install.host_install, uninstall=install.host_uninstall),
    name="host",
)
app.add_typer(
    with_verbs(gateway.command, install=install.gateway_install, uninstall=install.gateway_uninstall),
    name="gateway",
)
app.add_typer(audit.app, name="audit")
app.add_typer(org.app, name="org")
app.add_typer(quarantine.app, name="quarantine")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"farhand {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_say_version, is_eager=True, help="Say which version this is, and end."
        ),
    ] = False,
) -> None:
    """Nothing is common to the verbs but the version."""
