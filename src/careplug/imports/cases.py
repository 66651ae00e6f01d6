"""Rows as facts: every row appends what it says happened, at its own time, with origin ``import``.

Guards are evaluated and what they would have refused is noted on the fact (``violations``): history is not enforced,
and no words are invented to please a guard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careplug.clock import to_text
from careplug.definitions import Definitions
from careplug.feedback.base import FEEDBACK
from careplug.feedback.entities import Feedback
from careplug.feedback.fold import told
from careplug.feedback.priority import Matrix
from careplug.feedback.transitions import Transition, missing
from careplug.imports.map import Act, ImportMap
from careplug.imports.rows import Row
from careplug.ports import Unit
from careplug.refs import new_id
from careplug.timeline.story import FUTURE_SLACK, Timeline

__all__ = ["Writer"]

_AT_INTAKE = ("assignee", "team")
_NOT_EDITED = ("impact", "urgency", "body", *_AT_INTAKE)
_ALWAYS_TOLD = ("reason", "note")


class Writer:
    """Appends the facts of a batch. Lives as long as its unit; ``counts`` are the batch's."""

    def __init__(self, unit: Unit, found: ImportMap, counts: Counter[str]) -> None:
        self.unit = unit
        self.map = found
        self.counts = counts
        self.timeline = unit.get(Timeline)
        definitions = unit.get(Definitions)
        self._matrix: Matrix = definitions.value("matrix", "priority")
        self._states: Mapping[str, Any] = definitions.values("state")
        self._reasons: Mapping[str, Any] = definitions.values("pause_reason")
        self._steps: dict[str, list[Transition]] = {}
        for transition in definitions.values("transition").values():
            self._steps.setdefault(transition.target, []).append(transition)
        self._own_pauses = {act.pause for act in found.states.values() if act.pause}
        self._latest = unit.now() + FUTURE_SLACK
        self._erased: dict[str, frozenset[str] | None] = {}

    # -- whole rows --

    def begin(self, row: Row) -> str:
        """Take a new case in; its id."""
        received = row.received or row.at or self.unit.now()
        ident = new_id()
        number = f"{self.unit.setup.number_prefix}-{received.year}-{self.unit.store.next_number():06d}"
        data = {**self.map.defaults, **row.values, "number": number, "source": self.map.name}
        data |= {"state": "received", "category": "open", "priority": self._priority(row, data)}
        later = {key: data.pop(key) for key in _AT_INTAKE if key in data}
        draft = Feedback(
            id=ident, tenant=self.unit.tenant, number=number, kind=data["kind"], state="received", received_at=received
        )
        self.timeline.new(FEEDBACK, draft)
        self._append(ident, "submitted", data | self._custom(row.custom), received)
        if later:
            self._append(ident, "assigned", later, row.at or received)
        self.counts["cases"] += 1
        return ident

    def update(self, ident: str, row: Row, *, first: bool, changed: bool) -> None:
        """Apply one row of an event log: changed fields, then what happened. ``changed``: the state column did."""
        at = row.at or self.unit.now()
        self._order(ident, row, at)
        if not first:
            self._changed_fields(ident, row, at)
        if row.activity != Act():
            self._activity(ident, row, at)
        if changed:
            self._enter(ident, row.state, row, at, alone=True)
        self._warn(ident, row, at)

    def steps(self, ident: str, row: Row, *, fresh: bool) -> None:
        """Apply the steps of a case list: those the case has not had. ``fresh``: the case began with this row."""
        had = {(fact.at, fact.data.get("to")) for fact in self.timeline.bare_facts(FEEDBACK, ident)}
        received = self._case(ident).received_at
        for at, state in row.steps:
            if (at, state) in had:
                continue
            if at < received:
                row.warnings.append(("before_received", f"{state} {to_text(at)}"))
            self._soon(row, at)
            self._enter(ident, Act(state=state), row, at)
        if not row.steps and (row.state.pause or row.state.state):
            at = received if fresh and self.map.log.unknown_time == "received" else self.unit.now()
            self._enter(ident, row.state, row, at, alone=True, assumed=True)
        self._warn(ident, row, received)

    def renew(self, ident: str, row: Row) -> None:
        """Apply a row of a case list to a case that was imported from an earlier one."""
        self._changed_fields(ident, row, self.unit.now())
        self.steps(ident, row, fresh=False)

    # -- fields --

    def _priority(self, row: Row, data: Mapping[str, Any]) -> int:
        found = self._matrix.priority(data["impact"], data["urgency"])
        if row.priority is not None:
            same = row.priority == found
            self.counts["priority_same" if same else "priority_different"] += 1
            if not same:
                row.warnings.append(("priority", f"{row.priority} ≠ {found}"))
        return found

    def _custom(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if not values:
            return {}
        fields = self.map.custom
        kept = {name: value for name, value in values.items() if not fields[name].spec.personal}
        beside = {name: value for name, value in values.items() if fields[name].spec.personal}
        return ({"custom": told(kept)} if kept else {}) | ({"custom_personal": told(beside)} if beside else {})

    def _changed_fields(self, ident: str, row: Row, at: datetime) -> None:
        case = self._case(ident)
        levels = {key: row.values.get(key, getattr(case, key)) for key in ("impact", "urgency")}
        priority = self._priority(row, levels)
        if (levels["impact"], levels["urgency"]) != (case.impact, case.urgency):
            self.counts["priority_changes"] += priority != case.priority
            self._append(ident, "prioritised", {**levels, "priority": priority, "was": case.priority}, at)
        who = {key: row.values[key] for key in _AT_INTAKE if self._differs(case, row, key)}
        if who:
            self._append(ident, "assigned", who, at)
        edits = {key: row.values[key] for key in row.values if key not in _NOT_EDITED and self._differs(case, row, key)}
        custom = {key: value for key, value in row.custom.items() if case.custom.get(key) != value}
        if edits or custom:
            self._append(ident, "edited", edits | self._custom(custom), at)

    def _differs(self, case: Feedback, row: Row, key: str) -> bool:
        if key not in row.values:
            return False
        held = getattr(case, key)
        return ("" if held is None else str(held)) != str(row.values[key])

    # -- what happened --

    def _activity(self, ident: str, row: Row, at: datetime) -> None:
        act = row.activity
        if act.fact:
            body = {"body": row.values["body"]} if "body" in row.values else {}
            self._append(ident, act.fact, body | dict(act.data), at)
        if act.resume:
            self._resume(ident, at, {act.resume}, "")
        if act.state or act.pause:
            self._enter(ident, act, row, at)

    def _enter(
        self, ident: str, act: Act, row: Row, at: datetime, *, alone: bool = False, assumed: bool = False
    ) -> None:
        """Bring a case into a state and a pause. ``alone``: no other pause that comes of a state stays open."""
        case = self._case(ident)
        opens = not act.state or self._category(act.state) == "open"
        if case.category != "open" and opens:
            self._step(ident, "reopened", "handling", row, at, assumed=assumed)
            case = self._case(ident)
        target = act.state or case.state
        if not opens:
            self._resume(ident, at, {pause.reason for pause in case.pauses}, self._named(case.state, target))
        elif alone:
            self._resume(ident, at, self._own_pauses - {act.pause}, "")
        if target != case.state and not (target == "received" and case.cycle > 1):
            self._step(ident, "", target, row, at, assumed=assumed)
        if act.pause and not any(pause.reason == act.pause for pause in self._case(ident).pauses):
            party = act.party or self._reasons[act.pause]["party"]
            self._append(ident, "paused", {"reason": act.pause, "party": party}, at)

    def _resume(self, ident: str, at: datetime, reasons: set[str], cause: str) -> None:
        for pause in self._case(ident).pauses:
            if pause.reason in reasons:
                data = {"reason": pause.reason} | ({"cause": cause} if cause else {})
                self._append(ident, "resumed", data, at)

    def _step(self, ident: str, fact: str, target: str, row: Row, at: datetime, *, assumed: bool) -> None:
        case = self._case(ident)
        step = self._transition(case.state, target, fact)
        category = self._category(target)
        words = {key: value for key, value in row.told.items() if category != "open" or key in _ALWAYS_TOLD}
        data: dict[str, Any] = {"from": case.state, "to": target, "category": category, **words}
        broken = ["time.assumed"] if assumed else []
        if step is None:
            broken.append(f"step.unknown:{case.state}→{target}")
        else:
            data["step"] = step.name
            broken += [] if case.state in step.sources else [f"step.state:{case.state}→{target}"]
            broken += [f"step.requires:{key}" for key in missing(step, words, case)]
        if broken:
            data["violations"] = broken
            self.counts.update(f"violation:{code}" for code in broken)
        data |= {"person": True, "side": "service"}
        made = fact or (step.fact if step is not None else "overridden")
        self._append(ident, made, data, at)

    def _named(self, state: str, target: str) -> str:
        step = self._transition(state, target, "")
        return step.name if step is not None else target

    def _transition(self, state: str, target: str, fact: str) -> Transition | None:
        """The step that leads there: one that starts in the state, else any; reopening is never taken by chance."""
        able = [step for step in self._steps.get(target, ()) if (step.fact == "reopened") == (fact == "reopened")]
        return next((step for step in able if state in step.sources), able[0] if able else None)

    def _category(self, state: str) -> str:
        return str(self._states[state].category)

    # -- oddities --

    def _order(self, ident: str, row: Row, at: datetime) -> None:
        case = self._case(ident)
        if at < case.received_at:
            row.warnings.append(("before_received", to_text(at)))
        elif case.last_at is not None and at < case.last_at:
            row.warnings.append(("out_of_order", f"{to_text(at)} < {to_text(case.last_at)}"))
        self._soon(row, at)

    def _soon(self, row: Row, at: datetime) -> None:
        if at > self._latest:
            row.warnings.append(("future", to_text(at)))

    def _warn(self, ident: str, row: Row, at: datetime) -> None:
        if row.warnings:
            flags = sorted({code for code, _ in row.warnings})
            detail = "; ".join(f"{code}: {said}" for code, said in row.warnings)
            self._append(ident, "warned", {"flags": flags, "row": row.number, "detail": detail}, at)

    def _case(self, ident: str) -> Feedback:
        return self.timeline.current(FEEDBACK, ident)  # type: ignore[no-any-return]

    def _append(self, ident: str, kind: str, data: Mapping[str, Any], at: datetime) -> None:
        gone = self._gone(ident, kind)
        if gone:
            data = {key: value for key, value in data.items() if key not in gone}
            if not data and kind == "edited":
                return
        self.timeline.append(FEEDBACK, ident, kind, data, at=at, origin="import")
        self.counts["facts"] += 1
        self.counts[f"fact:{kind}"] += 1

    def _gone(self, ident: str, kind: str) -> frozenset[str]:
        """The data keys that must not come back: the personal ones that were erased of this case."""
        if ident not in self._erased:
            told = [fact for fact in self.timeline.bare_facts(FEEDBACK, ident) if fact.type == "erased"]
            whole = any("fields" not in fact.data for fact in told)
            self._erased[ident] = None if whole else frozenset(key for fact in told for key in fact.data["fields"])
        erased = self._erased[ident]
        personal = self.unit.setup.fact_types[FEEDBACK, kind].personal
        return frozenset(personal) if erased is None else erased & frozenset(personal)
