"""What the parts of the survey service share: forms, triggers, settings, the moment a month begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from careplug.definitions import Definition, Definitions
from careplug.errors import Invalid, NotFound, Refused
from careplug.ports import Unit
from careplug.refs import Ref
from careplug.survey import tokens
from careplug.survey.entities import GROUPS, Invitation
from careplug.survey.facts import INVITATION
from careplug.survey.forms import Form
from careplug.survey.settings import SurveySettings
from careplug.survey.triggers import Trigger
from careplug.timeline.story import Timeline

__all__ = ["FEEDBACK", "FORM", "TRIGGER", "Base", "link"]

FEEDBACK = "feedback"
FORM = "survey"
"""The kind of definition that a form is."""

TRIGGER = "survey_trigger"


class Base:
    """Holds the unit, its timeline, definitions and the settings of surveys."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.timeline = unit.get(Timeline)
        self.definitions = unit.get(Definitions)
        self.settings: SurveySettings = unit.setup.setting(SurveySettings)

    def _form(self, name: str) -> tuple[Definition, Form]:
        """The form that is asked now, with its revision."""
        found = self.definitions.get(FORM, name)
        return found, self.definitions.cache.parsed(found)

    def pinned(self, digest: str) -> Form:
        """The form of one revision."""
        return self.definitions.pinned(FORM, digest)  # type: ignore[no-any-return]

    def _revision(self, name: str, digest: str) -> tuple[Form, str]:
        """One revision of a form, by its digest: the one that is asked now where that is empty. ``NotFound`` for another's."""
        if not digest:
            definition, form = self._form(name)
            return form, definition.digest
        form = self.pinned(digest)
        if form.name != name:
            raise NotFound("survey.revision_of", field="survey.digest.form", value=digest, form=name)
        return form, digest

    def _trigger(self, name: str) -> Trigger:
        return self.definitions.value(TRIGGER, name)  # type: ignore[no-any-return]

    def _trigger_of(self, invitation: Invitation) -> Trigger | None:
        """The trigger behind an invitation as it is now; None where there is none any more."""
        known = self.definitions.active(TRIGGER).get(invitation.trigger)
        return None if known is None else self.definitions.cache.parsed(known)

    def _calendar(self, name: str) -> Any:
        return self.definitions.value("calendar", name)

    def _ready(self) -> None:
        """``Refused`` where no link can be made."""
        if not self.settings.ready:
            lacking = ", ".join(f"plugins.survey.{name}" for name in self.settings.lacking)
            raise Refused("survey.not_ready", field="survey.link", lacking=lacking)

    def _hold(self, ident: str) -> Invitation:
        return self.timeline.hold(INVITATION, Invitation, ident)

    def _now_of(self, ident: str) -> Invitation:
        return self.timeline.current(INVITATION, ident)  # type: ignore[no-any-return]

    def _case(self, feedback_id: str) -> Any:
        """A case, locked; ``NotFound``. What is asked of it is the service side's business alone."""
        return self.timeline.hold(FEEDBACK, self.unit.setup.entity(FEEDBACK), feedback_id)

    def _local(self, moment: datetime) -> datetime:
        """An instant on the clock whose months results are counted in."""
        return moment.astimezone(ZoneInfo(self.settings.zone))

    def _day(self, moment: datetime) -> datetime:
        """The beginning of an instant's day there: never after the instant."""
        return self._local(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def case_groups(case: Any) -> dict[str, Any]:
    """What results are grouped by, of a case."""
    return {name: getattr(case, name) for name in GROUPS}


def link(unit: Unit, invitation: Invitation) -> str:
    """The address at which an invitation is answered; ``Refused`` where the settings lack what it is made of."""
    base = Base(unit)
    base._ready()  # noqa: SLF001  the same room
    claim = tokens.Claim(invitation.tenant, invitation.id, seconds(invitation.expires_at))
    return f"{base.settings.link.rstrip('/')}/{tokens.sign(claim, base.settings.key)}"


def seconds(moment: datetime) -> datetime:
    """The instant, rounded up to the whole seconds that a token holds."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)


def check_ref(value: object, field: str) -> Ref:
    """A reference; ``Invalid`` for anything else."""
    if isinstance(value, Ref):
        return value
    raise Invalid("ref.type", field=field, value=repr(value)[:60])
