"""The steps of a case's life (S6): transitions, pauses, reopen, merge, override, voided facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careplug.clock import aware, to_text
from careplug.errors import Invalid, NotFound, Refused
from careplug.feedback.base import FEEDBACK, Base, check_ref, check_text
from careplug.feedback.entities import PARTIES, Feedback
from careplug.feedback.transitions import State, Transition, missing
from careplug.refs import Ref
from careplug.timeline.folding import fold

__all__ = ["Steps"]

_WORDS = ("reason", "note", "measure", "result", "cause")


class Steps(Base):
    """Moving a case along."""

    def step(
        self,
        ident: str,
        name: str,
        *,
        expected: int | None = None,
        at: datetime | None = None,
        because: str = "",
        assignee: Ref | None = None,
        team: Ref | None = None,
        into: str = "",
        **words: str,
    ) -> Feedback:
        """Take a transition. ``words`` are reason, note, measure, result, cause, as the transition demands.

        ``Refused`` from a state it does not start in or for a side that may not take it; ``Invalid`` names what is
        missing; ``Conflict`` where ``expected`` is no longer the version. Leaving the open states ends open pauses.
        """
        transition = self._transition(name)
        case = self._hold(ident, f"step.{name}", expected=expected)
        self._guard(transition, case)
        told = self._told(words) | {"assignee": check_ref(assignee, "assignee"), "team": check_ref(team, "team")}
        if into:
            told["into"] = self._target(case, into).id
        lacking = missing(transition, told, case)
        if lacking:
            raise Invalid("step.requires", field=f"step.{name}.{lacking[0]}", needs=", ".join(lacking))
        return self._go(case, transition, told, at=at, because=because)

    def _go(
        self, case: Feedback, transition: Transition, told: Mapping[str, Any], *, at: datetime | None, because: str
    ) -> Feedback:
        category = self._state(transition.target).category
        if category != "open":
            for pause in case.pauses:
                self._append(
                    case.id, "resumed", {"reason": pause.reason, "cause": transition.name}, at=at, because=because
                )
        data = {"from": case.state, "to": transition.target, "category": category, "step": transition.name, **told}
        data |= {"person": self.unit.actor.person, "side": self.unit.actor.side}
        self._append(case.id, transition.fact, data, at=at, because=because)
        if transition.fact == "merged":
            self._link_both(case.id, told["into"])
        return self._now(case.id)

    def _told(self, words: Mapping[str, str]) -> dict[str, Any]:
        unknown = set(words) - set(_WORDS)
        if unknown:
            raise Invalid("step.word", field=f"step.{min(unknown)}", known=", ".join(_WORDS))
        return {key: check_text(value, f"step.{key}") for key, value in words.items()}

    def _guard(self, transition: Transition, case: Feedback) -> None:
        if case.state not in transition.sources:
            able = ", ".join(item.name for item in self.possible(case))
            raise Refused("step.state", field=f"step.{transition.name}", state=case.state, possible=able or "–")
        if self.unit.actor.side not in transition.sides and self.unit.actor.side != "system":
            raise Refused("step.side", field=f"step.{transition.name}.side", side=self.unit.actor.side)
        if not self._writable(transition):
            raise Refused("step.departed", field=f"step.{transition.name}.fact", fact=transition.fact)

    def possible(self, case: Feedback) -> tuple[Transition, ...]:
        """The transitions that start in a case's state and are open to the actor's side, by name; those of plugins that
        left are no longer among them.
        """
        found = self.definitions.values("transition").values()
        side = self.unit.actor.side
        able = (item for item in found if case.state in item.sources and (side in item.sides or side == "system"))
        return tuple(sorted((item for item in able if self._writable(item)), key=lambda item: item.name))

    def _writable(self, transition: Transition) -> bool:
        """Whether somebody brings the fact that a transition writes: its plugin may have left."""
        return (FEEDBACK, transition.fact) in self.unit.setup.fact_types

    def override(self, ident: str, state: str, *, reason: str, expected: int | None = None) -> Feedback:
        """Put a case into any known state, by permission and with a reason; the way out for a state whose plugin left."""
        case = self._hold(ident, "override", expected=expected)
        category = self._state(state).category
        told = check_text(reason, "override.reason", required=True)
        data = {"from": case.state, "to": state, "category": category, "reason": told}
        self._append(ident, "overridden", data)
        return self._now(ident)

    def pause(
        self,
        ident: str,
        reason: str,
        *,
        party: str = "",
        note: str = "",
        until: datetime | None = None,
        at: datetime | None = None,
        because: str = "",
    ) -> Feedback:
        """Stop the clocks that listen to a reason, and record for whom the case waits (SLA 5).

        ``reason`` is a stored pause reason; ``party`` stands in for the one it names. A second pause with the same
        reason is ``Refused`` while the first is open; other reasons may be open at once.
        """
        case = self._hold(ident, "pause")
        known = self.definitions.values("pause_reason")
        if reason not in known:
            raise Invalid("pause.reason", field="pause.reason", value=reason, known=", ".join(sorted(known)))
        party = party or known[reason]["party"]
        if party not in PARTIES:
            raise Invalid("pause.party", field="pause.party", value=party, known=", ".join(PARTIES))
        if case.category != "open":
            raise Refused("pause.closed", field="pause", state=case.state)
        if any(pause.reason == reason for pause in case.pauses):
            raise Refused("pause.twice", field="pause.reason", value=reason)
        end = aware(until, "pause.until") if until is not None else None
        data = {"reason": reason, "party": party, "note": check_text(note, "pause.note"), "until": end}
        self._append(ident, "paused", data, at=at, because=because)
        return self._now(ident)

    def resume(
        self, ident: str, reason: str, *, note: str = "", at: datetime | None = None, because: str = ""
    ) -> Feedback:
        """End the open pause with this reason."""
        case = self._hold(ident, "pause")
        if not any(pause.reason == reason for pause in case.pauses):
            opened = ", ".join(pause.reason for pause in case.pauses) or "–"
            raise Refused("pause.none", field="resume.reason", value=reason, open=opened)
        data = {"reason": reason, "note": check_text(note, "resume.note")}
        self._append(ident, "resumed", data, at=at, because=because)
        return self._now(ident)

    def void(self, ident: str, sequence: int, *, reason: str) -> Feedback:
        """Cancel an earlier fact: folds and clocks skip it, the record keeps it.

        Final facts (submitted, verdict …) and facts that are voided already are ``Refused``.
        """
        self._hold(ident, "void")
        told = check_text(reason, "void.reason", required=True)
        facts = self.timeline.facts(FEEDBACK, ident)
        fact = next((item for item in facts if item.sequence == sequence), None)
        if fact is None:
            raise NotFound("fact.missing", field="void.sequence", value=sequence)
        kind = self.unit.setup.fact_types.get((FEEDBACK, fact.type))
        if kind is None or kind.final:
            raise Refused("void.final", field="void.sequence", value=sequence, type=fact.type)
        if any(item.type == "voided" and item.data["sequence"] == sequence for item in facts):
            raise Refused("void.twice", field="void.sequence.again", value=sequence)
        data = {"sequence": sequence, "type": fact.type, "reason": told}
        self._append_folded(ident, "voided", data)
        self.timeline.hush(fact)
        return self._now(ident)

    def _append_folded(self, ident: str, kind: str, data: Mapping[str, Any]) -> None:
        """Append a fact that changes what earlier ones say: the handlers see the case folded anew."""
        before = self._now(ident)
        fact = self.timeline.append(FEEDBACK, ident, kind, data, quiet=True)
        self.unit.dispatch(fact, before, self.refold(ident))

    def refold(self, ident: str) -> Feedback:
        """Fold a held case from nothing and put it in place of the held one."""
        held = self._now(ident)
        facts = self.timeline.facts(FEEDBACK, ident)
        blank = Feedback(
            id=ident, tenant=held.tenant, number=held.number, kind=held.kind, state="", received_at=held.received_at
        )
        folded = fold(facts, self.unit.setup.fact_types, blank)
        self.timeline.replace(FEEDBACK, ident, folded)
        return folded

    def link(self, ident: str, other: str, relation: str = "related") -> Feedback:
        """Link two cases, seen from both."""
        self._hold(ident, "link")
        self._hold(other, "link")
        if ident == other:
            raise Invalid("link.self", field="link.other", value=ident)
        name = check_text(relation, "link.relation", required=True, longest=40)
        self._append(ident, "linked", {"relation": name, "other": other})
        self._append(other, "linked", {"relation": name, "other": ident})
        return self._now(ident)

    def _link_both(self, ident: str, into: str) -> None:
        self._append(ident, "linked", {"relation": "merged_into", "other": into})
        self._append(into, "linked", {"relation": "merged_from", "other": ident})

    def _target(self, case: Feedback, into: str) -> Feedback:
        if into == case.id:
            raise Invalid("merge.self", field="merge.into", value=case.number)
        other = self._hold(into, "link")
        if other.state == "merged":
            raise Refused("merge.merged", field="merge.into", value=other.number)
        return other

    def _transition(self, name: str) -> Transition:
        found = self.definitions.values("transition")
        if name not in found:
            raise Invalid("step.unknown", field="step.name", value=name, known=", ".join(sorted(found)))
        return found[name]  # type: ignore[no-any-return]

    def _state(self, name: str) -> State:
        found = self.definitions.values("state")
        if name not in found:
            raise Invalid("state.unknown", field="state", value=name, known=", ".join(sorted(found)))
        return found[name]  # type: ignore[no-any-return]

    def assign(self, ident: str, *, assignee: Ref | None = None, team: Ref | None = None) -> Feedback:
        """Give a case to a person, a team, or both, without a step."""
        self._hold(ident, "assign")
        if assignee is None and team is None:
            raise Invalid("assign.nobody", field="assignee")
        data = {"assignee": check_ref(assignee, "assign.assignee"), "team": check_ref(team, "assign.team")}
        self._append(ident, "assigned", data)
        return self._now(ident)

    def expect(self, ident: str, expected_at: datetime, *, reason: str) -> Feedback:
        """Tell why a case cannot be solved at once and when it will be (S10)."""
        self._hold(ident, "expect")
        moment = aware(expected_at, "expected_at")
        if moment <= self.unit.now():
            raise Invalid("expect.past", field="expected_at.past", value=to_text(moment))
        told = check_text(reason, "expect.reason", required=True)
        self._append(ident, "expected", {"expected_at": moment, "reason": told})
        return self._now(ident)
