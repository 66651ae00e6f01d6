"""``careplug submit``: take a feedback in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from careplug.cli.base import argument, command, option, pass_session
from careplug.cli.documents import read_text
from careplug.cli.output import emit, line
from careplug.cli.problems import Usage
from careplug.cli.session import Session
from careplug.cli.show import brief
from careplug.cli.values import FILE, PAIR, REF, TIME, Choice, Whole
from careplug.contributions import FieldSpec
from careplug.feedback.entities import KINDS

__all__ = ["custom_values", "submit"]


@command("submit")
@argument("kind", kind=Choice(KINDS))
@argument("subject")
@option("--body", default=None)
@option("--body-file", kind=FILE)
@option("--requester", kind=REF)
@option("--organisation", kind=REF)
@option("--contact", kind=REF)
@option("--contact-name", default=None)
@option("--contact-phone", default=None)
@option("--contact-mail", default=None)
@option("--product", kind=REF)
@option("--system", kind=REF)
@option("--site", kind=REF)
@option("--impact", kind=Whole(1, 3))
@option("--urgency", kind=Whole(1, 3))
@option("--channel")
@option("--source")
@option("--custom", kind=PAIR, multiple=True)
@option("--answered", is_flag=True)
@option("--at", kind=TIME)
@option("--because")
@option("--key")
@pass_session
def submit(session: Session, /, kind: str, subject: str, **given: Any) -> None:
    """Store it and say its number and what is due."""
    body_file, pairs = given.pop("body_file"), given.pop("custom")
    told = {name: value for name, value in given.items() if value not in (None, False)}
    if body_file:
        told["body"] = read_text(body_file, "--body-file")
    if "at" in told:
        told["at"] = session.time(told["at"], "--at")
    told.setdefault("channel", "cli")
    custom = custom_values(session, session.care.setup.fields("feedback"), pairs)
    with session.unit() as unit:
        case = unit.feedback.submit(kind, subject, custom=custom, **told)
        unit.flush()
        clocks = unit.sla.clocks([case.id]) if unit.actor.side != "customer" else []
        if session.as_json:
            emit(case)
            return
        line(session.say("cli.submit.done", number=case.number, priority=case.priority))
        brief(session, unit, clocks)


def custom_values(
    session: Session, fields: Mapping[str, FieldSpec], pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Values of custom fields as their declarations want them; the service checks the rest."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        kind = fields[name].type if name in fields else "text"
        try:
            found[name] = _read(session, kind, text, f"--custom {name}")
        except (ValueError, InvalidOperation) as error:
            if isinstance(error, Usage):
                raise
            raise Usage("cli.custom", field=f"--custom {name}", value=text, wanted=kind) from None
    return found


def _read(session: Session, kind: str, text: str, field: str) -> Any:
    if kind == "int":
        return int(text)
    if kind == "bool":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    if kind == "decimal":
        return Decimal(text)
    if kind == "date":
        return date.fromisoformat(text)
    return session.time(text, field) if kind == "time" else text
