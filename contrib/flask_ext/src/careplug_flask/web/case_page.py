"""The page of a case for the service side: where it stands, what can be done, what was promised, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from flask import Response
from markupsafe import Markup

from careplug.clock import from_text
from careplug.errors import CareError
from careplug.feedback.entities import KINDS, PARTIES
from careplug.feedback.fold import FACT_TYPES
from careplug.feedback.seeds import SEEDS
from careplug.queue import countdown
from careplug.refs import Ref, new_id
from careplug.sla.words import receipt_text
from careplug.text import Text
from careplug.timeline.folding import voided
from careplug_flask import work
from careplug_flask.state import state
from careplug_flask.web import timeline_svg
from careplug_flask.web.case_steps import steps
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form
from careplug_flask.web.panels import panels
from careplug_flask.web.people import staff
from careplug_flask.web.queue_page import to_minute, urgency
from careplug_flask.web.story import size_text, story
from careplug_flask.web.surveys import panel
from careplug_flask.web.values import shown
from careplug_flask.web.views import show
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback
    from careplug.sla.receipt import Receipt
    from careplug.timeline.facts import Fact
    from careplug.unit import CareUnit

__all__ = ["Line", "Promise", "case_page", "case_response"]

_REFS = ("requester", "organisation", "contact", "product", "system", "site")
_EDITED = ("subject", "body", "contact_name", "contact_phone", "contact_mail", "cause", "measure", "result")
_TOLD = ("body", "reason", "note", "measure", "result", "cause", "detail", "because", "name", "phone")
_ACTS = ("pause", "assign", "expect", "prioritise", "edit", "appoint", "override", "void", "reply", "note", "call")
_REASONS = tuple(seed.name for seed in SEEDS if seed.kind == "pause_reason")
_CAUSED = ("policy_decided", "resumed")
"""Facts whose cause is a code of ours, no words of a person's."""

_WHILE_OPEN = ("pause", "expect", "appoint")
_OWN_RECORDS = ("arrived", "left", "factory_arrived", "factory_returned")
_QUIET = ("policy_decided", "verdict", "linked", "edited")
"""Facts that the conversation leaves to the timeline's table."""

_CORE = frozenset(kind.name for kind in FACT_TYPES)


@attrs.frozen(kw_only=True)
class Promise:
    """One clock: its words, its figures, its drawing, its receipt as text."""

    name: str
    run: str
    state: str
    tone: str
    left: str
    counts: str
    target: str
    counted: str
    due_at: datetime | None
    provisional: bool
    drawing: Markup
    text: str
    open: bool
    unfolded: bool


@attrs.frozen(kw_only=True)
class Line:
    """One fact of the timeline's table."""

    sequence: int
    at: datetime
    recorded_at: datetime
    label: str
    who: str
    words: tuple[str, ...]
    void: bool
    late_entry: bool
    final: bool


def case_page(number: str) -> Response:
    """The service side's view of ``/cases/<number>``."""
    insist("feedback.read")
    with work.reading() as unit:
        return case_response(unit, number)


def case_response(
    unit: CareUnit,
    number: str,
    *,
    problem: CareError | None = None,
    form: Form | None = None,
    opened: str = "",
    link: str = "",
) -> Response:
    """The page from a snapshot. ``opened`` names the form that failed: it is shown open, with what was typed."""
    said, case = words(state(), unit), unit.feedback.by_number(number)
    facts = unit.feedback.facts(case.id)
    said.know(_people(case, facts))
    lines = _lines(unit, said, facts)
    values: dict[str, Any] = {
        "case": case,
        "channel": _worded(said.say(f"desk.channel.{case.channel}"), case.channel),
        "state_name": said.name("state", case.state),
        "refs": [(name, ref) for name in _REFS if (ref := getattr(case, name)) is not None],
        "custom": _custom(unit, said, case),
        "steps": steps(unit, said, case),
        "promises": _promises(unit, said, case),
        "entries": story(unit, said, [fact for fact in facts if fact.type not in _QUIET], unit.setup.fact_types),
        "lines": lines,
        "voidable": [
            (line.sequence, f"{line.sequence} · {line.label} · {said.clock(line.at)}")
            for line in lines
            if not line.void and not line.final
        ],
        "files": [(row, size_text(row.size, said.language)) for row in unit.feedback.attachments(case.id)],
        "linked": _linked(unit, said, case),
        "panels": panels(state(), unit, said, case, "service"),
        "surveys": panel.asked(unit, said, case),
        "records": _records(unit, said, case),
        "able": _able(unit, case),
        "person": said.person,
        "link": link,
        "page_key": new_id(),
        "problem": problem,
        "opened": opened,
        "form": form if form is not None else Form(),
        "blank": _begin(case),
    }
    values["placed"] = opened in _placed(values)
    return show("desk/case.html", unit, **values, **_choices(unit, said, case))


