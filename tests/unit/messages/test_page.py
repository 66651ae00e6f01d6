"""The page of messages speaks of everything there is."""

from __future__ import annotations

import inspect

import pytest

from careplug.messages.contribution import ACTIONS, SEEDS
from careplug.messages.directory import Parties
from careplug.messages.entities import STATES
from careplug.messages.service import Messages
from careplug.messages.subscriptions import _KEYS, FIELDS, ROLES
from careplug.messages.templates import PLACEHOLDERS
from tests.housekeeping import ROOT

PAGE = (ROOT / "docs/reference/messages.md").read_text(encoding="utf-8")
METHODS = [
    name for cls in (Messages, Parties) for name, _ in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"
]
WORDS = [
    *(f"`{name}`" for name in (*FIELDS, *ROLES, *_KEYS, *STATES, *ACTIONS, *(seed.name for seed in SEEDS))),
    *(f"`{{{name}}}` | {words.en} |" for name, words in PLACEHOLDERS.items()),
    *(f"`{name}(" for name in METHODS),
]


@pytest.mark.parametrize("word", WORDS)
def test_it_is_on_the_page(word):
    assert word in PAGE
