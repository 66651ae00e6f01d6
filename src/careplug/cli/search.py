"""``careplug search``: cases by words, with the words marked; ``--rebuild`` reads the words of every row anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.filters import criteria_of, filters
from careplug.cli.output import data_of, emit, line
from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.cli.values import Whole
from careplug.cli.wording import Names, moment
from careplug.feedback.base import FEEDBACK
from careplug.feedback.searching import Found
from careplug.marks import Part
from careplug.ports import Indexing
from careplug.unit import CareUnit

__all__ = ["search"]

_LABELS = {
    "body": "content",
    "contact_name": "contact",
    "contact_phone": "contact",
    "contact_mail": "contact",
    "cause": "cause",
    "measure": "measure",
    "result": "result",
}


@command("search")
@argument("text", nargs=-1)
@filters
@option("--limit", kind=Whole(1, 200), default=25)
@option("--rebuild", is_flag=True)
@pass_session
def search(session: Session, /, text: tuple[str, ...], limit: int, rebuild: bool, **chosen: Any) -> None:
    """Print what was found, or rebuild the index."""
    if rebuild:
        _rebuild(session)
        return
    if not text:
        raise Usage("cli.search.text", field="TEXT")
    with session.read() as unit:
        found = unit.feedback.search(" ".join(text), criteria_of(session, chosen), limit=limit)
        if session.as_json:
            for each in found:
                emit({**data_of(each.case), "excerpts": [_data(part) for part in each.excerpts]})
            return
        names = Names(session, unit.definitions)
        for each in found:
            _show(session, unit, names, each)
        line(session.say("cli.search.found", count=len(found)) if found else session.say("cli.list.none"))
        if session.care.encrypted and not found:
            line(session.say("cli.search.encrypted"))


def _rebuild(session: Session) -> None:
    with session.read() as unit:
        unit.allow("audit.rebuild")
    storage = session.care.storage
    count = storage.rebuild_index() if isinstance(storage, Indexing) else 0
    if session.as_json:
        emit({"rows": count})
    else:
        line(session.say("cli.search.rebuilt", count=count))


def _data(excerpt: Any) -> dict[str, Any]:
    parts = [{"text": part.text, "hit": part.hit} for part in excerpt.parts]
    return {"field": excerpt.field, "sequence": excerpt.sequence, "parts": parts}


def _show(session: Session, unit: CareUnit, names: Names, found: Found) -> None:
    case = found.case
    line(f"{_marked(found.number)}  {_marked(found.subject)}")
    about = [names.of("state", case.state), names.word("kind", case.kind), moment(session, case.received_at)]
    line("  " + session.say("cli.comma").join(about))
    for excerpt in found.excerpts:
        label = _label(session, unit, excerpt.field)
        line("  " + session.say("cli.search.excerpt", label=label, text=_marked(excerpt.parts)))


def _label(session: Session, unit: CareUnit, field: str) -> str:
    """What a field, or a fact in which something was said, is called."""
    if field in _LABELS:
        return session.say(f"cli.label.{_LABELS[field]}")
    kind = unit.setup.fact_types.get((FEEDBACK, field))
    return kind.label.get(session.language) if kind is not None else field


def _marked(parts: Iterable[Part]) -> str:
    """The text on one line, with the words that were asked for between brackets."""
    return " ".join("".join(f"[{part.text}]" if part.hit else part.text for part in parts).split())
