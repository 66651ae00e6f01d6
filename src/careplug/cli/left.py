"""What the doctor finds of plugins that are gone: their tables, and definitions, messages and tasks that wait for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from careplug.cli.session import Session
from careplug.criteria import Is
from careplug.feedback.entities import Feedback
from careplug.messages.entities import Message
from careplug.ports import Measure, Recording
from careplug.tasks import Task
from careplug.timeline.facts import FactRow
from careplug.unit import CareUnit

__all__ = ["Trace", "traces"]

Trace = tuple[str, Mapping[str, Any]]
"""The code of a finding below ``cli.doctor.found`` and the values of its sentence."""

_COUNT = (Measure("count"),)


def traces(session: Session) -> list[Trace]:
    """Everything that a plugin left which is not here."""
    with session.read() as unit:
        return [trace for look in _LOOKS for trace in look(session, unit)]


def _tables(session: Session, unit: CareUnit) -> Iterator[Trace]:
    storage = session.care.storage
    if not isinstance(storage, Recording):
        return
    for plugin, entities in sorted(storage.recorded().items()):
        gone = sorted(set(entities) - set(unit.setup.entities))
        if gone:
            yield "table", {"from": plugin, "entities": ", ".join(gone)}


def _states(session: Session, unit: CareUnit) -> Iterator[Trace]:
    states = unit.definitions.active("state")
    for group in unit.store.tally(Feedback, by=("state",), measures=_COUNT):
        if group.key[0] not in states:
            yield "state", {"state": group.key[0], "count": group.values[0]}


def _facts(session: Session, unit: CareUnit) -> Iterator[Trace]:
    for group in unit.store.tally(FactRow, by=("subject", "type"), measures=_COUNT):
        if tuple(group.key) not in unit.setup.fact_types:
            yield "fact", {"fact": group.key[1], "subject": group.key[0], "count": group.values[0]}


def _transitions(session: Session, unit: CareUnit) -> Iterator[Trace]:
    for name, transition in sorted(unit.definitions.values("transition").items()):
        if ("feedback", transition.fact) not in unit.setup.fact_types:
            yield "transition", {"transition": name, "fact": transition.fact}


def _metrics(session: Session, unit: CareUnit) -> Iterator[Trace]:
    known = {name for subject, name in unit.setup.fact_types if subject in ("feedback", "*")}
    for name, metric in sorted(unit.definitions.values("metric").items()):
        unknown = sorted(metric.facts() - known)
        if unknown:
            yield "metric", {"metric": name, "facts": ", ".join(unknown)}


def _subscriptions(session: Session, unit: CareUnit) -> Iterator[Trace]:
    known = _channels(session)
    for name, found in sorted(unit.definitions.values("subscription").items()):
        if found.active and found.channel not in known:
            yield "subscription", {"subscription": name, "channel": found.channel}


def _backlog(session: Session, unit: CareUnit) -> Iterator[Trace]:
    known = _channels(session)
    for group in unit.store.tally(Message, Is("state", "eq", "pending"), by=("channel",), measures=_COUNT):
        if group.key[0] not in known:
            yield "backlog", {"channel": group.key[0], "count": group.values[0]}


def _tasks(session: Session, unit: CareUnit) -> Iterator[Trace]:
    known = {handler.name for handler in session.care.plugins.contributions.handlers if handler.durable}
    for group in unit.store.tally(Task, Is("state", "eq", "pending"), by=("handler",), measures=_COUNT):
        if group.key[0] not in known:
            yield "task", {"handler": group.key[0], "count": group.values[0]}


def _channels(session: Session) -> set[str]:
    return {channel.name for channel in session.care.plugins.contributions.channels}


_LOOKS: tuple[Callable[[Session, CareUnit], Iterator[Trace]], ...] = (
    _tables,
    _states,
    _facts,
    _transitions,
    _metrics,
    _subscriptions,
    _backlog,
    _tasks,
)
