"""What this room hands over to a ``Care``, through the same door as a plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs

from careplug.contributions import Handler, ServiceFactory
from careplug.ports import Unit
from careplug.survey import base, entities, letters, seeds
from careplug.survey.entities import Invitation, Score
from careplug.survey.facts import FACT_TYPES
from careplug.survey.jobs import JOBS
from careplug.survey.projecting import SCORES
from careplug.survey.service import Surveys, erase, handle
from careplug.survey.triggers import Reader, Trigger

__all__ = [
    "FACT_TYPES",
    "HANDLERS",
    "JOBS",
    "PLACEHOLDERS",
    "SEEDS",
    "SERVICES",
    "SPECS",
    "parsers",
]

SPECS = tuple(attrs.evolve(spec, projection=SCORES) if spec.cls is Score else spec for spec in entities.SPECS)

SEEDS = (*seeds.SEEDS, *letters.SEEDS)

SERVICES = (ServiceFactory(Surveys, Surveys, "surveys"),)

HANDLERS = (
    Handler("survey.occasions", handle, rank=150),
    Handler("survey.erase", erase, ("erased",), rank=160),
)
"""In the transaction of the fact: after the clocks, before people are told."""


def parsers(
    span: Reader, fields: tuple[str, ...], kinds: tuple[str, ...]
) -> Mapping[str, Callable[[str, Mapping[str, Any]], Any]]:
    """How the definitions of this room are read. Targets, the fields of a case and its kinds are other rooms' words: they
    are given.
    """
    return {**seeds.PARSERS, base.TRIGGER: partial(Trigger.parse, span=span, fields=fields, cases=kinds)}


def _link(unit: Unit, subject: Any, language: str) -> str:
    return base.link(unit, subject) if isinstance(subject, Invitation) else ""


def _form(unit: Unit, subject: Any, language: str) -> str:
    digest = getattr(subject, "digest", "")
    return base.Base(unit).pinned(digest).title.get(language) if digest else ""


PLACEHOLDERS: Mapping[str, Callable[[Unit, Any, str], str]] = {"link": _link, "form": _form}
"""What the words of this room in a template stand for: ``of(unit, subject, language)``."""
