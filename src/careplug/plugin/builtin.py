"""The core's own contributions, through the same hooks as a vendor's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from careplug import definitions, tasks
from careplug.contributions import ChannelFactory, EntitySpec, FactType, FieldSpec, Handler, Job, Seed, ServiceFactory
from careplug.definitions import Definitions
from careplug.feedback import entities as feedback_entities
from careplug.feedback import fold
from careplug.feedback import seeds as feedback_seeds
from careplug.feedback.intake import purge_keys
from careplug.feedback.service import FeedbackService
from careplug.messages import contribution as messages
from careplug.plugin.markers import hookimpl
from careplug.resources import Resources
from careplug.sla import entities as sla_entities
from careplug.sla import seeds as sla_seeds
from careplug.sla import service as sla_service
from careplug.sla.changes import Changes
from careplug.survey import seeds as survey_seeds
from careplug.text import Text
from careplug.timeline import facts
from careplug.timeline.story import Timeline

__all__ = ["PARSERS"]

PARSERS = {**feedback_seeds.PARSERS, **sla_seeds.PARSERS, **messages.PARSERS, **survey_seeds.PARSERS}
"""How each kind of definition is read."""


@hookimpl
def careplug_entities() -> tuple[EntitySpec | FactType | FieldSpec, ...]:
    """Every entity and fact type of the core."""
    return (
        *facts.SPECS,
        *definitions.SPECS,
        *feedback_entities.SPECS,
        *sla_entities.SPECS,
        *messages.SPECS,
        *tasks.SPECS,
        *fold.FACT_TYPES,
    )


@hookimpl
def careplug_definitions() -> tuple[Seed, ...]:
    """States, transitions, calendars, metrics, policies, templates, subscriptions, forms."""
    return (*feedback_seeds.SEEDS, *sla_seeds.SEEDS, *messages.SEEDS, *survey_seeds.SEEDS)


@hookimpl
def careplug_services() -> tuple[Any, ...]:
    """The services of the five rooms."""
    return (
        ServiceFactory(Timeline, Timeline, "timeline"),
        ServiceFactory(Definitions, Definitions, "definitions"),
        ServiceFactory(FeedbackService, FeedbackService, "feedback"),
        ServiceFactory(sla_service.Sla, sla_service.Sla, "sla"),
        ServiceFactory(Changes, Changes, "changes"),
        ServiceFactory(Resources, Resources, "resources"),
        *messages.SERVICES,
    )


@hookimpl
def careplug_handlers() -> tuple[Handler, ...]:
    """The sla room decides and projects before the messages room tells people."""
    return (Handler("sla.clocks", sla_service.handle, rank=100), *messages.HANDLERS)


@hookimpl
def careplug_jobs() -> tuple[Job, ...]:
    """Idempotency keys are forgotten after their time."""
    label = Text("Forget old idempotency keys", "清理过期的幂等键")
    return (Job("feedback.purge_keys", purge_keys, timedelta(days=1), label),)


@hookimpl
def careplug_channels() -> tuple[ChannelFactory, ...]:
    """The console channel."""
    return messages.CHANNELS
