"""The reference pages that are tables of the code: errors, permissions, definitions."""

from __future__ import annotations

import ast
import re

import pytest

from careplug import permissions
from careplug.errors import Refused
from careplug.feedback.transitions import SEEDS, State, Transition
from careplug.messages import subscriptions
from careplug.plugin.builtin import PARSERS
from careplug.privacy import rules
from careplug.refs import Actor, Ref
from careplug.sla import metric, policy
from careplug.survey import forms, questions, triggers
from tests.docs import errors_page
from tests.housekeeping import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_the_page_of_errors_is_what_the_code_says():
    assert errors_page.PAGE.read_text(encoding="utf-8") == errors_page.page(), "run python -m tests.docs.errors_page"


# -- permissions --


def asked(source: str) -> set[str]:
    """The actions that a module asks for: `allow("x.y")`, and `_hold(ident, "step.{name}")` of the feedback room."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "allow" and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
        if node.func.attr == "_hold" and len(node.args) > 1:
            action = ast.literal_eval(ast.unparse(node.args[1]).removeprefix("f"))
            found.add("feedback." + re.sub(r"\{.*\}", "*", action))
    return found


def said() -> dict[str, tuple[bool, bool, bool]]:
    """The table of the page: action → whether customer, engineer, manager may."""
    text = (REFERENCE / "permissions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+)` \| (yes|no) \| (yes|no) \| (yes|no) \|", text, flags=re.MULTILINE)
    return {action: (one == "yes", two == "yes", three == "yes") for action, one, two, three in rows}


def may(role: str, action: str) -> bool:
    try:
        permissions.check(Actor(Ref("person", "x"), frozenset({role})), action)
    except Refused:
        return False
    return True


def test_every_action_that_the_code_asks_for_is_on_the_page():
    actions = set().union(*(asked(file.read_text(encoding="utf-8")) for file in (ROOT / "src").rglob("*.py")))
    assert {"feedback.submit", "feedback.step.*", "definitions.put"} <= actions
    listed = set(said())
    missing = [each for each in actions if not any(re.fullmatch(each.replace("*", ".*"), known) for known in listed)]
    assert missing == []


@pytest.mark.parametrize("action", sorted(said()))
def test_the_page_of_permissions_tells_who_may(action):
    assert said()[action] == tuple(may(role, action) for role in ("customer", "engineer", "manager"))


def test_every_pattern_of_a_role_is_for_something_on_the_page():
    patterns = {pattern for role in ("customer", "engineer", "manager") for pattern in permissions.ROLES[role]}
    idle = [each for each in patterns if not any(re.fullmatch(each.replace("*", ".*"), known) for known in said())]
    assert idle == []


def test_asking_is_seen():
    source = 'unit.allow("a.b", x)\nself._hold(ident, f"step.{name}", expected=1)\nself._hold(ident, "note")'
    assert asked(source) == {"a.b", "feedback.step.*", "feedback.note"}


# -- definitions --

KEYS = {
    "policy": (
        "rank",
        "when",
        "calendar",
        "targets",
        *policy._RULE_KEYS,
        "name",
        "share",
        "before",
        "after",
        "to",
        "action",
    ),
    "metric": metric._KEYS,
    "subscription": subscriptions._KEYS,
    "transition": ("from", "to", "fact", "requires", "sides"),
    "state": ("category",),
    "pause_reason": ("party", "ends_on_reply"),
    "matrix": ("rows",),
    "calendar": ("name", "zone", "week", "holidays", "dates", "periods", "closures", "published_until"),
    "template": ("subject", "body"),
    "policy_set": ("policies",),
    "retention": (
        *rules.KEYS,
        *rules.UNITS,
        *rules.ACTIONS,
        *(each for some in rules.ACTIONS.values() for each in some),
    ),
    "survey_trigger": triggers.KEYS,
    "survey": (*forms.KEYS, *questions.KEYS, *questions.TYPES, "satisfied"),
}


def section(kind: str) -> str:
    """A kind's part of the page."""
    text = (REFERENCE / "definitions.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {kind}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert found, f"definitions.md has no section {kind}"
    return found[1]


def test_every_kind_has_its_keys_here():
    assert set(PARSERS) <= set(KEYS)


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_every_key_of_a_kind_is_documented_with_an_example(kind):
    text = section(kind)
    assert [key for key in KEYS[kind] if f"`{key}`" not in text] == []
    assert f'put("{kind}", ' in text


def test_the_keys_above_are_those_the_parsers_take():
    transition = {"from": ["a"], "to": "b", "fact": "c", "requires": [], "sides": ["service"]}
    assert set(transition) == set(KEYS["transition"])
    assert Transition.parse("x", transition).target == "b"
    assert all(set(seed.data) == set(KEYS[seed.kind]) for seed in SEEDS)
    assert State.parse("x", {"category": "open"}).category == "open"
