"""The editor of forms: every change is a new revision, and nothing that was typed is lost on the way there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.errors import CareError, Invalid
from careplug.survey.forms import ANONYMOUS, Form
from careplug.survey.questions import MEASURES, PREFILLS, TYPES, Question
from careplug_flask import guard, work
from careplug_flask.errors import error, status_of
from careplug_flask.identity import visitor
from careplug_flask.state import state
from careplug_flask.web.context import words
from careplug_flask.web.desk import insist
from careplug_flask.web.surveys import draft as drafts
from careplug_flask.web.surveys.fill import checked, filled, form_page, unseen
from careplug_flask.web.surveys.questions import sections, typed_of
from careplug_flask.web.views import show

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.web.context import Words

__all__ = ["edit", "forms", "new", "preview"]

_OPS = ("is", "not", "le", "ge", "lt", "gt", "answered", "unanswered")
_RIGHT = "survey.forms.put"


def forms() -> Response:
    """All forms, with their revisions."""
    insist("survey.forms")
    with work.reading() as unit:
        return show("surveys/forms.html", unit, rows=unit.surveys.forms(), editable=work.may(unit, _RIGHT))


def preview(name: str) -> AnyResponse:
    """A form as customers see it; what is sent is checked and not stored."""
    insist("survey.forms")
    with work.reading() as unit:
        form = unit.surveys.form(name).form
        here, back = url_for("careplug.survey_preview", name=name), url_for("careplug.survey_forms")
        if request.method != "POST":
            return form_page(unit, form, action=here, preview=True, back=back)
        guard.check_csrf()
        sent = filled(form)
        found, more = checked(form, sent), unseen(form, sent)
        good = not found and not more
        made = form_page(
            unit, form, action=here, sent=sent, found=found, more=len(more), preview=True, back=back, good=good
        )
        made.status_code = status_of(found[0]) if found else 200
        return made


def new() -> AnyResponse:
    """A form that is not there yet."""
    return _editor("")


def edit(name: str) -> AnyResponse:
    """A form, to be stored as its next revision."""
    return _editor(name)


def _editor(name: str) -> AnyResponse:
    insist(_RIGHT)
    if request.method != "POST":
        with work.reading() as unit:
            unit.allow(_RIGHT)
            return _page(unit, name, _begin(unit, name), expected=_revision(unit, name), opened=-1 if name else 0)
    guard.check_csrf()
    guard.limit("act")
    typed = drafts.nested(request.form.items())
    do, _, where = request.form.get("do", "").partition(":")
    if do == "save":
        return _save(name, typed)
    with work.reading() as unit:
        unit.allow(_RIGHT)
        at = tuple(int(part) for part in where.split(".") if part.isdecimal())
        draft = drafts.rework(typed, do, at)
        expected = request.form.get("expected", "")
        return _page(unit, name, draft, expected=expected, opened=_opened(draft, do, at), previewed=do == "preview")


def _begin(unit: CareUnit, name: str) -> drafts.Draft:
    if not name:
        return {"questions": [drafts.blank_question([])], "anonymous": "no"}
    return drafts.draft_of(unit.surveys.form(name).form.to_data())


def _revision(unit: CareUnit, name: str) -> str:
    return str(unit.surveys.form(name).revision if name else 0)


def _opened(draft: drafts.Draft, do: str, at: tuple[int, ...]) -> int:
    """The question that is shown open after a button."""
    if do == "question":
        return len(draft["questions"]) - 1
    if not at or do not in drafts.ACTIONS or do == "remove":
        return -1
    return at[0] + {"up": -1, "down": 1}.get(do, 0)


def _save(name: str, typed: drafts.Draft) -> AnyResponse:
    """Store the next revision; where something is wrong the editor again, with all of it."""
    wanted = name or str(typed.get("name", "")).strip()
    data, expected = drafts.data_of(typed), request.form.get("expected", "")
    found = _wrong(wanted, data)

    def deed(unit: CareUnit) -> None:
        """The new revision, if the form is still the one that was opened."""
        unit.surveys.put_form(wanted, data, expected=int(expected) if expected.isdecimal() else 0)

    try:
        if not found:
            work.changing(deed)
            return redirect(url_for("careplug.survey_form", name=wanted, done="saved"), code=303)
        problem = found[0]
    except CareError as raised:
        problem = raised
    with work.reading() as unit:
        unit.allow(_RIGHT)
        if problem.code == "definition.stale":
            expected = str(problem.params["current"])
        response = _page(unit, name, typed, expected=expected, found=found, problem=None if found else problem)
    response.status_code = status_of(problem)
    return response


def _wrong(name: str, data: Mapping[str, Any]) -> list[CareError]:
    """Everything that is wrong with a form: what its parts say each, then what the whole says."""
    found: list[CareError] = []
    if not name:
        found.append(error(Invalid, "flask.empty", field="name"))
    for number, question in enumerate(data["questions"]):
        try:
            Question.parse(question, f"survey.{name}.questions[{number}]")
        except CareError as problem:
            found.append(problem)
    if not found:
        try:
            Form.parse(name, data)
        except CareError as problem:
            found.append(problem)
    return found


def _page(
    unit: CareUnit,
    name: str,
    draft: drafts.Draft,
    *,
    expected: str,
    opened: int = -1,
    found: list[CareError] | None = None,
    problem: CareError | None = None,
    previewed: bool = False,
) -> Response:
    said = words(state(), unit)
    line = unit.surveys.form(name) if name else None
    wrong = {_place(each, name, draft): _sentence(said, each, name, draft) for each in reversed(found or [])}
    fields = _fields(said, draft)
    own = "zh" if visitor().language == "zh_CN" else "en"
    shown, unreadable = _previewed(said, name or "new", draft) if previewed else (None, None)
    return show(
        "surveys/editor.html",
        unit,
        action=request.path,
        heading=said.text(line.form.title) if line is not None else said.say("surveys.edit.new"),
        revision=line.revision if line is not None else 0,
        new=not name,
        draft=draft,
        expected=expected,
        opened=opened,
        wrong=dict(reversed(wrong.items())),
        troubled={int(place.split(".")[1]) for place in wrong if place.startswith("questions.")},
        problem=problem or unreadable,
        saved=request.args.get("done") == "saved",
        previewed=shown,
        useful=drafts.useful,
        idle=drafts.idle,
        own_language=own,
        other="en" if own == "zh" else "zh",
        fields_before=[fields[:at] for at in _starts(draft)],
        fields_all=fields,
        **_options(said),
    )


def _place(problem: CareError, name: str, draft: drafts.Draft) -> str:
    """The field of the editor that an error is about."""
    wanted = name or str(draft.get("name", "")).strip()
    return problem.field if problem.field == "name" else drafts.field_of(problem.field, wanted) or "title"


def _sentence(said: Words, problem: CareError, name: str, draft: drafts.Draft) -> str:
    """An error's sentence, the place called as the editor calls it."""
    parts = _place(problem, name, draft).split(".")
    label = said.say(
        f"surveys.edit.{next(part for part in reversed(parts) if not part.isdecimal() and part not in ('zh', 'en'))}"
    )
    if parts[0] == "questions" and len(parts) > 1:
        label = said.say("surveys.edit.at_question", number=int(parts[1]) + 1, field=label)
    return said.error(problem).replace(problem.field, label, 1)


