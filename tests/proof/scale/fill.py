"""Filling a database with cases: the stories of a week told again, week before week, with words of their own.

Every fact is split, encoded and sealed by the functions careplug itself uses, and written through a transaction of the
storage, a thousand cases at a time. How far it came stands in the same transaction, so a stopped fill goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import attrs

from careplug import Care
from careplug.audit.rebuild import rebuild
from careplug.clock import to_text
from careplug.contributions import FactType
from careplug.criteria import All, Is, Order
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback, RequestKey
from careplug.messages.entities import Message
from careplug.refs import IMPORT, Ref, new_id
from careplug.sla.entities import clock_id
from careplug.timeline import chain
from careplug.timeline.facts import Fact, FactRow, Personal, encode, make_row, split
from tests.proof.scale.stories import NOW, WEEK, Story, Teller, prepare
from tests.proof.scale.words import said

__all__ = ["BLOCK", "SEED", "fill", "honest", "note", "progress"]

SEED = 2026
BLOCK = 1_000
"""Cases written in one transaction."""

STORIES = 2_000
TOLD_A_WEEK = 2 * STORIES
RECENT = 16
"""One case in so many is one of the last weeks, still open."""

MESSAGES = 50
"""One case in so many has a message that was sent."""

_SOURCE = "proof.scale"
_ENGINEERS = [Ref("person", f"engineer{number}") for number in range(60)]
_ORGANISATIONS = [Ref("organisation", f"customer{number}") for number in range(2_000)]
_PEOPLE = 20_000

Progress = Callable[[int, int], None]
"""Told after each block: cases done, of how many."""


def fill(care: Care, size: int, *, progressed: Progress | None = None) -> int:
    """Bring a database to ``size`` cases; how many were written now."""
    done = begun = progress(care, size)
    if not done:
        prepare(care)
    if done >= size:
        return 0
    teller = Teller()
    week = teller.weekly(min(STORIES, max(20, size)))
    while done < size:
        end = min(size, done + BLOCK)
        with care.transaction(tenant="") as store:
            for entity in _block(care, teller, week, done, end, size):
                store.add(entity)
            note(store, size, end)
        done = end
        if progressed is not None:
            progressed(done, size)
    return done - begun


def progress(care: Care, size: int, stage: str = "cases") -> int:
    """How much of a stage of a fill of this size and seed is there."""
    with care.transaction(tenant="", writes=False) as store:
        found = store.find(RequestKey, All(Is("source", "eq", _SOURCE), Is("key", "eq", f"{stage} {SEED} {size}")))
    return int(found[0].result) if found else 0


def note(store: Any, size: int, done: int, stage: str = "cases") -> None:
    """Write how much is there, in the transaction that brought it."""
    key = f"{stage} {SEED} {size}"
    found = store.find(RequestKey, All(Is("source", "eq", _SOURCE), Is("key", "eq", key)))
    if found:
        store.save(attrs.evolve(found[0], result=str(done)), was=found[0])
    else:
        store.add(RequestKey(id=new_id(), source=_SOURCE, key=key, payload="", result=str(done), made_at=NOW))


def _block(care: Care, teller: Teller, week: list[Story], start: int, end: int, size: int) -> Iterator[object]:
    chance = Random(f"{SEED} {start}")
    recent = teller.recent(chance, max(1, (end - start) // RECENT // 3))
    types = care.setup.fact_types
    weeks = (size - 1) // TOLD_A_WEEK
    for number in range(start, end):
        if number % RECENT == 0:
            story, by = recent[number // RECENT % len(recent)], timedelta()
        else:
            story = week[number % TOLD_A_WEEK * len(week) // TOLD_A_WEEK]
            by = WEEK * (number // TOLD_A_WEEK - weeks)
        yield from _again(story, by, _Cast.of(chance, number), types)


@attrs.frozen
class _Cast:
    """Who takes part in a case, and what they say: by fact type, and as fields of the case."""

    number: str
    facts: Mapping[str, Mapping[str, Any]]
    case: Mapping[str, Any]
    engineer: Ref
    message: bool

    @classmethod
    def of(cls, chance: Random, number: int) -> _Cast:
        """The cast of the case of this number."""
        words = said(chance, number)
        name = f"SC-{number:08d}"
        requester = Ref("person", f"c{chance.randrange(_PEOPLE)}")
        organisation, engineer = chance.choice(_ORGANISATIONS), chance.choice(_ENGINEERS)
        told = {key: words[key] for key in ("subject", "body", "contact_name", "contact_phone")}
        solved = {"measure": words["measure"], "result": words["result"]}
        facts = {
            "submitted": {**told, "number": name, "requester": str(requester), "organisation": str(organisation)},
            "replied": {"body": words["answer"]},
            "assigned": {"assignee": str(engineer)},
            "dispatched": {"assignee": str(engineer)},
            "resolved": {**solved, "assignee": str(engineer)},
            "rejected": {"reason": words["answer"]},
        }
        case = {**told, "number": name, "requester": requester, "organisation": organisation}
        return cls(name, facts, {**case, **solved, "assignee": engineer}, engineer, number % MESSAGES == 1)


_MAYBE = ("measure", "result", "assignee")


def _again(story: Story, by: timedelta, cast: _Cast, types: Mapping[tuple[str, str], FactType]) -> Iterator[object]:
    """The rows of a case that happened as the story, so much later, to other people."""
    ident, head = new_id(), chain.START
    for fact in story.facts:
        data = fact.data
        words = cast.facts.get(fact.type)
        if words is not None:
            data = {**data, **words}
        elif fact.type == "verdict":
            data = {**data, "clocks": [_moved(clock, by) for clock in data["clocks"]]}
        kind = types[FEEDBACK, fact.type]
        open_part, beside = split(data, kind.personal)
        text = encode(open_part)
        told = Fact(
            subject=FEEDBACK,
            subject_id=ident,
            sequence=fact.sequence,
            at=fact.at + by,
            recorded_at=fact.recorded_at,
            actor=fact.actor,
            type=fact.type,
            origin=fact.origin,
            id=new_id(),
        )
        row = make_row(told, text, "")
        head = chain.seal(head, row)
        yield make_row(told, text, head)
        if beside:
            words = {key: access for key, access in kind.search.items() if key in beside}
            yield Personal(
                id=told.id, subject=FEEDBACK, subject_id=ident, sequence=fact.sequence, values=beside, words=words
            )
    yield _case(story.case, ident, by, cast, head)
    for clock in story.clocks:
        yield attrs.evolve(
            clock,
            id=clock_id(ident, clock.metric, clock.cycle, clock.generation),
            feedback_id=ident,
            started_at=clock.started_at + by,
            stopped_at=_later(clock.stopped_at, by),
            due_at=_later(clock.due_at, by),
        )
    if cast.message:
        yield _message(story, ident, by, cast)


def _moved(clock: Mapping[str, Any], by: timedelta) -> dict[str, Any]:
    due, stopped = clock["due_at"], clock["stopped_at"]
    return {**clock, "due_at": due and to_text(due + by), "stopped_at": stopped and to_text(stopped + by)}


def _later(at: datetime | None, by: timedelta) -> datetime | None:
    return None if at is None else at + by


def _case(case: Feedback, ident: str, by: timedelta, cast: _Cast, head: str) -> Feedback:
    words = {key: value for key, value in cast.case.items() if key not in _MAYBE or getattr(case, key)}
    return attrs.evolve(
        case,
        id=ident,
        received_at=case.received_at + by,
        handled_at=_later(case.handled_at, by),
        closed_at=_later(case.closed_at, by),
        last_at=_later(case.last_at, by),
        pauses=tuple(attrs.evolve(pause, since=pause.since + by) for pause in case.pauses),
        head=head,
        **words,
    )


def _message(story: Story, ident: str, by: timedelta, cast: _Cast) -> Message:
    at = story.case.received_at + by
    return Message(
        id=new_id(),
        key=f"{ident}/1",
        subject=FEEDBACK,
        subject_id=ident,
        sequence=1,
        event="submitted",
        subscription="received",
        recipient=cast.engineer,
        channel="mail",
        address=f"{cast.engineer.id}@example.org",
        language="zh_CN",
        template="received",
        title=cast.number,
        body=f"{cast.number} {to_text(at)}",
        state="sent",
        attempts=1,
        created_at=at,
        sent_at=at,
    )


def honest(care: Care, size: int, sample: int = 1_000) -> int:
    """What is wrong with a sample of cases, by audit's own checks: chains, personal values, rows and clocks."""
    chance = Random(f"{SEED} sample")
    numbers = tuple(f"SC-{number:08d}" for number in sorted(chance.sample(range(size), min(size, sample))))
    wrong = 0
    for start in range(0, len(numbers), 100):
        with care.read(actor=IMPORT) as unit:
            cases = unit.store.find(Feedback, Is("number", "in", numbers[start : start + 100]))
            idents = tuple(case.id for case in cases)
            wrong += len(numbers[start : start + 100]) - len(cases)
            where = All(Is("subject", "eq", FEEDBACK), Is("subject_id", "in", idents))
            rows, beside = unit.store.find(FactRow, where, order=(Order("sequence"),)), unit.store.find(Personal, where)
            for case in cases:
                facts = [row for row in rows if row.subject_id == case.id]
                wrong += len(chain.check(facts, [item for item in beside if item.subject_id == case.id]))
                end = chain.Head(FEEDBACK, case.id, case.sequence, case.head)
                wrong += len(chain.check_head(facts, end)) + (len(facts) != case.sequence)
        report = rebuild(care, tenant="", idents=idents, write=False)
        wrong += report.rows + report.failed_count + report.reversed_count + (report.cases != len(idents))
        if report.rows:
            print(report.text())
    return wrong
