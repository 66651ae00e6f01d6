from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.clock import to_text
from careplug.errors import Invalid
from careplug.messages.seeds import SEEDS
from careplug.messages.subscriptions import FIELDS, Subscription, matching
from careplug.refs import Ref
from careplug.timeline.facts import Fact

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
BASE = {"events": ["submitted"], "to": ["requester"], "channel": "mail", "template": "received"}


def fact(kind="submitted", **data):
    return Fact(
        subject="feedback",
        subject_id="f",
        sequence=1,
        at=NOON,
        recorded_at=NOON,
        actor="person:li",
        type=kind,
        data=data,
    )


def case(**fields):
    values = {"kind": "fault", "priority": 2, "requester": Ref("person", "li"), "assignee": None, "custom": {}}
    return SimpleNamespace(**(values | fields))


def when(condition, **more):
    return Subscription.parse("s", {**BASE, "when": condition, **more})


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed.kind == "subscription"], ids=lambda seed: seed.name)
def test_a_seed_names_a_template_that_exists(seed):
    found = Subscription.parse(seed.name, seed.data)
    assert found.template in {item.name for item in SEEDS if item.kind == "template"}
    assert all((seed.label.en, seed.label.zh))


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"event": ["x"]}, "definition.keys", "event"),
        ({"events": []}, "subscription.nothing", "events.empty"),
        ({"events": "submitted"}, "definition.list", "events"),
        ({"events": ["Sub mitted"]}, "subscription.word", "events[0]"),
        ({"to": []}, "subscription.nobody", "to.empty"),
        ({"to": ["requestor"]}, "subscription.role", "to[0]"),
        ({"to": [3]}, "subscription.role", "to[0]"),
        ({"to": ["person:"]}, "subscription.role", "to[0]"),
        ({"events": ["noted"]}, "subscription.internal", "to.internal"),
        ({"channel": ""}, "subscription.word", "channel"),
        ({"channel": None}, "subscription.word", "channel"),
        ({"template": 1}, "subscription.word", "template"),
        ({"kinds": "fault"}, "definition.list", "kinds"),
        ({"kinds": [None]}, "subscription.word", "kinds[0]"),
        ({"priorities": [0]}, "subscription.priority", "priorities[0]"),
        ({"priorities": [True]}, "subscription.priority", "priorities[0]"),
        ({"except_actor": "yes"}, "subscription.flag", "except_actor"),
        ({"active": 1}, "subscription.flag", "active"),
        ({"subject": "__class__"}, "subscription.word", "subject"),
        ({"when": {"field": "body", "op": "eq", "value": "x"}}, "subscription.field", "when.body"),
        ({"when": {"field": "__class__", "op": "eq", "value": "x"}}, "subscription.field", "when.__class__"),
        ({"when": {"field": "data.", "op": "eq", "value": "x"}}, "subscription.field", "when.data."),
        ({"when": {"field": "kind", "op": "like", "value": "x"}}, "criteria.op", "kind.op"),
        ({"when": ["kind"]}, "criteria.form", "when"),
    ],
)
def test_a_malformed_subscription_names_its_key(changes, code, key):
    with pytest.raises(Invalid) as caught:
        Subscription.parse("s", {**BASE, **changes})
    error = caught.value
    assert error.code == code
    assert error.field in {f"subscription.s.{key}", key}
    assert error.text("en") != error.text("zh")


def test_an_internal_note_may_go_to_the_service_side():
    assert Subscription.parse("s", {**BASE, "events": ["noted"], "to": ["assignee", "role:lead", "person:x"]})


@given(
    kinds=st.lists(st.sampled_from(["fault", "question", "alarm"]), unique=True),
    priorities=st.lists(st.integers(1, 4), unique=True),
    kind=st.sampled_from(["fault", "question", "alarm"]),
    priority=st.integers(1, 4),
    event=st.sampled_from(["submitted", "closed"]),
    active=st.booleans(),
)
def test_kinds_and_priorities_narrow_and_none_means_all(kinds, priorities, kind, priority, event, active):
    found = Subscription.parse("s", {**BASE, "kinds": kinds, "priorities": priorities, "active": active})
    expected = (
        active and event == "submitted" and (not kinds or kind in kinds) and (not priorities or priority in priorities)
    )
    assert found.meets(fact(event), case(kind=kind, priority=priority)) is expected


def test_matching_gives_roles_in_the_order_of_the_subscriptions():
    first = Subscription.parse("a", {**BASE, "to": ["contact", "requester"]})
    second = Subscription.parse("b", {**BASE, "events": ["closed"]})
    third = Subscription.parse("c", BASE)
    found = matching([first, second, third], fact(), case())
    assert found == [(first, ("contact", "requester")), (third, ("requester",))]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"field": "data.side", "op": "eq", "value": "customer"}, True),
        ({"field": "data.gone", "op": "eq", "value": "customer"}, False),
        ({"not": {"field": "data.gone", "op": "eq", "value": "customer"}}, False),
        ({"field": "requester", "op": "eq", "value": "person:li"}, True),
        ({"field": "assignee", "op": "is_null", "value": True}, True),
        ({"field": "priority", "op": "le", "value": 2}, True),
        ({"field": "custom.ward", "op": "prefix", "value": "ic"}, True),
        # other types than the author thought of: nobody is told, nothing breaks
        ({"field": "kind", "op": "lt", "value": 3}, False),
        ({"field": "custom.ward", "op": "ge", "value": 3}, False),
    ],
)
def test_conditions_see_the_case_and_the_data_of_the_fact(condition, holds):
    subject = case(custom={"ward": "icu"})
    assert when(condition).meets(fact(side="customer"), subject) is holds


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(("hours", "late"), [(-1, True), (0, True), (1, False)])
def test_late_is_at_or_after_the_deadline_of_the_fact(hours, late, as_text):
    due = NOON + timedelta(hours=hours)
    seen = fact(due_at=to_text(due) if as_text else due)
    assert when({"field": "late", "op": "eq", "value": late}).meets(seen, case())
    assert not when({"field": "late", "op": "eq", "value": not late}).meets(seen, case())
    assert not when({"field": "late", "op": "eq", "value": late}).meets(fact(due_at=None), case())


def test_another_subject_is_another_subscription():
    other = Subscription.parse("s", {**BASE, "subject": "contract", "when": {"field": "term", "op": "eq", "value": 1}})
    assert not other.meets(fact(), case(term=1))


def test_the_fields_of_conditions_are_fields_of_a_feedback():
    from careplug.feedback.entities import Feedback

    known = set(dir(Feedback)) | set(Feedback.__annotations__)
    assert [name for name in FIELDS if name not in known] == []
