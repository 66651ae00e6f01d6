"""The story of a case as people read it: replies as what one side said to the other, everything else as short lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from flask import url_for

from careplug.clock import from_text
from careplug.contributions import FactType
from careplug.timeline.facts import Fact
from careplug.timeline.folding import voided
from careplug_flask.web.promised import reason_said
from careplug_flask.web.times import near
from careplug_flask.words import say

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["Entry", "File", "size_text", "story"]

Types = Mapping[tuple[str, str], FactType]
Link = Callable[[str], str]

_TOGETHER = timedelta(minutes=2)
"""A file that follows somebody's words this soon was sent with them."""

_TONES: Mapping[str, str] = {
    "resolved": "good",
    "closed": "good",
    "rejected": "bad",
    "reopened": "warn",
    "paused": "warn",
    "expected": "warn",
    "escalated": "bad",
    "overridden": "warn",
    "voided": "quiet",
    "withdrawn": "quiet",
    "merged": "quiet",
}


@attrs.frozen(kw_only=True)
class File:
    """An attachment: its name, size in words, and where it is downloaded."""

    name: str
    size: str
    url: str


@attrs.frozen(kw_only=True)
class Entry:
    """One thing that happened.

    ``kind`` is talk (somebody's words), note or call (of colleagues, only the service side sees these), or line. ``side``
    is customer, service or system. ``tone`` is good, warn, bad, quiet or empty. ``void`` says that it was cancelled since.
    """

    kind: str
    side: str
    who: str
    at: datetime
    label: str = ""
    title: str = ""
    body: str = ""
    files: tuple[File, ...] = ()
    tone: str = ""
    internal: bool = False
    void: bool = False
    sequence: int = 0


def story(
    unit: CareUnit,
    words: Words,
    facts: Sequence[Fact],
    types: Types,
    *,
    file_url: Link | None = None,
    result: str = "",
) -> list[Entry]:
    """The entries of a case's facts, as far as the unit's actor may read them, in order.

    ``file_url`` tells where the attachment of an id is downloaded; without it, below the case's own page.
    ``result`` stands elsewhere on the page and is not told again.
    """
    if not facts:
        return []
    link = file_url or _own_page(facts)
    kept = {row.sequence: row for row in unit.feedback.attachments(facts[0].subject_id)}
    void, customer = voided(facts), unit.actor.side == "customer"
    tell = _Teller(words, types, _customers(facts), unit.now(), customer, result)
    found: list[Entry] = []
    for fact in facts:
        entry = attrs.evolve(tell.entry(fact), void=fact.sequence in void, sequence=fact.sequence)
        row = kept.get(fact.sequence)
        if row is not None:
            file = File(name=row.name, size=size_text(row.size, words.language), url=link(row.id))
            if found and _same_breath(found[-1], entry):
                found[-1] = attrs.evolve(found[-1], files=(*found[-1].files, file))
                continue
            entry = attrs.evolve(entry, files=(file,))
        found.append(entry)
    return found


def size_text(size: int, language: str) -> str:
    """A size in bytes as people say it: ``14 bytes``, ``12 KB``, ``3.4 MB``."""
    if size < 1 << 10:
        return say("story.byte" if size == 1 else "story.bytes", language, size=size)
    if size < 1 << 20:
        return f"{round(size / 1024)} KB"
    return f"{round(size / (1 << 20), 1):g} MB"


def _own_page(facts: Sequence[Fact]) -> Link:
    number = str(facts[0].data.get("number", ""))
    return lambda ident: url_for("careplug.case_file", number=number, ident=ident)


def _customers(facts: Sequence[Fact]) -> frozenset[str]:
    """The keys of those who act for the customer in this case."""
    told = facts[0].data
    named = {str(told[key]) for key in ("requester", "contact") if told.get(key)}
    return frozenset(named | {fact.actor for fact in facts if fact.data.get("side") == "customer"})


def _same_breath(before: Entry, entry: Entry) -> bool:
    spoken = before.kind == "talk" or bool(before.files)
    return spoken and before.who == entry.who and not entry.void and entry.at - before.at <= _TOGETHER


