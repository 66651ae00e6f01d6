"""``careplug definitions``: calendars, policies, metrics, steps, templates, subscriptions and their revisions."""

from __future__ import annotations

import json

from careplug.cli.base import argument, command, group, option, pass_session
from careplug.cli.documents import load
from careplug.cli.output import Column, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import DOCUMENT
from careplug.cli.wording import moment
from careplug.definitions import Definition
from careplug.errors import NotFound
from careplug.sla.changes import KINDS
from careplug.text import Text

__all__ = ["definitions"]

_COLUMNS = (
    Column("cli.column.definition_kind", whole=True),
    Column("cli.column.name"),
    Column("cli.column.label"),
    Column("cli.column.revision", right=True),
    Column("cli.column.state", whole=True),
    Column("cli.column.digest", whole=True),
    Column("cli.column.source"),
)


@group("definitions")
def definitions() -> None:
    """The parts of it are the commands."""


@command("list", code="definitions.list")
@option("--kind")
@option("--all", "retired", is_flag=True)
@pass_session
def list_(session: Session, /, kind: str | None, retired: bool) -> None:
    """Print active and proposed revisions; with ``--all`` the retired ones too."""
    with session.read() as unit:
        unit.allow("definitions.read")
        found = [
            item
            for item in unit.definitions.everything()
            if (retired or item.state != "retired") and (kind is None or item.kind == kind)
        ]
    if session.as_json:
        for item in found:
            emit(item)
        return
    table(session, _COLUMNS, [_row(session, item) for item in found])


def _row(session: Session, item: Definition) -> list[str]:
    state = session.say(f"cli.definition.{item.state}")
    label = item.label.get(session.language) if item.label else ""
    return [item.kind, item.name, label, str(item.revision), state, item.digest[:12], item.source]


@command("show", code="definitions.show")
@argument("kind")
@argument("name")
@option("--digest")
@pass_session
def show(session: Session, /, kind: str, name: str, digest: str | None) -> None:
    """Print a revision's content as JSON, ready to be changed and put back."""
    with session.read() as unit:
        unit.allow("definitions.read")
        if digest is None:
            found = unit.definitions.get(kind, name)
        else:
            found = _revision(unit.definitions.revisions(kind, name), kind, digest)
    if session.as_json:
        emit(found)
        return
    print(json.dumps(found.data, ensure_ascii=False, indent=2, sort_keys=True))


@command("put", code="definitions.put")
@argument("kind")
@argument("name")
@argument("document", kind=DOCUMENT)
@option("--label-en", default="")
@option("--label-zh", default="")
@pass_session
def put(session: Session, /, kind: str, name: str, document: str, label_en: str, label_zh: str) -> None:
    """Make the document the active revision; open cases stay with theirs until ``apply``."""
    content = load(document, "document")
    with session.unit() as unit:
        unit.allow("definitions.put", name)
        if kind in KINDS:
            made = unit.changes.put(kind, name, content)
        else:
            made = unit.definitions.put(kind, name, content, label=Text(label_en, label_zh))
        cache = unit.definitions.cache
        known = sorted({*cache.parsers, *(seed.kind for seed in cache.seeds)})
    _said(session, made)
    if kind not in known and not session.as_json:
        line(session.say("cli.definition.strange", kind=kind, known=", ".join(known)))


@command("accept", code="definitions.accept")
@argument("kind")
@argument("name")
@argument("digest")
@pass_session
def accept(session: Session, /, kind: str, name: str, digest: str) -> None:
    """Make a proposed revision, a plugin's newer seed, the active one."""
    with session.unit() as unit:
        unit.allow("definitions.put", name)
        found = _revision(unit.definitions.revisions(kind, name), kind, digest)
        made = (unit.changes if kind in KINDS else unit.definitions).accept(kind, name, found.digest)
    _said(session, made)


def _revision(found: list[Definition], kind: str, digest: str) -> Definition:
    """The one revision whose digest begins so."""
    able = [item for item in found if item.digest.startswith(digest)]
    if len(able) != 1 or len(digest) < 4:
        known = ", ".join(item.digest[:12] for item in found) or "–"
        raise NotFound("cli.definition.digest", field=f"definition.{kind}.revision", value=digest, known=known)
    return able[0]


def _said(session: Session, made: Definition) -> None:
    if session.as_json:
        emit(made)
        return
    at = moment(session, made.created_at)
    line(
        session.say(
            "cli.definition.done",
            kind=made.kind,
            name=made.name,
            revision=made.revision,
            digest=made.digest[:12],
            at=at,
        )
    )


for _each in (list_, show, put, accept):
    definitions.add_command(_each)
