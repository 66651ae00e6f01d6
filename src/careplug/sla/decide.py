"""Deciding which rule each metric gets, and writing the decision as a fact (SLA 3, SLA 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.criteria import matches, parts
from careplug.definitions import Definition, Definitions
from careplug.errors import NotFound
from careplug.sla import measure
from careplug.sla.calendar import WorkCalendar
from careplug.sla.metric import Metric
from careplug.sla.policy import Candidate, Policy, choose
from careplug.sla.runs import DECIDED, Choice, Event

__all__ = ["DefinitionBook", "Offer", "decision", "field_of", "last_choices", "last_set"]


@attrs.frozen
class DefinitionBook:
    """The pinned revisions of a unit; ``extra`` are revisions that are not stored (previews, replays).

    ``choices`` remembers what decision facts resolve to: revisions never change.
    """

    definitions: Definitions
    extra: Mapping[tuple[str, str], Any] = attrs.field(factory=dict)
    choices: dict[tuple[Any, ...], Choice] = attrs.field(factory=dict)

    def choice(self, data: Mapping[str, Any]) -> Choice:
        """One metric's part of a decision fact, resolved."""
        if "losers" in data or "source" in data:
            return Choice.read(data, self)
        key = (data["policy"], data["rule"], data["calendar"], data["metric"], data.get("mode"))
        found = self.choices.get(key)
        if found is None:
            found = self.choices[key] = Choice.read(data, self)
        return found

    def policy(self, digest: str) -> Policy:
        """A policy revision."""
        return self._value("policy", digest)  # type: ignore[no-any-return]

    def calendar(self, digest: str) -> WorkCalendar:
        """A calendar revision."""
        return self._value("calendar", digest)  # type: ignore[no-any-return]

    def metric(self, digest: str) -> Metric:
        """A metric revision."""
        return self._value("metric", digest)  # type: ignore[no-any-return]

    def _value(self, kind: str, digest: str) -> Any:
        found = self.extra.get((kind, digest))
        return found if found is not None else self.definitions.pinned(kind, digest)


@attrs.frozen
class Offer:
    """What a decision chooses from: stored policies, metrics and calendars by name."""

    policies: tuple[Candidate, ...]
    metrics: Mapping[str, str]
    calendars: Mapping[str, tuple[str, WorkCalendar]]

    @classmethod
    def stored(cls, definitions: Definitions) -> Offer:
        """The active revisions of a tenant."""

        def value(item: Definition) -> Any:
            """A definition as its value, parsed once a digest."""
            return definitions.cache.parsed(item)

        policies = definitions.active("policy").values()
        return cls(
            tuple(Candidate(policy=value(item), digest=item.digest, source=item.source) for item in policies),
            {name: item.digest for name, item in definitions.active("metric").items()},
            {name: (item.digest, value(item)) for name, item in definitions.active("calendar").items()},
        )

    def within(self, names: Collection[str]) -> Offer:
        """The same, of these policies only."""
        return attrs.evolve(self, policies=tuple(item for item in self.policies if item.policy.name in names))

    def fields(self) -> tuple[str, ...]:
        """The case's fields that stored policies ask about."""
        asked = {part.field for item in self.policies for part in parts(item.policy.when)}
        return tuple(sorted(asked | {"kind", "priority"}))


def field_of(feedback: object, name: str) -> Any:
    """A field of a case as conditions see it: references as ``kind:id``, custom fields by ``custom.name``."""
    if name.startswith("custom."):
        return getattr(feedback, "custom", {}).get(name[7:])
    value = getattr(feedback, name, None)
    return value if value is None or isinstance(value, str | int | bool | datetime) else str(value)


def decision(feedback: Any, offer: Offer, offered: Sequence[Candidate], at: datetime) -> dict[str, dict[str, Any]]:
    """For each metric that gets a rule: the digests that pin it, who offered it, and the losers."""

    def get(name: str) -> Any:
        """The case's field, for conditions."""
        return field_of(feedback, name)

    wanted = [item for item in (*offer.policies, *offered) if matches(item.policy.when, get)]
    found: dict[str, dict[str, Any]] = {}
    for metric, digest in sorted(offer.metrics.items()):
        rules = [(item, item.policy.rule_for(metric, feedback.kind, feedback.priority)) for item in wanted]
        able = [(item, index) for item, index in rules if index is not None]
        winner, losers = choose(metric, able, lambda item, index: _due(offer, item, index, at))
        if winner is not None:
            found[metric] = _entry(offer, winner, losers, digest)
    return found


def _calendar(offer: Offer, item: Candidate, index: int) -> tuple[str, WorkCalendar]:
    name = item.policy.rules[index].calendar or item.policy.calendar
    found = offer.calendars.get(name)
    if found is None:
        place = f"policy.{item.policy.name}.calendar"
        raise NotFound("policy.calendar", field=place, value=name, known=", ".join(sorted(offer.calendars)))
    return found


def _due(offer: Offer, item: Candidate, index: int, at: datetime) -> datetime:
    due = measure.due(_calendar(offer, item, index)[1], at, item.policy.rules[index].target)
    return due if due is not None else at


def _entry(
    offer: Offer, winner: tuple[Candidate, int], losers: Sequence[tuple[Candidate, int]], metric: str
) -> dict[str, Any]:
    item, index = winner
    entry: dict[str, Any] = {
        "policy": item.digest,
        "rule": index,
        "calendar": _calendar(offer, item, index)[0],
        "metric": metric,
    }
    if item.offered:
        entry |= {"source": item.source, "reason": item.reason}
    if losers:
        entry["losers"] = [
            {"policy": other.policy.name, "digest": other.digest, "rule": number} for other, number in losers
        ]
    return entry


def last_choices(events: Sequence[Event]) -> dict[str, Mapping[str, Any]]:
    """The decision in force for each metric at the end of a timeline."""
    found: dict[str, Mapping[str, Any]] = {}
    for event in sorted((event for event in events if event.type == DECIDED), key=lambda event: event.sequence):
        for name in event.data.get("dropped", ()):
            found.pop(name, None)
        found.update(event.data["metrics"])
    return found


def last_set(events: Sequence[Event]) -> str | None:
    """The digest of the policy set that a case's decisions are bound to; None where every stored policy may apply."""
    found = [event for event in events if event.type == DECIDED and "set" in event.data]
    return str(max(found, key=lambda event: event.sequence).data["set"]) if found else None


def differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two entries pin different rules."""
    return any(old.get(key) != new.get(key) for key in ("policy", "rule", "calendar", "metric"))
