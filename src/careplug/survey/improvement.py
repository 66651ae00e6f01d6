"""Improvement: what is done about results, by whom, until when, and whether it helped (S14, chapter 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import attrs

from careplug.criteria import All, Is, Order, page_size
from careplug.errors import Invalid, NotFound, Refused
from careplug.refs import Ref, new_id
from careplug.survey import scoring
from careplug.survey.base import check_ref
from careplug.survey.counting import scale_of
from careplug.survey.entities import IMPROVEMENT_STATES, Improvement
from careplug.survey.facts import IMPROVEMENT
from careplug.survey.questions import Question
from careplug.survey.results import Reporting

__all__ = ["Effect", "Improving"]

_LONGEST = 20_000


@attrs.frozen(kw_only=True)
class Effect:
    """The score before and after, and what the difference says: ``better``, ``worse``, or ``unclear`` while the intervals
    overlap. Disjoint intervals are a strict test: what it calls better is better.
    """

    before: scoring.Score | None
    after: scoring.Score | None
    verdict: str


class Improving(Reporting):
    """Planning, carrying out, measuring."""

    def plan_improvement(
        self,
        title: str,
        *,
        form: str,
        question: str = "",
        plan: str = "",
        filters: Mapping[str, Any] | None = None,
        owner: Ref | None = None,
        due_on: date | None = None,
        days: int = 90,
    ) -> Improvement:
        """Plan something that is to raise a score, and keep the counts of the last ``days`` days as they are now.

        ``question`` is the one to be measured (empty: the form's first that has a measure, else its first scale), ``filters``
        narrow whose answers count. Needs ``survey.improve`` and ``survey.scores``.
        """
        self.unit.allow("survey.improve", form)
        asked, digest = self._measured(form, "", question)
        if type(days) is not int or not 1 <= days <= 3660:
            raise Invalid("survey.days", field="improvement.days", value=repr(days)[:60])
        now = self.unit.now()
        before = self.counts(form, asked, since=now - timedelta(days=days), until=now, filters=filters)
        blank = Improvement(id=new_id(), tenant=self.unit.tenant, title=title, form=form, planned_at=now)
        data = {
            "title": _words(title, "title", longest=200, needed=True),
            "plan": _words(plan, "plan"),
            "form": form,
            "digest": digest,
            "question": asked.key,
            "filters": {name: str(value) for name, value in sorted((filters or {}).items())},
            "owner": check_ref(owner, "improvement.owner") if owner is not None else None,
            "due_on": _day(due_on),
            "days": days,
            "before": _stored(before),
        }
        self.timeline.new(IMPROVEMENT, blank)
        self.timeline.append(IMPROVEMENT, blank.id, "planned", data)
        return self._improvement(blank.id)

    def change_improvement(
        self,
        ident: str,
        *,
        expected: int,
        title: str | None = None,
        plan: str | None = None,
        owner: Ref | None = None,
        due_on: date | None = None,
    ) -> Improvement:
        """Change what is planned: title, plan, who does it, until when; what is left out stays. Needs ``survey.improve``."""
        self._open(ident, expected)
        data: dict[str, Any] = {}
        if title is not None:
            data["title"] = _words(title, "title", longest=200, needed=True)
        if plan is not None:
            data["plan"] = _words(plan, "plan")
        if owner is not None:
            data["owner"] = check_ref(owner, "improvement.owner")
        if due_on is not None:
            data["due_on"] = _day(due_on)
        if data:
            self.timeline.append(IMPROVEMENT, ident, "changed", data)
        return self._improvement(ident)

    def improvement_done(self, ident: str, *, expected: int, result: str) -> Improvement:
        """It was carried out; ``result`` says how. From now on answers count as after it. Needs ``survey.improve``."""
        self._open(ident, expected)
        told = {"result": _words(result, "result", needed=True)}
        self.timeline.append(IMPROVEMENT, ident, "done", told)
        return self._improvement(ident)

    def drop_improvement(self, ident: str, *, expected: int, result: str) -> Improvement:
        """It is not carried out; ``result`` says why. Needs ``survey.improve``."""
        self._open(ident, expected)
        self.timeline.append(IMPROVEMENT, ident, "dropped", {"result": _words(result, "result", needed=True)})
        return self._improvement(ident)

    def measure_improvement(self, ident: str, *, expected: int) -> tuple[Improvement, Effect]:
        """Count the answers since it was done, at most ``days`` days of them, beside those before. Again counts anew.

        Needs ``survey.improve`` and ``survey.scores``.
        """
        held = self._held(ident, expected)
        if held.state not in ("done", "measured") or held.done_at is None:
            raise Refused("improvement.not_done", field="improvement.state.done", state=held.state)
        asked, _ = self._measured(held.form, held.digest, held.question)
        end = min(self.unit.now(), held.done_at + timedelta(days=held.days))
        after = self.counts(held.form, asked, since=held.done_at, until=end, filters=held.filters)
        self.timeline.append(IMPROVEMENT, ident, "measured", {"after": _stored(after)})
        made = self._improvement(ident)
        return made, self.effect(made)

    def effect(self, improvement: Improvement) -> Effect:
        """What the kept counts say, as scores with their intervals."""
        asked, _ = self._measured(improvement.form, improvement.digest, improvement.question)
        before, after = (scoring.score(asked, _read(asked, each)) for each in (improvement.before, improvement.after))
        return Effect(before=before, after=after, verdict=_verdict(before, after))

    def improvement(self, ident: str) -> Improvement:
        """One improvement; ``NotFound``. Needs ``survey.improvements``."""
        self.unit.flush()
        self.unit.allow("survey.improvements", ident)
        found = self.unit.store.get(Improvement, ident)
        if found is None:
            raise NotFound("improvement.missing", field="improvement.id", value=ident)
        return found

    def improvements(
        self,
        *,
        state: str = "",
        owner: Ref | None = None,
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Improvement]:
        """A page of improvements by due date; ``after`` is (due_on, id) of the last seen. Needs ``survey.improvements``."""
        self.unit.flush()
        self.unit.allow("survey.improvements")
        if state and state not in IMPROVEMENT_STATES:
            known = ", ".join(IMPROVEMENT_STATES)
            raise Invalid("improvement.state", field="improvement.state", value=state, known=known)
        wanted = {"state": state, "owner": owner}
        where = All(*(Is(name, "eq", value) for name, value in wanted.items() if value))
        size = page_size(limit, "improvement")
        return self.unit.store.find(Improvement, where, order=(Order("due_on"),), limit=size, after=after)

    def _held(self, ident: str, expected: int) -> Improvement:
        self.timeline.hold(IMPROVEMENT, Improvement, ident)
        self.unit.allow("survey.improve", ident)
        return self.timeline.hold(IMPROVEMENT, Improvement, ident, expected=expected)

    def _open(self, ident: str, expected: int) -> None:
        held = self._held(ident, expected)
        if held.state != "planned":
            raise Refused("improvement.over", field="improvement.state.over", state=held.state)

    def _improvement(self, ident: str) -> Improvement:
        return self.timeline.current(IMPROVEMENT, ident)  # type: ignore[no-any-return]

    def _measured(self, form: str, digest: str, key: str) -> tuple[Question, str]:
        """The question that is measured, with the revision of its form: the named one, or the first that has a measure, or
        a scale.
        """
        current, revision = self._revision(form, digest)
        able = [each for each in current.questions if scale_of(each) and (each.measure or each.scaled)]
        first = sorted(able, key=lambda each: not each.measure)
        found = next((each for each in first if not key or each.key == key), None)
        if found is None:
            known = ", ".join(each.key for each in able) or "–"
            raise Invalid("survey.no_measure", field="improvement.question", value=key or form, known=known)
        return found, revision


def _words(value: object, name: str, *, longest: int = _LONGEST, needed: bool = False) -> str:
    if not isinstance(value, str) or len(value) > longest or (needed and not value.strip()):
        raise Invalid("improvement.words", field=f"improvement.{name}", longest=longest)
    return value


def _day(value: date | None) -> date | None:
    if value is not None and type(value) is not date:
        raise Invalid("improvement.day", field="improvement.due_on", value=repr(value)[:60])
    return value


def _stored(counts: Mapping[int | str, int]) -> dict[str, int]:
    return {str(answer): count for answer, count in counts.items()}


def _read(question: Question, counts: Mapping[str, int]) -> dict[int | str, int]:
    return {int(answer) if question.scaled else answer: count for answer, count in counts.items()}


def _verdict(before: scoring.Score | None, after: scoring.Score | None) -> str:
    ends = [_interval(each) for each in (before, after)]
    if ends[0] is None or ends[1] is None:
        return "unclear"
    (low, high), (later_low, later_high) = ends[0], ends[1]
    return "better" if later_low > high else "worse" if later_high < low else "unclear"


def _interval(found: scoring.Score | None) -> tuple[Any, Any] | None:
    inner = found.mean if isinstance(found, scoring.Ces) else found
    if inner is None or inner.value is None or inner.low is None or inner.high is None:
        return None
    return inner.low, inner.high
