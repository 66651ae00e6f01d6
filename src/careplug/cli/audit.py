"""``careplug verify``, ``checkpoint``, ``rebuild`` and ``erase``: whether the records can be trusted, and forgetting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from careplug import audit
from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.output import emit, line, progress
from careplug.cli.problems import DAMAGE
from careplug.cli.session import Session
from careplug.cli.values import FILE, REF
from careplug.errors import Invalid
from careplug.refs import Ref

__all__ = ["checkpoint", "erase", "rebuild", "signing_key", "tell_report", "verify"]


@command("verify")
@option("--checkpoint", kind=FILE)
@option("--key-file", kind=FILE)
@option("--all-tenants", is_flag=True)
@pass_session
def verify(session: Session, /, checkpoint: str | None, key_file: str | None, all_tenants: bool) -> int:
    """Check the chains and print what is damaged, and what nobody could see."""
    key = signing_key(session, key_file) if checkpoint else b""
    with progress(session, "cli.audit.progress") as tell:
        report = audit.verify(
            session.care, tenant=_tenant(session, all_tenants), checkpoint=checkpoint, key=key, progress=tell
        )
    tell_report(session, report, whole=report.whole, unseen=report.unseen)
    return 0 if report.whole else DAMAGE


@command("checkpoint")
@argument("output", kind=FILE)
@option("--key-file", kind=FILE)
@option("--all-tenants", is_flag=True)
@pass_session
def checkpoint(session: Session, /, output: str, key_file: str | None, all_tenants: bool) -> None:
    """Sign the ends of all chains into a file."""
    key = signing_key(session, key_file)
    with progress(session, "cli.audit.progress") as tell:
        report = audit.checkpoint(session.care, output, key=key, tenant=_tenant(session, all_tenants), progress=tell)
    tell_report(session, report)


@command("rebuild")
@argument("number", nargs=-1)
@option("--dry-run", is_flag=True)
@pass_session
def rebuild(session: Session, /, number: tuple[str, ...], dry_run: bool) -> int:
    """Fold cases anew, put right what differs, and say what that was; exit code 5 where something differed."""
    idents = None
    if number:
        with session.read() as unit:
            idents = [session.case(unit, each).id for each in number]
    with session.read() as unit:
        unit.allow("audit.rebuild")
    with progress(session, "cli.audit.progress") as tell:
        report = audit.rebuild(session.care, tenant=session.tenant, idents=idents, write=not dry_run, progress=tell)
    tell_report(session, report)
    return 0 if report.whole else DAMAGE


@command("erase")
@argument("reference", kind=REF)
@option("--request", required=True)
@pass_session
def erase(session: Session, /, reference: Ref, request: str) -> None:
    """Erase what is personal about somebody: cases, messages, the directory, files."""
    report = audit.erase_contact(session.care, reference, request=request, actor=session.actor, tenant=session.tenant)
    tell_report(session, report)


def _tenant(session: Session, everyone: bool) -> str | None:
    return None if everyone else session.tenant


def signing_key(session: Session, path: str | None) -> bytes:
    """The signing key: from a file, else from the environment; never from the command line, which others can see."""
    if path is None:
        return session.environ.get("CAREPLUG_CHECKPOINT_KEY", "").encode()
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise Invalid("cli.document.file", field="--key-file", path=path, problem=problem) from None


def tell_report(session: Session, report: Any, **more: object) -> None:
    """Print a report: its fields as JSON, or its words."""
    if session.as_json:
        emit({**{field.name: getattr(report, field.name) for field in attrs.fields(type(report))}, **more})
    else:
        line(report.text(session.language))
