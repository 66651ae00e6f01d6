"""``careplug export``, ``restore``, ``backup`` and ``drill``: carrying everything away, and bringing it back."""

from __future__ import annotations

from pathlib import Path

from careplug import transfer
from careplug.cli.audit import signing_key, tell_report
from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import progress
from careplug.cli.problems import DAMAGE
from careplug.cli.session import Session
from careplug.cli.values import FILE
from careplug.errors import NotFound

__all__ = ["backup", "drill", "export", "restore"]


@command("export")
@argument("folder", kind=FILE)
@option("--key-file", kind=FILE)
@option("--compress", is_flag=True)
@option("--skip", multiple=True)
@pass_session
def export(session: Session, /, folder: str, key_file: str | None, compress: bool, skip: tuple[str, ...]) -> int:
    """Write the export; exit code 5 where a file of an attachment is missing."""
    _refuse_absent(session)
    key = signing_key(session, key_file)
    with progress(session, "cli.transfer.export") as tell:
        report = transfer.export(
            session.care, folder, key=key, compress=compress, skip=skip, actor=session.actor, progress=tell
        )
    tell_report(session, report, whole=report.whole)
    return 0 if report.whole else DAMAGE


@command("restore")
@argument("folder", kind=FILE)
@option("--key-file", kind=FILE)
@option("--into-non-empty", is_flag=True)
@option("--skip", multiple=True)
@pass_session
def restore(session: Session, /, folder: str, key_file: str | None, into_non_empty: bool, skip: tuple[str, ...]) -> int:
    """Restore and verify; exit code 5 where something is damaged or missing."""
    key = signing_key(session, key_file)
    with progress(session, "cli.transfer.restore") as tell:
        report = transfer.restore(
            session.care,
            folder,
            key=key,
            into_non_empty=into_non_empty,
            skip=skip,
            actor=session.actor,
            progress=tell,
        )
    tell_report(session, report, whole=report.whole)
    return 0 if report.whole else DAMAGE


@command("backup")
@argument("output", kind=FILE)
@option("--drill", is_flag=True)
@pass_session
def backup(session: Session, /, output: str, drill: bool) -> int:
    """Copy the database; with ``--drill`` the exit code is the drill's."""
    _refuse_absent(session)
    tell_report(session, transfer.backup(session.care, output, actor=session.actor))
    return _drill(session, output, b"", None) if drill else 0


@command("drill")
@argument("source", kind=FILE)
@option("--key-file", kind=FILE)
@option("--checkpoint", kind=FILE)
@pass_session
def drill(session: Session, /, source: str, key_file: str | None, checkpoint: str | None) -> int:
    """Try a backup or an export; exit code 5 where it could not be used."""
    return _drill(session, source, signing_key(session, key_file), checkpoint)


def _refuse_absent(session: Session) -> None:
    """A SQLite file is made where there is none; the copy of a new, empty one would pass for a copy of the old one."""
    scheme, _, rest = session.database.partition(":///")
    file = Path(rest.partition("?")[0])
    if scheme.partition("+")[0] == "sqlite" and not session.lent and not file.exists():
        raise NotFound("transfer.absent", field="database.file", value=str(file))


def _drill(session: Session, source: str, key: bytes, checkpoint: str | None) -> int:
    report = transfer.drill(source, session.open_care, key=key, checkpoint=checkpoint)
    tell_report(session, report, whole=report.whole)
    return 0 if report.whole else DAMAGE
