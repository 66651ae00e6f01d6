"""``careplug import``: a log of another system becomes cases."""

from __future__ import annotations

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import emit, line, progress
from careplug.cli.problems import PARTLY
from careplug.cli.session import Session
from careplug.cli.values import FILE, Whole
from careplug.imports import fields_of, read_map, run_import

__all__ = ["import_"]


@command("import")
@argument("log", kind=FILE)
@option("--map", "map_path", kind=FILE, required=True)
@option("--list", "listed", kind=Whole(0, 10_000), default=20)
@pass_session
def import_(session: Session, /, log: str, map_path: str, listed: int) -> int:
    """Import and print what came of it; exit code 7 where rows were rejected."""
    from pathlib import Path

    found = read_map(map_path, folders=(Path(log).parent,))
    care = session.use(session.open_care(session.database, plugins=[fields_of(found)]))
    with progress(session, "cli.import.progress") as tell:
        report = run_import(
            care, log, found, tenant=session.tenant, progress=lambda rows, share: tell(rows, _total(rows, share))
        )
    if session.as_json:
        emit(report.to_data())
    else:
        line(report.text(session.language, listed=listed))
    return PARTLY if report.rows_rejected else 0


def _total(rows: int, share: float) -> int | None:
    """How many rows there will be, as far as the share of the file that was read can tell."""
    return max(rows, round(rows / share)) if share > 0 else None
