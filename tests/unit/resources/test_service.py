"""The service behind every surface of a resource, in memory and on SQLite."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from careplug import Actor
from careplug.contributions import Denied
from careplug.errors import CareError, Conflict, Invalid, NotFound, Refused
from careplug.money import Money
from careplug.ports import Address
from careplug.refs import Ref
from careplug.resources import plain_value
from careplug.text import Text
from tests.unit.resources.conftest import ADMIN
from tests.unit.resources.workshop import Size, Tool

WANG = Actor.engineer("wang")
BOSS = Actor(Ref("person", "zhao"), frozenset({"manager"}))
LI = Actor.customer("li")

TYPED = {
    "name": "Drill", "note": "two\nlines", "place": "wall", "count": 3, "lent": True, "bought": date(2026, 1, 2),
    "checked_at": datetime(2026, 1, 3, 4, 5, tzinfo=UTC), "weight": Decimal("1.5"), "price": Money(Decimal("12.50"), "CNY"),
    "owner": Ref("person", "li"), "label": Text("Drill", "钻"), "size": Size.LARGE, "tags": ("a", "b"),
    "makers": (Address("mail", "a@b.c"),), "every": timedelta(hours=36, minutes=5), "custom.bay": 4, "custom.kind": "power",
    "custom.since": date(2025, 5, 6),
}  # fmt: skip
AS_TEXT = {
    "name": "Drill", "note": "two\nlines", "place": "wall", "count": "3", "lent": "yes", "bought": "2026-01-02",
    "checked_at": "2026-01-03T12:05:00+08:00", "weight": "1.5", "price": "12.50 CNY", "owner": "person:li", "label": "Drill|钻",
    "size": "large", "tags": '["a", "b"]', "makers": '[{"channel": "mail", "value": "a@b.c"}]', "every": "36h5m",
    "custom.bay": "4", "custom.kind": "power", "custom.since": "2025-05-06",
}  # fmt: skip


def values_of(tool):
    found = {name: getattr(tool, name) for name in TYPED if not name.startswith("custom.")}
    return found | {f"custom.{name}": value for name, value in tool.custom.items()}


def plain(values):
    return {name: plain_value(value) for name, value in values.items()}


@pytest.mark.parametrize("values", [TYPED, AS_TEXT, plain(TYPED)], ids=["typed", "text", "JSON"])
def test_a_value_of_every_type_goes_in_and_comes_out(work, values):
    made = work(lambda r: r.add("tools", values))
    assert values_of(made) == TYPED
    assert work(lambda r: r.get("tools", made.id)) == made
    changed = work(lambda r: r.edit("tools", made.id, values, expected=1))
    assert (values_of(changed), changed.version) == (TYPED, 2)
    assert work(lambda r: r.get("tools", made.id)) == changed


def test_what_is_not_given_is_the_default_and_what_is_empty_too(work):
    made = work(lambda r: r.add("tools", {"name": "Saw", "place": "", "count": "", "bought": None}))
    assert (made.place, made.count, made.bought, made.tags, made.custom) == ("shelf", 1, None, (), {})
    full = work(lambda r: r.add("tools", {**TYPED, "name": "Lathe"}))
    empty = dict.fromkeys([name for name in TYPED if name != "name"], "")
    emptied = work(lambda r: r.edit("tools", full.id, empty, expected=1))
    blank = Tool(id=full.id, name="Lathe", version=2)
    assert emptied == blank
    assert work(lambda r: r.get("tools", full.id)) == blank


def test_only_what_is_given_changes(work):
    made = work(lambda r: r.add("tools", TYPED))
    changed = work(lambda r: r.edit("tools", made.id, {"count": 9, "custom.bay": None}, expected=1))
    assert changed.custom == {"kind": "power", "since": date(2025, 5, 6)}
    assert values_of(changed) == {key: value for key, value in TYPED.items() if key != "custom.bay"} | {"count": 9}


WRONG = [
    ("name", None, "resource.required"),
    ("name", "  ", "resource.required"),
    ("name", "n" * 21, "row.long"),
    ("name", "a\0", "row.nul"),
    ("name", 5, "row.type"),
    ("count", "three", "field.int"),
    ("count", "9" * 19, "row.range"),
    ("count", True, "row.bool"),
    ("count", 1.5, "row.float"),
    ("lent", "maybe", "field.bool"),
    ("lent", 1, "row.type"),
    ("bought", "2026-02-30", "field.date"),
    ("bought", datetime(2026, 1, 1, tzinfo=UTC), "row.type"),
    ("checked_at", "yesterday", "field.time"),
    ("checked_at", "2026-01-01T10:00", "field.time"),
    ("checked_at", datetime(2026, 1, 1), "row.naive"),
    ("weight", "heavy", "field.decimal"),
    ("weight", "NaN", "money.range"),
    ("weight", "0.00001", "money.fine"),
    ("weight", 1.5, "row.float"),
    ("price", "12.50", "field.money"),
    ("price", "12.50 yuan", "money.currency"),
    ("price", {"amount": "1"}, "field.parts"),
    ("price", {"amount": "x", "currency": "CNY"}, "field.money"),
    ("price", 12, "field.type"),
    ("owner", "li", "ref.form"),
    ("owner", "person:" + "l" * 121, "row.long"),
    ("owner", 7, "field.type"),
    ("label", {"de": "Bohrer"}, "field.parts"),
    ("label", {"en": 5}, "row.type"),
    ("size", "huge", "field.choice"),
    ("size", 5, "field.choice"),
    ("tags", "a, b", "field.json"),
    ("tags", [1.5], "row.float"),
    ("tags", {"a": 1}, "field.json_form"),
    ("makers", [{"channel": 5, "value": "x"}], "field.json_form"),
    ("every", "soon", "field.duration"),
    ("every", "-", "field.duration"),
    ("custom.bay", "x", "field.int"),
    ("custom.kind", "steam", "field.choice"),
    ("custom.since", "x", "field.date"),
    ("version", 5, "resource.field"),
    ("photo", b"x", "resource.field"),
    ("colour", "red", "resource.field"),
    ("custom.colour", "red", "resource.field"),
]


def test_a_wrong_value_names_its_field_and_nothing_is_stored(work):
    made = work(lambda r: r.add("tools", {"name": "Drill"}))

    def give(field, value):
        def added(r):
            return r.add("tools", {"name": "Saw", field: value})

        def edited(r):
            return r.edit("tools", made.id, {field: value}, expected=1)

        return added, edited

    for field, value, code in WRONG:
        for do in give(field, value):
            with pytest.raises(Invalid) as caught:
                work(do)
            found = caught.value
            assert (found.code, found.field) == (code, f"tools.{field}"), (field, value)
            assert code not in found.text("en")
            assert not re.search(r"{[a-z]+}", found.text("zh_CN")), "a value of the sentence is missing"
    assert work(lambda r: r.find("tools")) == [made]


def error(work, do, actor=ADMIN):
    with pytest.raises(CareError) as caught:
        work(do, actor)
    assert caught.value.code not in caught.value.text("en")
    return type(caught.value), caught.value.code, caught.value.field


def test_everything_else_that_may_be_wrong(work):
    made = work(lambda r: r.add("tools", {"name": "Drill"}))
    box = work(lambda r: r.add("bins", {"code": "a"}))
    expected = [
        (lambda r: r.find("boats"), NotFound, "resource.missing", "resource"),
        (lambda r: r.get("tools", "nobody"), NotFound, "resource.entity", "tools.id"),
        (lambda r: r.get("tools", "a\0"), NotFound, "resource.entity", "tools.id"),
        (lambda r: r.get("tools", None), NotFound, "resource.entity", "tools.id"),
        (lambda r: r.get("tools", "x" * 99), NotFound, "resource.entity", "tools.id"),
        (lambda r: r.add("tools", {"name": "Drill"}), Conflict, "resource.taken", "tools.add"),
        (lambda r: r.add("tools", {}), Invalid, "resource.required", "tools.name"),
        (lambda r: r.add("logs", {}), Refused, "resource.not_added", "logs.add"),
        (lambda r: r.edit("logs", box.id, {}, expected=None), Refused, "resource.not_edited", "logs.edit"),
        (lambda r: r.edit("tools", made.id, {}, expected=None), Invalid, "resource.expected", "tools.version"),
        (lambda r: r.edit("tools", made.id, {}, expected="1"), Invalid, "resource.expected", "tools.version"),
        (lambda r: r.edit("tools", made.id, {}, expected=7), Conflict, "resource.stale", "tools.version"),
        (lambda r: r.act("tools", made.id, "fly"), NotFound, "resource.action", "tools.action"),
        (lambda r: r.can("tools", "fly"), NotFound, "resource.action", "tools.action"),
        (lambda r: r.act("tools", made.id, "lend"), Invalid, "resource.required", "tools.lend.to"),
        (lambda r: r.act("tools", made.id, "lend", {"to": "x", "by": "y"}), Invalid, "resource.field", "tools.lend.by"),
        (lambda r: r.act("tools", made.id, "lend", {"to": "x" * 201}), Invalid, "row.long", "tools.lend.to"),
        (lambda r: r.act("tools", "nobody", "lend", {"to": "x"}), NotFound, "resource.entity", "tools.id"),
        (lambda r: r.find("tools", filters={"note": "x"}), Invalid, "resource.filter", "tools.note.filter"),
        (lambda r: r.find("tools", filters={"lent": "x"}), Invalid, "field.bool", "tools.lent"),
        (lambda r: r.find("tools", limit=0), Invalid, "page.limit", "tools.limit"),
        (lambda r: r.find("tools", after=("x",)), Invalid, "resource.after", "tools.after"),
        (lambda r: r.find("tools", after="xy"), Invalid, "resource.after", "tools.after"),
        (lambda r: r.find("bins", after=(5,)), Invalid, "resource.after", "bins.after"),
        (lambda r: r.add("bins", {"code": "x1"}), Invalid, "workshop.code", "bins.code"),
    ]
    for do, cls, code, field in expected:
        assert error(work, do) == (cls, code, field)
    assert work(lambda r: r.get("tools", made.id)) == made


def test_a_taken_value_at_an_edit(work):
    work(lambda r: r.add("tools", {"name": "Drill"}))
    saw = work(lambda r: r.add("tools", {"name": "Saw"}))
    with pytest.raises(Conflict):
        work(lambda r: r.edit("tools", saw.id, {"name": "Drill"}, expected=1))
    assert work(lambda r: r.get("tools", saw.id)) == saw


def test_lists_are_narrowed_sorted_and_paged(work):
    for number, name in enumerate("dbacfe"):
        values = {"name": name, "lent": number % 2 == 0, "custom.bay": number // 2, "owner": Ref("person", name)}
        work(lambda r, values=values: r.add("tools", values))

    def names(**more):
        return "".join(tool.name for tool in work(lambda r: r.find("tools", **more)))

    assert names() == "abcdef"
    assert names(filters={"lent": True}) == names(filters={"lent": "true"}) == "adf"
    assert names(filters={"custom.bay": ["1", 2], "lent": "no"}) == "ce"
    assert names(filters={"owner": "person:b", "lent": ""}) == "b"
    assert names(filters={"size": "large"}) == ""
    assert names(filters={"size": ["small", "large"]}) == "abcdef"
    assert names(filters={"bought": [None, ""]}) == "abcdef"

    def pages(read):
        def go_on(r, found=()):
            page = r.find(read, limit=4, after=r.key(read, found[-1]) if found else None)
            return go_on(r, (*found, *page)) if page else found

        return work(go_on)

    assert "".join(tool.name for tool in pages("tools")) == "abcdef"
    made = [work(lambda r, code=code: r.add("bins", {"code": code})) for code in "abcdefghi"]
    assert [each.code for each in pages("bins")] == [each.code for each in reversed(made)], "newest first"


def test_actions(work, care):
    made = work(lambda r: r.add("tools", {"name": "Drill"}))
    lent = work(lambda r: r.act("tools", made.id, "lend", {"to": "li"}), WANG)
    assert (lent.owner, lent.version) == (Ref("person", "li"), 2)
    with pytest.raises(Invalid) as caught:
        work(lambda r: r.act("tools", made.id, "lend", {"to": "li"}), WANG)
    assert caught.value.text("zh_CN", care.catalogue) == "tools.lend：Drill 已借出。请等待归还。"
    assert caught.value.text("en", care.catalogue) == "tools.lend: Drill is lent already. Wait for it."
    assert work(lambda r: r.act("tools", made.id, "scrap")) is None
    assert work(lambda r: r.find("tools")) == []


def test_a_plugin_may_store_by_itself(work):
    made = work(lambda r: r.add("bins", {"code": "a"}))
    assert made.code == "A"
    assert work(lambda r: r.edit("bins", made.id, {"code": "b"}, expected=None)).code == "B"
    assert error(work, lambda r: r.edit("bins", made.id, {"code": ""}, expected=None))[1] == "resource.required"


def test_tenants_do_not_see_each_other(work):
    made = work(lambda r: r.add("tools", {"name": "Drill"}), tenant="a")
    assert made.tenant == "a"
    assert work(lambda r: r.find("tools"), tenant="b") == []
    with pytest.raises(NotFound):
        work(lambda r: r.get("tools", made.id), tenant="b")


def test_a_required_field_of_the_host_is_in_the_form():
    from careplug import Care
    from careplug.contributions import FieldSpec
    from careplug.resources import Resources
    from tests.unit.resources.workshop import SPECS, plugin

    host = plugin("host", items=(), entities=(FieldSpec(entity="tool", name="badge", type="int", required=True),))
    house = Care(plugins=[plugin(entities=SPECS), host], environ={"CAREPLUG_PLUGINS": ""})
    with house as care, care.unit(actor=ADMIN) as unit:
        tools = unit.get(Resources)
        assert tools.can("tools", "add")
        with pytest.raises(Invalid) as caught:
            tools.add("tools", {"name": "Drill"})
        assert (caught.value.code, caught.value.field) == ("resource.required", "tools.custom.badge")
        assert tools.add("tools", {"name": "Drill", "custom.badge": "7"}).custom == {"badge": 7}


# -- who may --


def test_nobody_but_the_admin_without_a_grant(work):
    assert work(lambda r: r.names(), LI) == ()
    assert work(lambda r: r.names(), WANG) == ("logs", "tools", "bins")
    assert work(lambda r: r.names(), BOSS) == ("tools",)
    assert work(lambda r: r.names()) == ("logs", "tools", "bins")


def rights(work, actor, name):
    what = ("read", "add", "edit", *(("lend", "scrap") if name == "tools" else ()))
    return work(lambda r: [each for each in what if r.can(name, each)], actor)


def test_what_each_role_may(work):
    assert rights(work, LI, "tools") == []
    assert rights(work, WANG, "tools") == ["read", "edit", "lend"]
    assert rights(work, BOSS, "tools") == ["read", "add", "edit", "lend", "scrap"]
    assert rights(work, ADMIN, "tools") == ["read", "add", "edit", "lend", "scrap"]
    assert rights(work, WANG, "bins") == ["read"]
    assert rights(work, ADMIN, "logs") == ["read"], "nothing of it is in a form"


def test_what_is_hidden_is_refused_too(work):
    made = work(lambda r: r.add("tools", {"name": "Drill"}))
    attempts = [
        (lambda r: r.find("tools"), "tool.read"),
        (lambda r: r.get("tools", made.id), "tool.read"),
        (lambda r: r.get("tools", "nobody"), "tool.read"),
        (lambda r: r.add("tools", {"name": "Saw"}), "tool.add"),
        (lambda r: r.edit("tools", made.id, {"count": 2}, expected=1), "tool.edit"),
        (lambda r: r.act("tools", made.id, "lend", {"to": "li"}), "tool.lend"),
        (lambda r: r.act("tools", made.id, "scrap"), "tool.destroy"),
    ]
    for do, action in attempts:
        assert error(work, do, LI) == (Refused, "permission.role", f"permission.{action}")
    assert work(lambda r: r.find("tools")) == [made]


def test_a_key_confined_to_less_reaches_no_further(work):
    from attrs import evolve

    confined = evolve(WANG, scopes=("tool.read",))
    assert work(lambda r: r.names(), confined) == ("tools",)
    assert not work(lambda r: r.can("tools", "edit"), confined)


def test_a_plugin_that_denies_still_wins(tmp_path):
    from careplug import Care
    from careplug.resources import Resources
    from tests.unit.resources.workshop import plugin

    def careplug_allow(action, subject):
        if action == "tool.edit" and (subject is None or subject.name == "Drill"):
            return Denied(Text("Not the drill.", "钻不行。"))
        return None

    with Care(plugins=[plugin(careplug_allow=careplug_allow)], environ={"CAREPLUG_PLUGINS": ""}) as care:
        with care.unit(actor=ADMIN) as unit:
            made = unit.get(Resources).add("tools", {"name": "Drill"})
        with care.unit(actor=WANG) as unit:
            assert not unit.get(Resources).can("tools", "edit")
            with pytest.raises(Refused) as caught:
                unit.get(Resources).edit("tools", made.id, {"count": 2}, expected=1)
        assert caught.value.text("zh_CN") == "钻不行。"
