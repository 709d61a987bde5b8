"""The command `thidua`. Each subcommand is a module of `server.commands`, loaded only when it is called or listed.

`server/commands/<name>.py` exposes a click command as `command`; its name is the file's with `-` for `_`. Nothing is
registered by hand. A command loads what it runs inside its function, so that `thidua verify` on a stranger's laptop
does not wait for the web server.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib.metadata import version

import click

import server.commands
from sync.errors import SyncError


class Commands(click.Group):
    """Finds commands by the names of their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        found = pkgutil.iter_modules(server.commands.__path__)
        return sorted(module.name.replace("_", "-") for module in found if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"server.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        command.name = cmd_name
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Errors that say who can act are sentences for the terminal, not traces."""
        try:
            return super().invoke(ctx)
        except SyncError as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("thidua"), prog_name="thidua")
def main() -> None:
    """Thidua: checklists from where there is no network to a ranking that anyone concerned can check."""


if __name__ == "__main__":
    sys.exit(main())
