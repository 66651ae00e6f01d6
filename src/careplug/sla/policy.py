"""Policies as data: for which cases, which targets, what pauses them, who is told before they break. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from careplug import criteria
from careplug.errors import Invalid
from careplug.sla import target as targets

__all__ = ["CHANGES", "REOPENS", "Candidate", "Level", "Policy", "Rule", "choose"]

REOPENS = ("continue", "restart", "new", "none")
"""What a reopening does to a stopped clock (SLA 6)."""

CHANGES = ("keep", "restart", "from_now")
"""What a change of priority, policy or calendar does to a running clock (SLA 7): ``keep`` measures it from its
start under the new rule; ``from_now`` leaves what was counted under the old one and counts the rest under the
new; ``restart`` begins the next generation with the full amount.
"""

_ACTIONS = ("tell", "close")


@attrs.frozen(kw_only=True)
class Level:
    """An escalation level: when it fires, who is told.

    Exactly one of ``share`` (per cent of the target), ``before`` and ``after`` (spans around the due time, counted as
    the target counts, or by ``calendar``) says when. ``action`` "close" closes a resolved case instead of telling.
    """

    name: str
    share: int | None = None
    before: timedelta | None = None
    after: timedelta | None = None
    to: tuple[str, ...] = ()
    action: str = "tell"
    calendar: str = ""


@attrs.frozen(kw_only=True)
class Rule:
    """One target of a policy: for which kinds and priorities (none named: all), what stops it."""

    metric: str
    target: targets.Target
    kinds: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    calendar: str = ""
    pauses: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    reopen: str = "continue"
    on_change: str = "keep"

    def fits(self, kind: str, priority: int) -> bool:
        """Whether the rule speaks about a kind at a priority."""
        return (not self.kinds or kind in self.kinds) and (not self.priorities or priority in self.priorities)

    def stopped_by(self, reason: str) -> bool:
        """Whether a pause with this reason stops the target."""
        return reason in self.pauses or "*" in self.pauses


@attrs.frozen(kw_only=True)
class Policy:
    """A service level agreement: the first stored one that matches, by rank then name, gives a metric its rule."""

    name: str
    rank: int = 100
    when: criteria.Criteria | None = None
    calendar: str
    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, name: str, data: Mapping[str, Any]) -> Policy:
        """Read a stored policy; ``Invalid`` names the key that is wrong and what it may be."""
        place = f"policy.{name}"
        _known(data, ("rank", "when", "calendar", "targets"), place)
        rank = data.get("rank", 100)
        if type(rank) is not int:
            raise Invalid("definition.int", field=f"{place}.rank", value=repr(rank))
        calendar = _text(data.get("calendar"), f"{place}.calendar")
        rules = data.get("targets")
        if not isinstance(rules, list) or not rules:
            raise Invalid("policy.targets", field=f"{place}.targets")
        when = criteria.from_data(data["when"], f"{place}.when") if data.get("when") else None
        parsed = tuple(_rule(item, f"{place}.targets[{number}]") for number, item in enumerate(rules))
        return cls(name=name, rank=rank, when=when, calendar=calendar, rules=parsed)

    def rule_for(self, metric: str, kind: str, priority: int) -> int | None:
        """The index of the first rule of a metric that fits."""
        for number, rule in enumerate(self.rules):
            if rule.metric == metric and rule.fits(kind, priority):
                return number
        return None

    def metrics(self) -> frozenset[str]:
        """The metrics this policy has targets for."""
        return frozenset(rule.metric for rule in self.rules)


@attrs.frozen(kw_only=True)
class Candidate:
    """A policy that wants to apply, from whom, and why. ``digest`` names its stored revision.

    ``offered`` ones come from a plugin (a contract) and go before the stored policies.
    """

    policy: Policy
    digest: str
    source: str = ""
    reason: str = ""
    offered: bool = False


def choose(
    metric: str, candidates: Sequence[tuple[Candidate, int]], due: Callable[[Candidate, int], Any]
) -> tuple[tuple[Candidate, int] | None, list[tuple[Candidate, int]]]:
    """The candidate whose rule a metric gets, and the losers (SLA 3).

    Among offered ones the earliest due wins, ties by rank, then name; without any, the first stored one by
    rank, then name. ``due`` gives the due time of a candidate's rule.
    """

    def rank(item: tuple[Candidate, int]) -> tuple[int, str]:
        """Rank, then name: no two candidates tie."""
        return item[0].policy.rank, item[0].policy.name

    offered = [item for item in candidates if item[0].offered]
    if offered:
        order = sorted(offered, key=lambda item: (due(*item), *rank(item)))
    else:
        order = sorted(candidates, key=rank)
    if not order:
        return None, []
    winner = order[0]
    return winner, [item for item in candidates if item is not winner]


_RULE_KEYS = (
    "metric",
    "target",
    "kinds",
    "priorities",
    "calendar",
    "pauses",
    "levels",
    "reopen",
    "on_change",
)


def _rule(data: object, place: str) -> Rule:
    if not isinstance(data, Mapping):
        raise Invalid("policy.target", field=place, value=repr(data)[:60])
    _known(data, _RULE_KEYS, place)
    priorities = _list(data, "priorities", place)
    for number, item in enumerate(priorities):
        if type(item) is not int or not 1 <= item <= 4:
            raise Invalid("policy.priority", field=f"{place}.priorities[{number}]", value=repr(item)[:60])
    levels = tuple(
        _level(item, f"{place}.levels[{number}]") for number, item in enumerate(_list(data, "levels", place))
    )
    return Rule(
        metric=_text(data.get("metric"), f"{place}.metric"),
        target=targets.from_data(data.get("target", {}), f"{place}.target"),
        kinds=_texts(data, "kinds", place),
        priorities=tuple(priorities),
        calendar=_text(data.get("calendar", ""), f"{place}.calendar", empty=True),
        pauses=_texts(data, "pauses", place),
        levels=levels,
        reopen=_choice(data.get("reopen", "continue"), REOPENS, f"{place}.reopen"),
        on_change=_choice(data.get("on_change", "keep"), CHANGES, f"{place}.on_change"),
    )


def _level(data: object, place: str) -> Level:
    if not isinstance(data, Mapping):
        raise Invalid("policy.level", field=place, value=repr(data)[:60])
    _known(data, ("name", "share", "before", "after", "to", "action", "calendar"), place)
    times = [key for key in ("share", "before", "after") if key in data]
    if len(times) != 1:
        raise Invalid("policy.level_time", field=f"{place}.time", value=", ".join(times))
    value = data[times[0]]
    if type(value) is not int or value < 0 or (times[0] == "share" and not 1 <= value <= 100):
        raise Invalid("policy.level_value", field=f"{place}.{times[0]}", value=repr(value))
    when: dict[str, Any] = {times[0]: value if times[0] == "share" else timedelta(seconds=value)}
    return Level(
        name=_text(data.get("name"), f"{place}.name"),
        to=_texts(data, "to", place),
        action=_choice(data.get("action", "tell"), _ACTIONS, f"{place}.action"),
        calendar=_text(data.get("calendar", ""), f"{place}.calendar", empty=True),
        **when,
    )


def _known(data: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    unknown = set(data) - set(known)
    if unknown:
        raise Invalid("definition.keys", field=f"{place}.{min(unknown)}", known=", ".join(known))


def _text(value: object, field: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty):
        raise Invalid("definition.text", field=field, value=repr(value)[:60])
    return value


def _choice(value: object, known: Sequence[str], field: str) -> str:
    if value not in known:
        raise Invalid("definition.choice", field=field, value=repr(value)[:60], known=", ".join(known))
    return str(value)


def _texts(data: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{place}.{key}[{number}]") for number, item in enumerate(_list(data, key, place)))


def _list(data: Mapping[str, Any], key: str, place: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise Invalid("definition.list", field=f"{place}.{key}", value=repr(value)[:60])
    return value
