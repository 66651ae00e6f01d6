"""A million answers: opinion forms filled in on paper over two years, as many answers as there are cases.

Each response has the fact that it was answered with, sealed as careplug seals it, folded and counted by its own rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import attrs

from careplug import Care, Ref
from careplug.clock import to_text
from careplug.definitions import Definitions
from careplug.refs import IMPORT, new_id
from careplug.survey.counting import personal_part, scores_of
from careplug.survey.entities import GROUPS, Response, Score
from careplug.survey.facts import RESPONSE
from careplug.timeline import chain
from careplug.timeline.facts import Fact, Personal, encode, make_row, split
from tests.proof.scale.fill import SEED, Progress, note, progress
from tests.proof.scale.stories import NOW
from tests.proof.scale.words import said

__all__ = ["FORM", "fill_answers"]

FORM = "opinion"
BLOCK = 500
_YES_NO = ("on_time", "dress", "manner", "card", "covers", "tidy", "solved", "efficient")
_OVERALL = ("very_satisfied", "satisfied", "dissatisfied")
_EACH = len(_YES_NO) + 1
_PERIOD = timedelta(days=728)


def fill_answers(care: Care, size: int, *, progressed: Progress | None = None) -> int:
    """Bring a database to about ``size`` answers; how many responses were written now."""
    whole = -(-size // _EACH)
    done = begun = progress(care, size, "responses")
    while done < whole:
        end = min(whole, done + BLOCK)
        chance = Random(f"{SEED} responses {done}")
        with care.read(actor=IMPORT) as unit:
            definition = unit.get(Definitions).active("survey")[FORM]
            form = unit.get(Definitions).value("survey", FORM)
        with care.transaction(tenant="") as store:
            for number in range(done, end):
                for entity in _response(care, form, definition.digest, chance, number):
                    store.add(entity)
            note(store, size, end, "responses")
        done = end
        if progressed is not None:
            progressed(done, whole)
    return done - begun


def _response(care: Care, form: Any, digest: str, chance: Random, number: int) -> Iterator[object]:
    at = NOW - timedelta(seconds=chance.randrange(int(_PERIOD.total_seconds())) + 3600)
    checked: dict[str, Any] = {key: (chance.random() < 0.9 and "yes") or "no" for key in _YES_NO}
    checked["overall"] = chance.choices(_OVERALL, (55, 35, 10))[0]
    if number % 10 == 0:
        checked["comments"] = said(chance, number + 1)["body"]
    chosen, texts = personal_part(form, checked)
    about = _about(chance, number)
    data: dict[str, Any] = {"form": FORM, "digest": digest, "channel": "paper", "language": "zh_CN", **about}
    data |= {"answered_at": to_text(at), "month": f"{at + timedelta(hours=8):%Y-%m}", "answers": chosen, "texts": texts}
    data |= {"commented": bool(texts), "low": form.is_low(checked), "anonymous": False}
    ident = new_id()
    fact, row, beside = _sealed(ident, at, data)
    yield row
    if beside is not None:
        yield beside
    blank = Response(id=ident, form=FORM, digest=digest, answered_at=at, month=data["month"])
    changes = care.setup.fact_types[RESPONSE, "answered"].fold(blank, data, fact)  # type: ignore[misc]
    made = attrs.evolve(blank, **changes, sequence=1, head=row.hash, last_at=at)
    yield made
    groups = {name: getattr(made, name) for name in GROUPS}
    for counted in scores_of(form, checked):
        yield Score(
            id=new_id(),
            response_id=ident,
            form=FORM,
            month=made.month,
            answered_at=at,
            **attrs.asdict(counted),
            **groups,
        )


def _about(chance: Random, number: int) -> dict[str, Any]:
    return {
        "number": f"SC-{number:08d}",
        "cycle": 1,
        "contact": str(Ref("person", f"c{chance.randrange(20_000)}")),
        "organisation": str(Ref("organisation", f"customer{chance.randrange(2_000)}")),
        "product": str(Ref("product", f"p{chance.randrange(40)}")),
        "kind": chance.choice(("fault", "question", "complaint")),
        "assignee": str(Ref("person", f"engineer{chance.randrange(60)}")),
        "team": None,
    }


def _sealed(ident: str, at: datetime, data: dict[str, Any]) -> tuple[Fact, Any, Personal | None]:
    open_part, beside = split(data, ("texts",))
    text = encode(open_part)
    fact = Fact(
        subject=RESPONSE,
        subject_id=ident,
        sequence=1,
        at=at,
        recorded_at=NOW,
        actor=IMPORT.key,
        type="answered",
        origin="import",
        data=data,
        id=new_id(),
    )
    row = make_row(fact, text, chain.seal(chain.START, make_row(fact, text, "")))
    if not beside:
        return fact, row, None
    return fact, row, Personal(id=fact.id, subject=RESPONSE, subject_id=ident, sequence=1, values=beside)