@attrs.frozen
class _Teller:
    """Makes entries of facts in one reader's words."""

    words: Words
    types: Types
    customers: frozenset[str]
    now: datetime
    customer: bool
    result: str

    def entry(self, fact: Fact) -> Entry:
        """The entry of one fact."""
        make: Callable[[Fact], dict[str, Any]] = getattr(self, f"_{fact.type}", self._other)
        values = make(fact)
        side = self._side(fact)
        common = {
            "kind": "line",
            "side": side,
            "who": self._who(fact, side),
            "at": fact.at,
            "tone": _TONES.get(fact.type, ""),
        }
        return Entry(**{**common, **values})

    def _side(self, fact: Fact) -> str:
        side = str(fact.data.get("side", ""))
        if side:
            return side
        if fact.actor.startswith("system:"):
            return "system"
        return "customer" if fact.actor in self.customers else "service"

    def _who(self, fact: Fact, side: str) -> str:
        return "" if side == "system" else self.words.person(fact.actor)

    def _label(self, fact: Fact) -> str:
        kind = self.types.get((fact.subject, fact.type))
        return (self.words.text(kind.label) if kind is not None else "") or fact.type

    def _when(self, text: Any) -> str:
        return near(self.words, from_text(str(text)), self.now)

    def _reason(self, fact: Fact) -> str:
        if self.customer:
            return reason_said(self.words, fact.data["reason"])
        return self.words.name("pause_reason", fact.data["reason"], "reason")

    # -- what was said --

    def _submitted(self, fact: Fact) -> dict[str, Any]:
        data = fact.data
        who = data.get("contact_name") or self.words.person(data.get("requester") or fact.actor)
        label = (
            ""
            if data.get("requester", fact.actor) == fact.actor
            else self.words.say("story.taken", who=self.words.person(fact.actor))
        )
        return {
            "kind": "talk",
            "side": "customer",
            "who": who,
            "label": label,
            "title": data.get("subject", ""),
            "body": data.get("body", ""),
        }

    def _replied(self, fact: Fact) -> dict[str, Any]:
        automatic = bool(fact.data.get("automatic"))
        label = self.words.say("story.automatic") if automatic else ""
        who = self.words.person(fact.actor) if not fact.actor.startswith("system:") else self.words.say("story.desk")
        return {
            "kind": "talk",
            "who": who,
            "label": label,
            "body": fact.data.get("body", ""),
            "tone": "quiet" if automatic else "",
        }

    def _resolved(self, fact: Fact) -> dict[str, Any]:
        say, data = self.words.say, fact.data
        told = {key: data[key] for key in ("cause", "measure", "result") if data.get(key)}
        if told.get("result") == self.result:
            del told["result"]
        lines = [say(f"story.{key}", text=text) for key, text in told.items()]
        return {"kind": "talk", "label": self._label(fact), "body": "\n".join([*lines, *_texts(data, "note")])}

    def _noted(self, fact: Fact) -> dict[str, Any]:
        return {"kind": "note", "internal": True, "label": self._label(fact), "body": fact.data.get("body", "")}

    def _called(self, fact: Fact) -> dict[str, Any]:
        data = fact.data
        code = "story.call_in" if data.get("direction") == "in" else "story.call_out"
        label = self.words.say(code if data.get("answered") else "story.call_missed")
        phone = data.get("phone", "")
        return {"kind": "call", "internal": True, "label": f"{label} {phone}".strip(), "body": data.get("body", "")}

    # -- what was done --

    def _other(self, fact: Fact) -> dict[str, Any]:
        """Steps and whatever plugins record: the name of the fact, and the words told with it."""
        internal = (kind := self.types.get((fact.subject, fact.type))) is None or not kind.public
        lines = [
            self.words.say("story.to", who=self.words.person(fact.data[key]))
            for key in ("assignee", "team")
            if fact.data.get(key)
        ]
        lines += _texts(fact.data, "reason", "body", "note", "because")
        return {"label": self._label(fact), "body": "\n".join(lines), "internal": internal}

    def _paused(self, fact: Fact) -> dict[str, Any]:
        reason = self._reason(fact)
        lines = [self.words.say("story.until", at=self._when(fact.data["until"]))] if fact.data.get("until") else []
        return {
            "label": self.words.say("story.paused", reason=reason),
            "body": "\n".join([*lines, *_texts(fact.data, "note")]),
        }

    def _resumed(self, fact: Fact) -> dict[str, Any]:
        reason = self._reason(fact)
        return {"label": self.words.say("story.resumed", reason=reason), "body": "\n".join(_texts(fact.data, "note"))}

    def _expected(self, fact: Fact) -> dict[str, Any]:
        label = self.words.say("story.expected", at=self._when(fact.data["expected_at"]))
        return {"label": label, "body": fact.data.get("reason", "")}

    def _appointed(self, fact: Fact) -> dict[str, Any]:
        data = fact.data
        code = "story.appointed_remote" if data.get("mode") == "remote" else "story.appointed_onsite"
        end = f" – {self._when(data['until'])}" if data.get("until") else ""
        return {"label": self.words.say(code, at=f"{self._when(data['start'])}{end}"), "body": data.get("body", "")}

    def _escalated(self, fact: Fact) -> dict[str, Any]:
        data = fact.data
        metric = self.words.name("metric", data["metric"])
        return {
            "label": f"{self._label(fact)} · {metric} · {self.words.word('level', str(data.get('level', '')))}",
            "internal": True,
        }

    def _verdict(self, fact: Fact) -> dict[str, Any]:
        verdicts = [
            f"{self.words.name('metric', clock['metric'])} {self.words.word('state', clock['state'])}"
            for clock in fact.data.get("clocks", ())
        ]
        return {"label": self._label(fact), "body": " · ".join(verdicts), "internal": True, "tone": "quiet"}

    def _prioritised(self, fact: Fact) -> dict[str, Any]:
        label = self.words.say("story.priority", priority=fact.data.get("priority", ""))
        return {"label": label, "body": fact.data.get("reason", ""), "internal": True}

    def _voided(self, fact: Fact) -> dict[str, Any]:
        label = self.words.say("story.void", number=fact.data["sequence"])
        return {"label": label, "body": fact.data.get("reason", ""), "internal": True}


def _texts(data: Mapping[str, Any], *names: str) -> list[str]:
    """Those of the named words that were told."""
    return [str(data[name]) for name in names if data.get(name)]
