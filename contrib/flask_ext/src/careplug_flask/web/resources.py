"""The pages of plugins' resources: a list, one entity with its form, what can be done with it. No code in the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from careplug.contributions import Action
from careplug.errors import CareError, Refused
from careplug.refs import new_id
from careplug.resources import FieldInfo, Resources, field_of, plain_value
from careplug_flask import work
from careplug_flask.identity import visitor
from careplug_flask.rest.cursor import cursor, key_of
from careplug_flask.state import state
from careplug_flask.web.context import Words, words
from careplug_flask.web.forms import Form, posted
from careplug_flask.web.once import once
from careplug_flask.web.resource_fields import begin, cell, changed, inputs, teller, typed_values
from careplug_flask.web.views import attempt, show

if TYPE_CHECKING:
    from careplug.unit import CareUnit
    from careplug_flask.state import State

__all__ = ["mount"]

SIZE = 25


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths."""
    both = ["GET", "POST"]
    pages.add_url_rule("/r/<resource>", "resource_list", _list)
    pages.add_url_rule("/r/<resource>/new", "resource_new", _new, methods=both)
    pages.add_url_rule("/r/<resource>/<ident>", "resource_item", _item, methods=both)
    pages.add_url_rule("/r/<resource>/<ident>/<action>", "resource_action", _action, methods=both)


# -- the list --


def _list(resource: str) -> Response:
    visitor().must()
    asked = Form(request.args.to_dict())
    with work.reading() as unit:
        service, said = unit.get(Resources), words(state(), unit)
        infos = service.fields(resource)
        narrowing = [info for info in infos if info.filter]
        problem, found = None, []
        try:
            found = _page(service, resource, narrowing, asked)
        except CareError as error:
            if not _is_about_filters(error, resource, narrowing):
                raise
            problem = error
        tell, concerns = teller(said, resource, infos)
        shown = [info for info in infos if info.column]
        filled = asked.filled(*(info.name for info in narrowing))
        following = None
        if len(found) > SIZE:
            following = url_for(
                "careplug.resource_list", resource=resource, **filled, after=_cursor(service, resource, found[SIZE - 1])
            )
        return show(
            "resources/list.html",
            unit,
            status=422 if problem is not None else 200,
            resource=resource,
            title=_title(said, service, resource),
            heads=_heads(said, resource, shown, found),
            rows=[(entity.id, [cell(said, resource, info, entity) for info in shown]) for entity in found[:SIZE]],
            filters=inputs(said, resource, narrowing, asked=True),
            form=asked,
            addable=service.can(resource, "add"),
            following=following,
            first=url_for("careplug.resource_list", resource=resource, **filled) if asked["after"] else None,
            narrowed=bool(filled),
            problem=problem,
            problem_text=tell,
            concerns=concerns,
        )


def _page(service: Resources, resource: str, narrowing: Sequence[FieldInfo], asked: Form) -> list[Any]:
    order = service.resource(resource).order
    after = key_of(asked.text("after"), (str, str) if order else (str,))
    filters = typed_values(narrowing, asked)
    return service.find(resource, filters=filters, after=after, limit=SIZE + 1)


def _is_about_filters(problem: CareError, resource: str, narrowing: Sequence[FieldInfo]) -> bool:
    """Whether a filter was typed that cannot be read: the list says so, where a missing right is a page of its own."""
    names = (*(f"{resource}.{info.name}" for info in narrowing), *(info.name for info in narrowing))
    return problem.field in names


def _cursor(service: Resources, resource: str, entity: Any) -> str:
    """The page key as texts, which the service reads by the type of the field."""
    return cursor([None if part is None else str(plain_value(part)) for part in service.key(resource, entity)])


def _heads(said: Words, resource: str, shown: Sequence[FieldInfo], found: Sequence[Any]) -> list[tuple[str, bool]]:
    def right(info: FieldInfo) -> bool:
        """Whether the column holds numbers."""
        return any(cell(said, resource, info, entity)[1] for entity in found)

    return [(said.text(info.label) or info.name, right(info)) for info in shown]


def _title(said: Words, service: Resources, resource: str) -> str:
    return said.text(service.resource(resource).label) or resource


# -- a new one --


def _new(resource: str) -> AnyResponse:
    visitor().must()
    if request.method == "GET":
        with work.reading() as unit:
            found = unit.get(Resources).resource(resource)
            unit.allow(f"{found.permission or found.name}.add")
            if not unit.get(Resources).can(resource, "add"):
                raise Refused("resource.not_added", field=f"{resource}.add")
            return _form(unit, resource, Form())
    form = posted()

    def deed(unit: CareUnit) -> str:
        """Store it, once however often the form is sent; where to go on."""
        service = unit.get(Resources)
        values = typed_values(_editable(service, resource), form)
        given = {name: value for name, value in values.items() if value not in ("", None)}
        made = once(unit, form["key"], resource[:60], lambda: service.add(resource, given))
        if made is None or not service.can(resource, "read"):
            return url_for("careplug.resource_list", resource=resource)
        return url_for("careplug.resource_item", resource=resource, ident=made.id)

    return attempt(deed, done=str, again=lambda unit, problem: _form(unit, resource, form, problem), limit="act")


