"""Taking the personal values out of one row, and out of the story it owns; what is not personal stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from careplug.contributions import EntitySpec
from careplug.criteria import All, Is
from careplug.errors import Invalid
from careplug.ports import Unit
from careplug.privacy.about import owns_timeline
from careplug.tasks import Task
from careplug.timeline.facts import Personal
from careplug.timeline.story import Timeline

__all__ = ["blanked", "check_types", "erase_row", "forget_errors"]

_EMPTY = {"text": "", "long": "", "json": None}


def check_types(unit: Unit, specs: Sequence[EntitySpec]) -> None:
    """``Invalid`` names an entity whose facts hold personal values and that has no fact ``erased`` to say they went."""
    types = unit.setup.fact_types
    for spec in specs:
        personal = any(kind.personal for (subject, _), kind in types.items() if subject == spec.name)
        if owns_timeline(spec) and personal and (spec.name, "erased") not in types:
            raise Invalid("privacy.no_erased", field=f"erase.{spec.name}", value=spec.name, plugin=spec.plugin)


def blanked(spec: EntitySpec, row: Any) -> Any:
    """The row without its personal values; the same object where it holds none."""
    kept = {field.name for field in spec.extra if not field.personal}
    made: dict[str, Any] = {}
    for column in spec.columns():
        if not column.personal or column.custom:
            continue
        was = getattr(row, column.attribute)
        empty = _kept(was, kept) if column.attribute == "custom" else _empty(spec.cls, column.attribute, column.kind)
        if was != empty:
            made[column.attribute] = empty
    return attrs.evolve(row, **made) if made else row


def _kept(custom: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in custom.items() if name in names}


def _empty(cls: Any, attribute: str, kind: str) -> Any:
    """What the field holds where nobody gave a value."""
    default = getattr(attrs.fields(cls), attribute).default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return default.factory()
    return _EMPTY[kind] if default is attrs.NOTHING else default


def erase_row(unit: Unit, spec: EntitySpec, row: Any, request: str) -> bool:
    """Erase what is personal in a row, and in its story; whether there was anything.

    A story is told that it happened by the fact ``erased`` (data: request, facts), and its fold blanks the row.
    """
    made = blanked(spec, row)
    gone = 0
    if owns_timeline(spec):
        forget_errors(unit, spec.name, (row.id,))
        gone = unit.store.remove(Personal, All(Is("subject", "eq", spec.name), Is("subject_id", "eq", row.id)))
        if gone or made is not row:
            return _tell(unit, spec, row, {"request": request, "facts": gone})
    if made is row:
        return False
    if hasattr(made, "version"):
        made = attrs.evolve(made, version=made.version + 1)
    unit.store.save(made, was=row)
    return True


def forget_errors(unit: Unit, subject: str, idents: Sequence[str]) -> None:
    """Forget what durable handlers of facts about some subjects said when they failed: it may quote anything."""
    where = All(Is("subject", "eq", subject), Is("subject_id", "in", tuple(idents)))
    for task in unit.store.find(Task, where, lock=True):
        if task.last_error:
            unit.store.save(attrs.evolve(task, last_error=""), was=task)


def _tell(unit: Unit, spec: EntitySpec, row: Any, data: dict[str, Any]) -> bool:
    timeline = unit.get(Timeline)
    held: Any = timeline.hold(spec.name, spec.cls, row.id)
    if (spec.name, "erased") in unit.setup.fact_types:
        timeline.append(spec.name, row.id, "erased", data)
        held = timeline.current(spec.name, row.id)
    timeline.replace(spec.name, row.id, blanked(spec, held))
    return True
