"""Custom values that JSON has no type for come back as they were, from the row and from the facts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType

from careplug import Actor, Care
from careplug.contributions import FieldSpec
from careplug.plugin import hookimpl

BOSS = Actor.engineer("zhao", "manager")
FIELDS = (
    FieldSpec(name="cost", type="decimal", indexed=True),
    FieldSpec(name="bought", type="date"),
    FieldSpec(name="seen", type="time", personal=True),
    FieldSpec(name="units", type="int"),
)
VALUES = {"cost": Decimal("1.50"), "bought": date(2026, 1, 2), "seen": datetime(2026, 1, 2, 3, tzinfo=UTC), "units": 3}


def test_typed_values_survive_submit_edit_and_a_fold_from_nothing():
    plugin = ModuleType("fields")
    plugin.careplug_entities = hookimpl(lambda: FIELDS)
    with Care(plugins=[plugin]) as care:
        with care.unit(actor=BOSS) as unit:
            case = unit.feedback.submit("fault", "printer", custom=VALUES)
        with care.unit(actor=BOSS) as unit:
            assert unit.feedback.get(case.id).custom == VALUES
            unit.feedback.edit(case.id, expected=case.version, custom={"cost": Decimal(-2)})
            unit.feedback.refold(case.id)
        with care.read(actor=BOSS) as unit:
            assert unit.feedback.get(case.id).custom == {**VALUES, "cost": Decimal(-2)}
            assert "seen" not in unit.feedback.facts(case.id)[0].data["custom"]