def _starts(draft: drafts.Draft) -> list[int]:
    """How many fields of conditions stand before each question."""
    found, count = [], 0
    for _, kind, codes in drafts.ticked(draft):
        found.append(count)
        count += 1 + (len(codes) if kind == "multiple" else 0)
    return found


def _fields(said: Words, draft: drafts.Draft) -> list[tuple[str, str]]:
    """What a condition may compare: the questions, and what can be ticked in those with several answers."""
    found: list[tuple[str, str]] = []
    for number, (key, kind, codes) in enumerate(drafts.ticked(draft), 1):
        known = f" ({', '.join(codes)})" if codes and kind != "multiple" else ""
        found.append((key, f"{number} · {key}{known}"))
        found += [(f"{key}.{code}", f"{number} · {key} → {code}") for code in codes if kind == "multiple"]
    return found


def _options(said: Words) -> dict[str, Any]:
    """What the selects offer."""

    def named(group: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
        """Codes with their words."""
        return [(code, said.say(f"surveys.{group}.{code or 'none'}")) for code in codes]

    types = named("type", TYPES)
    return {
        "types": types,
        "types_said": dict(types),
        "measures": named("measure", MEASURES),
        "prefills": named("prefill", ("", *PREFILLS)),
        "anonymities": named("anonymity", ANONYMOUS),
        "ops": named("op", _OPS),
        "joins": named("join", ("all", "any")),
    }


def _previewed(said: Words, name: str, draft: drafts.Draft) -> tuple[Any, CareError | None]:
    """The sections of a draft, every question shown; what keeps it from being a form."""
    try:
        form = Form.parse(name, drafts.data_of(draft))
    except CareError as problem:
        return None, problem
    return sections(said, form, typed_of({}), {}, wrong={}), None
