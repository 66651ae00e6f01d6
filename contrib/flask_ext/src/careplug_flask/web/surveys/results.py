"""Results for managers: what the answers to a form add up to, with intervals, over time and by group (S7, S14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from flask import Response, request, url_for

from careplug.errors import Invalid
from careplug.refs import Ref
from careplug.survey.entities import GROUPS
from careplug.survey.results import PERIODS
from careplug.survey.scoring import Nps
from careplug_flask import work
from careplug_flask.errors import error
from careplug_flask.identity import visitor
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.desk import insist
from careplug_flask.web.forms import Form as Typed
from careplug_flask.web.surveys import figures
from careplug_flask.web.surveys.answers import lines
from careplug_flask.web.surveys.responses import row_of, titles
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.survey.entities import Response as Answered
    from careplug.survey.results import GroupResult, Results
    from careplug.unit import CareUnit

__all__ = ["Asked", "asked", "overview", "page"]

_RIGHT = "survey.scores.own"
_SHOWN = 10
"""How many comments and low responses the page shows at once."""

_FILTERS = ("since", "until", "by")


@attrs.frozen(kw_only=True)
class Asked:
    """Which answers, and how they are grouped; the days as they were typed."""

    since: datetime | None
    until: datetime | None
    by: str
    typed: Typed

    @property
    def period(self) -> dict[str, datetime | None]:
        """The half-open period: the last day is in it."""
        return {"since": self.since, "until": self.until}


def asked(form: Typed) -> Asked:
    """What the page was asked for: days on the reader's clock, both in the period."""
    until = _day(form, "until")
    return Asked(
        since=_moment(_day(form, "since")),
        until=_moment(until + timedelta(days=1) if until is not None else None),
        by=form.text("by"),
        typed=form,
    )


