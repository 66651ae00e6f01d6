"""``flask careplug …``: careplug's command line on the app's own ``Care``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["group"]


def group(found: State) -> click.Command:
    """The command ``careplug`` of an app: everything after it goes to careplug's own command line."""

    @click.command(
        "careplug",
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
        short_help="careplug's commands on this app's database.",
        add_help_option=False,
    )
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def careplug(words: tuple[str, ...]) -> None:
        """Run careplug's command line with the app's own Care."""
        from careplug.cli.main import run

        with found.app.app_context():
            raise SystemExit(run(words, care=found.care))

    return careplug