def _form(unit: CareUnit, resource: str, form: Form, problem: CareError | None = None) -> Response:
    service, said = unit.get(Resources), words(state(), unit)
    infos = _editable(service, resource)
    tell, concerns = teller(said, resource, infos)
    return show(
        "resources/new.html",
        unit,
        resource=resource,
        title=_title(said, service, resource),
        fields=inputs(said, resource, infos, new=True),
        form=form,
        page_key=new_id(),
        problem=problem,
        problem_text=tell,
        concerns=concerns,
    )


def _editable(service: Resources, resource: str) -> list[FieldInfo]:
    return [info for info in service.fields(resource) if info.editable]


# -- one, and what can be done with it --


def _item(resource: str, ident: str) -> AnyResponse:
    visitor().must()
    if request.method == "GET":
        with work.reading() as unit:
            return _entity(unit, resource, ident)
    form = posted()

    def deed(unit: CareUnit) -> str:
        """Change what was changed on the form."""
        service, said = unit.get(Resources), words(state(), unit)
        expected = form.whole("version") if form.text("version") else None
        infos = _editable(service, resource)
        values = changed(said, infos, form, service.get(resource, ident))
        service.edit(resource, ident, values, expected=expected)
        return url_for("careplug.resource_item", resource=resource, ident=ident)

    def again(unit: CareUnit, problem: CareError) -> Response:
        """The page with the form open."""
        return _entity(unit, resource, ident, form=form, problem=problem, opened="edit")

    return attempt(deed, done=str, again=again, limit="act")


def _action(resource: str, ident: str, action: str) -> AnyResponse:
    visitor().must()
    if request.method != "POST":
        return redirect(url_for("careplug.resource_item", resource=resource, ident=ident))
    form = posted()

    def deed(unit: CareUnit) -> str:
        """Do it; to the list where the entity is gone."""
        service = unit.get(Resources)
        values = typed_values(_asked(service, resource, action), form)
        given = {name: value for name, value in values.items() if value not in ("", None)}
        done = service.act(resource, ident, action, given)
        if done is None:
            return url_for("careplug.resource_list", resource=resource)
        return url_for("careplug.resource_item", resource=resource, ident=ident)

    def again(unit: CareUnit, problem: CareError) -> Response:
        """The page with the action open."""
        return _entity(unit, resource, ident, form=form, problem=problem, opened=f"do-{action}")

    return attempt(deed, done=str, again=again, limit="act")


def _asked(service: Resources, resource: str, action: str) -> list[FieldInfo]:
    """What an action wants to be told; nothing for one there is not, which the service refuses."""
    found = next((each for each in service.resource(resource).actions if each.name == action), None)
    return [field_of(spec) for spec in found.fields] if found is not None else []


def _entity(
    unit: CareUnit,
    resource: str,
    ident: str,
    *,
    form: Form | None = None,
    problem: CareError | None = None,
    opened: str = "",
) -> Response:
    service, said = unit.get(Resources), words(state(), unit)
    entity = service.get(resource, ident)
    infos, editable = service.fields(resource), _editable(service, resource)
    place = f"{resource}.{opened.removeprefix('do-')}" if opened.startswith("do-") else resource
    told = _asked(service, resource, opened.removeprefix("do-")) if opened.startswith("do-") else infos
    tell, concerns = teller(said, place, told)
    editing = service.can(resource, "edit")
    actions = [action for action in service.resource(resource).actions if service.can(resource, action.name)]
    return show(
        "resources/item.html",
        unit,
        resource=resource,
        ident=ident,
        title=_title(said, service, resource),
        heading=cell(said, resource, infos[0], entity)[0] if infos else ident,
        pairs=[
            (said.text(info.label) or info.name, cell(said, resource, info, entity)[0])
            for info in infos
            if info.name != "tenant"
        ],
        version=getattr(entity, "version", None),
        fields=inputs(said, resource, editable),
        had=form if opened == "edit" and form is not None else begin(said, editable, entity),
        editable=editing,
        actions=[_offered(said, resource, action) for action in actions],
        form=form if form is not None else Form(),
        blank=Form(),
        page_key=new_id(),
        problem=problem,
        opened=opened,
        told=(opened == "edit" and editing) or opened in {f"do-{action.name}" for action in actions},
        problem_text=tell,
        concerns=concerns,
    )


def _offered(said: Words, resource: str, action: Action) -> tuple[str, str, Any]:
    infos = [field_of(spec) for spec in action.fields]
    return action.name, said.text(action.label) or action.name, inputs(said, f"{resource}.{action.name}", infos)