def _day(form: Typed, name: str) -> date | None:
    text = form.text(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise error(Invalid, "flask.moment", field=f"query.{name}", value=text[:40]) from None


def _moment(day: date | None) -> datetime | None:
    return datetime.combine(day, time(0), visitor().zone).astimezone(UTC) if day is not None else None


def overview() -> Response:
    """Every form with its figures of the last year."""
    insist(_RIGHT)
    with work.reading() as unit:
        said, since = words(state(), unit), unit.now() - timedelta(days=365)
        rows = []
        for name, title in titles(unit, said):
            whole = unit.surveys.scores(name, since=since).groups[0]
            rows.append({"name": name, "title": title, "group": whole, **_head(said, whole)})
        return show("surveys/overview.html", unit, rows=rows)


def _head(said: Words, group: GroupResult) -> dict[str, Any]:
    """The response rate and the figure that says the most."""
    first = figures.headline_of(group)
    return {
        "rate": figures.share_figure(said, said.say("surveys.rate"), group.rate),
        "head": figures.figure_of(said, first) if first is not None else None,
        "asked_as": said.text(first.question.text) if first is not None else "",
    }


def page(name: str) -> Response:
    """The results of a form."""
    insist(_RIGHT)
    wanted = asked(Typed(request.args.to_dict()))
    with work.reading() as unit:
        said = words(state(), unit)
        found = unit.surveys.scores(name, **wanted.period)  # type: ignore[arg-type]
        whole = found.groups[0]
        return show(
            "surveys/results.html",
            unit,
            form_name=name,
            title=said.text(found.form.title),
            form=wanted.typed,
            filled=wanted.typed.filled(*_FILTERS),
            forms=titles(unit, said),
            group=whole,
            questions=_questions(said, whole),
            blocks=whole.blocks,
            left_out=found.left_out,
            **_head(said, whole),
            **_trend(unit, said, name, wanted),
            **_by_group(unit, said, name, wanted),
            **_comments(unit, said, name, wanted),
            **_low(unit, said, name, wanted),
            bys=[(each, said.say(f"surveys.by.{each}")) for each in (*GROUPS, *PERIODS)],
            exportable=work.may(unit, "survey.responses"),
            improvable=work.may(unit, "survey.improve"),
        )


def _questions(said: Words, group: GroupResult) -> list[dict[str, Any]]:
    """The counted questions: the figure of each, how often each answer was given."""
    return [
        {
            "key": each.question.key,
            "text": said.text(each.question.text),
            "figure": figures.figure_of(said, each),
            "parts": figures.parts(said, each),
            "answers": each.answers,
            "nps": figures.groups_of_nps(each.score) if isinstance(each.score, Nps) else None,
            "score": each.score,
        }
        for each in group.questions
    ]


def _trend(unit: CareUnit, said: Words, name: str, wanted: Asked) -> dict[str, Any]:
    by_month = unit.surveys.scores(name, by="month", **wanted.period)  # type: ignore[arg-type]
    lines = [(month, group, _headline(said, group)) for month, group in figures.months(by_month)]
    drawn = figures.month_line(said, [(month, figure) for month, _, figure in lines])
    return {"months": lines, "drawing": drawn}


def _headline(said: Words, group: GroupResult | None) -> figures.Figure | None:
    first = figures.headline_of(group) if group is not None else None
    return figures.figure_of(said, first) if first is not None else None


def _by_group(unit: CareUnit, said: Words, name: str, wanted: Asked) -> dict[str, Any]:
    if not wanted.by:
        return {"groups": []}
    found = unit.surveys.scores(name, by=wanted.by, **wanted.period)  # type: ignore[arg-type]
    said.know(group.key for group in found.groups if isinstance(group.key, Ref))
    return {
        "groups": [
            {
                "label": group_label(said, found, group.key),
                "group": group,
                "rate": figures.share_figure(said, "", group.rate),
                "head": _headline(said, group),
            }
            for group in found.groups
        ]
    }


def group_label(said: Words, found: Results, key: Any) -> str:
    """What a group is called."""
    if key is None or key == "":
        return said.say("surveys.no_group")
    if isinstance(key, Ref):
        return said.person(key)
    return said.word("kind", str(key)) if found.by == "kind" else str(key)


def _comments(unit: CareUnit, said: Words, name: str, wanted: Asked) -> dict[str, Any]:
    """What people wrote, newest first."""
    if not work.may(unit, "survey.comments"):
        return {"comments": None, "more_comments": ""}
    after = key_of(request.args.get("comments"), (datetime, str))
    rows = unit.surveys.comments(name, **wanted.period, after=after, limit=_SHOWN + 1)
    more = ""
    if len(rows) > _SHOWN:
        following = cursor((rows[_SHOWN - 1].answered_at, rows[_SHOWN - 1].id))
        here = wanted.typed.filled(*_FILTERS)
        more = url_for("careplug.survey_results", name=name, **here, comments=following) + "#comments"
    return {"comments": [_comment(unit, said, row) for row in rows[:_SHOWN]], "more_comments": more}


def _comment(unit: CareUnit, said: Words, row: Answered) -> dict[str, Any]:
    """A response with its open words; who somebody is and the signature are no comment."""
    form = unit.surveys.form_of(row)
    open_words = {
        question.key for question in form.questions if question.type in ("text", "yes_no", "single", "multiple")
    }
    written = {key: value for key, value in row.texts.items() if key in open_words}
    return {"response": row, "lines": lines(said, form, written)}


def _low(unit: CareUnit, said: Words, name: str, wanted: Asked) -> dict[str, Any]:
    """The low responses, each with the case that follows it up."""
    if not work.may(unit, "survey.responses"):
        return {"lows": None, "follow_ups": {}}
    rows = unit.surveys.responses(form=name, low=True, **wanted.period, limit=_SHOWN)  # type: ignore[arg-type]
    cases: Mapping[str, Any] = unit.feedback.by_ids([row.follow_up for row in rows if row.follow_up])
    return {"lows": [row_of(unit, said, row) for row in rows], "follow_ups": cases}