def _able(unit: CareUnit, case: Feedback) -> dict[str, bool]:
    """What the visitor may do, and the case lets be done: who waits for nothing any more is not paused."""
    return {
        name: may(unit, f"feedback.{name}", case) and (name not in _WHILE_OPEN or case.category == "open")
        for name in _ACTS
    }


def _placed(values: Mapping[str, Any]) -> set[str]:
    """The forms on the page that can show what was wrong with them; else it is said on top."""
    found = {name for name, able in values["able"].items() if able}
    found |= {f"step-{step.name}" for step in values["steps"]}
    found |= {"survey"} if values["surveys"] and values["surveys"]["forms"] else set()
    found |= {"say"} if found & {"reply", "note", "call"} else set()
    return found | ({"record"} if values["records"] else set())


def _people(case: Feedback, facts: Sequence[Fact]) -> set[Ref]:
    found = {ref for name in (*_REFS, "assignee", "team") if (ref := getattr(case, name)) is not None}
    found |= {Ref.parse(fact.actor) for fact in facts if not fact.actor.startswith("system:")}
    return found | {Ref.parse(fact.data[key]) for fact in facts for key in ("assignee", "team") if fact.data.get(key)}


def _choices(unit: CareUnit, said: Words, case: Feedback) -> dict[str, Any]:
    """What the selects of the forms offer."""
    people, teams = staff(unit, said, case.assignee, case.team)
    open_reasons = {pause.reason for pause in case.pauses}
    return {
        "people": people,
        "teams": teams,
        "kinds": [(kind, said.word("kind", kind)) for kind in KINDS],
        "levels": [(each, said.say(f"desk.level.{each}")) for each in (1, 2, 3)],
        "modes": [
            ("", said.say("desk.mode.policy")),
            *((mode, said.say(f"desk.mode.{mode}")) for mode in ("keep", "from_now", "restart")),
        ],
        "parties": [("", said.say("desk.party_usual")), *((each, said.word("party", each)) for each in PARTIES)],
        "reasons": [
            (name, said.name("pause_reason", name, "reason"))
            for name in sorted(unit.definitions.active("pause_reason"), key=_usual)
            if name not in open_reasons
        ],
        "states": [(name, said.name("state", name)) for name in unit.definitions.active("state") if name != case.state],
        "places": [(place, said.say(f"desk.place.{place}")) for place in ("onsite", "remote")],
    }


def _usual(reason: str) -> tuple[int, str]:
    """The core's reasons in the order it brings them, then those of plugins."""
    return (_REASONS.index(reason) if reason in _REASONS else len(_REASONS), reason)


def _begin(case: Feedback) -> Mapping[str, Form]:
    """What the forms begin with: what the case has already."""
    had = {name: str(getattr(case, name) or "") for name in (*_EDITED, "kind", "cause", "impact", "urgency")}
    had |= {name: str(ref) for name in (*_REFS, "assignee", "team") if (ref := getattr(case, name)) is not None}
    kept = ("measure", "result", "cause", "assignee")
    steps_had: dict[str, str] = {name: had[name] for name in kept if name in had}
    return {
        "edit": Form(had),
        "prioritise": Form({"impact": had["impact"], "urgency": had["urgency"]}),
        "assign": Form({name: had[name] for name in ("assignee", "team") if name in had}),
        "step": Form(steps_had),
        "say": Form({"as": "reply"}),
        "none": Form(),
    }


# -- what was promised --


def _promises(unit: CareUnit, said: Words, case: Feedback) -> list[Promise]:
    if not may(unit, "sla.explain", case.id):
        return []
    alike: dict[Any, list[Receipt]] = {}
    for receipt in unit.sla.explain(case.id):
        choice = receipt.leg.choice
        same = (receipt.cycle, receipt.generation, receipt.state, receipt.due_at, receipt.segments)
        alike.setdefault((*same, choice.calendar_digest, choice.rule.target), []).append(receipt)
    order = sorted(alike.values(), key=lambda each: _rank(each[0]))
    return [_promise(unit, said, case, each, place) for place, each in enumerate(order)]


def _rank(receipt: Receipt) -> tuple[bool, bool, bool, datetime]:
    """Running ones by their due time, then those that stand, those that are over, those that others took the place of."""
    over = receipt.state not in ("running", "standing")
    return receipt.state == "superseded", over, receipt.due_at is None, receipt.due_at or receipt.started_at


