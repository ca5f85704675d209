"""The command line: `edge COMMAND`. Each command is imported only when it is called, so help is quick."""

from importlib import import_module

import click

from edge.commands import COMMANDS


class LazyGroup(click.Group):
    """A click group that knows its commands' names and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        loaded = import_module(f"edge.commands.{cmd_name}").command
        assert isinstance(loaded, click.Command)
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of help lines, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="community-edge", prog_name="edge")
def main() -> None:
    """community-edge: kiosk, doors and lockers of a residential community, in step with its platform."""


if __name__ == "__main__":
    main()
