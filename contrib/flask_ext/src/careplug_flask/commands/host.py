"""``flask careplug …``: careplug's command line on the app's own ``Care``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["group"]


class _Handing(click.Command):
    """A command that reads nothing itself: everything behind its name is careplug's own to read, ``--help`` too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words as they are."""
        ctx.params["words"] = tuple(args)
        return []


def group(found: State) -> click.Command:
    """The command ``careplug`` of an app. careplug's commands are imported when it runs."""

    def run(words: tuple[str, ...]) -> None:
        """Run careplug's command line with the app's own Care."""
        from careplug.cli.main import run as command_line

        with found.app.app_context():
            raise SystemExit(command_line(words, care=found.care, name="flask careplug"))

    return _Handing("careplug", callback=run, short_help="careplug's commands on this app's database.")
