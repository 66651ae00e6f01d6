"""The core's own contributions, through the same hooks as a vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from careplug import definitions, followups, tasks
from careplug.contributions import ChannelFactory, EntitySpec, FactType, FieldSpec, Handler, Job, Seed, ServiceFactory
from careplug.definitions import Definitions
from careplug.feedback import entities as feedback_entities
from careplug.feedback import fold
from careplug.feedback import seeds as feedback_seeds
from careplug.feedback.intake import purge_keys
from careplug.feedback.service import FeedbackService
from careplug.messages import contribution as messages
from careplug.messages.subscriptions import FIELDS
from careplug.plugin.markers import hookimpl
from careplug.privacy import journal, retention
from careplug.privacy.rules import Rule
from careplug.resources import Resources
from careplug.sla import entities as sla_entities
from careplug.sla import seeds as sla_seeds
from careplug.sla import service as sla_service
from careplug.sla.changes import Changes
from careplug.sla.measure import due
from careplug.sla.target import from_data
from careplug.survey import contribution as survey
from careplug.survey.settings import SurveySettings
from careplug.survey.triggers import Span
from careplug.text import Text
from careplug.timeline import facts
from careplug.timeline.story import Timeline

__all__ = ["PARSERS", "PLACEHOLDERS", "SETTINGS"]


def _span(data: Mapping[str, Any], field: str) -> Span:
    """A target as the survey room uses it, which knows nothing of targets: where it ends on a calendar."""
    target = from_data(data, field)

    def end(calendar: Any, start: datetime) -> datetime:
        """The instant at which it runs out."""
        found = due(calendar, start, target)
        assert found is not None  # noqa: S101  only an open pause has no end
        return found

    return end


PARSERS = {
    **feedback_seeds.PARSERS,
    **sla_seeds.PARSERS,
    **messages.PARSERS,
    **survey.parsers(_span, FIELDS, feedback_entities.KINDS),
    "retention": Rule.parse,
}
"""How each kind of definition is read."""

PLACEHOLDERS = survey.PLACEHOLDERS
"""What rooms beside the messages room put into templates."""

SETTINGS: Mapping[str, type] = {"survey": SurveySettings}
"""The core's own settings by section: ``[plugins.SECTION]``, ``CAREPLUG_SECTION_KEY``."""


@hookimpl
def careplug_entities() -> tuple[EntitySpec | FactType | FieldSpec, ...]:
    """Every entity and fact type of the core."""
    return (
        *facts.SPECS,
        *definitions.SPECS,
        *feedback_entities.SPECS,
        *sla_entities.SPECS,
        *survey.SPECS,
        *messages.SPECS,
        *tasks.SPECS,
        *journal.SPECS,
        *fold.FACT_TYPES,
        *journal.FACT_TYPES,
        *survey.FACT_TYPES,
    )


@hookimpl
def careplug_definitions() -> tuple[Seed, ...]:
    """States, transitions, calendars, metrics, policies, templates, subscriptions, forms, survey triggers."""
    return (*feedback_seeds.SEEDS, *sla_seeds.SEEDS, *messages.SEEDS, *survey.SEEDS)


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
        *survey.SERVICES,
        *messages.SERVICES,
    )


@hookimpl
def careplug_handlers() -> tuple[Handler, ...]:
    """The sla room decides and projects, the survey room asks, before the messages room tells people."""
    clocks = Handler("sla.clocks", sla_service.handle, rank=100)
    return (clocks, *survey.HANDLERS, *messages.HANDLERS, *followups.HANDLERS)


@hookimpl
def careplug_jobs() -> tuple[Job, ...]:
    """Idempotency keys are forgotten after their time, all else as the retention rules say; surveys are sent."""
    keys = Text("Forget old idempotency keys", "清理过期的幂等键")
    kept = Text("Apply the retention rules", "执行保留期限规则")
    return (
        Job("feedback.purge_keys", purge_keys, timedelta(days=1), keys),
        Job("privacy.retention", retention.retain, timedelta(days=1), kept),
        *survey.JOBS,
    )


@hookimpl
def careplug_channels() -> tuple[ChannelFactory, ...]:
    """The console channel."""
    return messages.CHANNELS
