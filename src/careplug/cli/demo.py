"""``careplug demo``: a story of two months of service, told on a database of its own."""

from __future__ import annotations

from careplug.cli.base import command, option, pass_session
from careplug.cli.session import Session
from careplug.cli.values import FILE

__all__ = ["demo"]


@command("demo")
@option("--keep", kind=FILE)
@option("--verbose", is_flag=True)
@pass_session
def demo(session: Session, /, keep: str | None, verbose: bool) -> None:
    """Play the scenario and print what is due, what was kept, and one receipt."""
    from careplug.cli import demo_report

    demo_report.tell(session, keep=keep, verbose=verbose)