def _promise(unit: CareUnit, said: Words, case: Feedback, alike: Sequence[Receipt], place: int) -> Promise:
    """One drawing for metrics that say the same: the last time to solve repeats the first until a case is reopened."""
    receipt = alike[0]
    choice = receipt.leg.choice
    running = receipt.state in ("running", "standing")
    told, tone, counts = "", receipt.state, ""
    if running and receipt.due_at is not None:
        rest = countdown(choice.calendar, choice.rule.target, unit.now(), receipt.due_at)
        told = said.say("queue.over" if rest.late else "queue.left", span=said.span(to_minute(rest.span)))
        tone, counts = urgency(rest.late, rest.soon), said.say("queue.working" if rest.working else "queue.real")
    several = receipt.cycle > 1 or receipt.generation > 1
    return Promise(
        name=" · ".join(said.name("metric", each.metric) for each in alike),
        run=said.say("desk.run", cycle=receipt.cycle, generation=receipt.generation) if several else "",
        state=said.word("state", "late" if receipt.late else receipt.state),
        tone=tone,
        left=told,
        counts=counts,
        target=choice.rule.target.describe(said.language),
        counted=said.span(receipt.counted),
        due_at=receipt.due_at,
        provisional=receipt.provisional,
        drawing=timeline_svg.draw(receipt, said, ident=f"clock-{place}"),
        text="\n\n".join(_receipt(unit, said, each) for each in alike),
        open=running and receipt.counted_metric,
        unfolded=running or receipt.state == "missed" or (case.category != "open" and receipt.state == "met"),
    )


def _receipt(unit: CareUnit, said: Words, receipt: Receipt) -> str:
    metric = unit.definitions.active("metric").get(receipt.metric)
    label = metric.label if metric is not None else Text()
    return receipt_text(receipt, said.language, label=label, zone=said.zone.key, catalogue=state().care.catalogue)


# -- what happened --


def _lines(unit: CareUnit, said: Words, facts: Sequence[Fact]) -> list[Line]:
    void, types = voided(facts), unit.setup.fact_types
    found = []
    for fact in facts:
        kind = types.get((fact.subject, fact.type))
        found.append(
            Line(
                sequence=fact.sequence,
                at=fact.at,
                recorded_at=fact.recorded_at,
                label=(said.text(kind.label) if kind is not None else "") or fact.type,
                who=said.say("story.desk") if fact.actor.startswith("system:") else said.person(fact.actor),
                words=tuple(_facts_words(said, fact)),
                void=fact.sequence in void,
                late_entry=bool(fact.data.get("back_dated")),
                final=kind is None or kind.final,
            )
        )
    return found


def _facts_words(said: Words, fact: Fact) -> list[str]:
    data = fact.data
    found = []
    if data.get("from") and data.get("to"):
        found.append(f"{said.name('state', data['from'])} → {said.name('state', data['to'])}")
    found += [said.person(data[key]) for key in ("assignee", "team") if data.get(key)]
    if fact.type in ("paused", "resumed"):
        found.append(said.name("pause_reason", data["reason"], "reason"))
    elif fact.type == "voided":
        found.append(said.say("story.void", number=data["sequence"]))
    elif fact.type == "escalated":
        found.append(f"{said.name('metric', data['metric'])} · {said.word('level', str(data.get('level', '')))}")
    elif fact.type == "verdict":
        found += [
            f"{said.name('metric', each['metric'])} {said.word('state', each['state'])}" for each in data["clocks"]
        ]
    elif fact.type == "prioritised":
        found.append(said.say("story.priority", priority=data.get("priority", "")))
    found += [said.moment(from_text(str(data[key]))) for key in ("start", "expected_at", "until") if data.get(key)]
    told = [str(data[key]) for key in _TOLD if data.get(key) and not (key == "cause" and fact.type in _CAUSED)]
    return found + (told[1:] if fact.type in ("paused", "resumed") else told)


def _custom(unit: CareUnit, said: Words, case: Feedback) -> list[tuple[str, str]]:
    known = unit.setup.fields("feedback")
    return [
        ((said.text(known[name].label) if name in known else "") or name, shown(said, value))
        for name, value in case.custom.items()
        if value is not None
    ]


def _linked(unit: CareUnit, said: Words, case: Feedback) -> list[tuple[str, Feedback]]:
    cases = unit.feedback.by_ids(tuple(dict.fromkeys(link["id"] for link in case.links)))
    named = [(link["relation"], cases[link["id"]]) for link in case.links if link["id"] in cases]
    return [(_worded(said.say(f"desk.relation.{name}"), name), other) for name, other in named]


def _worded(words: str, code: str) -> str:
    """The words for a code that people may also choose themselves: one without words is shown as it is."""
    return code if words.endswith(f".{code}") else words


def _records(unit: CareUnit, said: Words, case: Feedback) -> list[tuple[str, str]]:
    """The plain facts that can be recorded by hand: the core's, and those of plugins that have a name."""
    found = [name for subject, name in unit.setup.fact_types if subject == "feedback" and name not in _CORE]
    labels = {name: said.text(unit.setup.fact_types["feedback", name].label) for name in (*_OWN_RECORDS, *found)}
    return [(name, label) for name, label in labels.items() if label and may(unit, f"feedback.record.{name}", case)]
