"""The `gridmap` command line: one file per subject, listed here."""

import importlib

import click

from gridmap.clock import ClockError, parse_clock
from gridmap.settings import SettingsError, load_settings

# subject file → command names in it; imported only when asked for, so that `gridmap --help` stays instant
COMMANDS = {
    "assets": "assets",
    "assign": "assign",
    "bench": "bench",
    "db": "db",
    "demo": "demo",
    "doctor": "doctor",
    "duties": "duties",
    "export": "export",
    "hotline": "hotline",
    "hotspots": "hotspots",
    "init": "init",
    "load": "load",
    "nightly": "nightly",
    "rota": "rota",
    "serve": "serve",
    "sheet": "sheet",
    "sql": "export",
    "token": "token",
    "translations": "assets",
    "undo-load": "undo_load",
    "work": "work",
}


class LazyCommands(click.Group):
    """A group that imports a subject's file only when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name, or None for a name that is not ours."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gridmap.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=LazyCommands)
@click.version_option(package_name="gridmap")
@click.pass_context
def main(ctx: click.Context) -> None:
    """The map that street offices, communities and grid workers run their neighbourhoods on."""
    try:
        ctx.obj = load_settings()
        parse_clock(ctx.obj.clock)
    except (SettingsError, ClockError) as error:
        raise click.ClickException(str(error)) from None
