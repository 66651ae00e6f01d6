"""What the worker does for surveys: what is due with invitations, and periods that begin. Any number may work at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from careplug.contributions import Job
from careplug.criteria import Is
from careplug.definitions import Stamp
from careplug.refs import SYSTEM
from careplug.survey.entities import OPEN, Invitation
from careplug.survey.service import Surveys
from careplug.survey.settings import SurveySettings
from careplug.survey.triggers import Trigger
from careplug.tasks import again
from careplug.text import Text

__all__ = ["JOBS", "begin_periods", "send_due"]

BATCH = 100
LEASE = timedelta(seconds=60)

Wave = tuple[Trigger, int]
"""A periodic trigger, and the number of the period that began."""

_log = logging.getLogger("careplug.survey")


def send_due(care: Any, now: datetime) -> int:
    """Send, remind, end what is due, of all tenants; how many invitations moved on.

    As long as no link can be made nothing is sent: what waits goes on waiting.
    """
    ready = care.setup.setting(SurveySettings).ready
    where = Is("state", "in", OPEN if ready else OPEN[1:])
    done = 0
    while True:
        claimed = again(lambda: _claim(care, now, where))
        done += sum(_advance(care, invitation, now) for invitation in claimed)
        if len(claimed) < BATCH:
            return done


def begin_periods(care: Any, now: datetime) -> int:
    """Ask everybody whom a periodic trigger asks in a period that began; how many invitations were planned."""
    if not care.setup.setting(SurveySettings).ready:
        return 0
    with care.transaction(tenant=None, writes=False) as store:
        tenants = sorted(stamp.tenant for stamp in store.find(Stamp))
    return sum(_begin(care, tenant, wave, now) for tenant in tenants for wave in _due(care, tenant, now))


def _claim(care: Any, now: datetime, where: Is) -> list[Invitation]:
    with care.transaction(tenant=None) as store:
        found: list[Invitation] = store.claim(Invitation, now=now, limit=BATCH, lease=LEASE, criteria=where)
        return found


def _advance(care: Any, invitation: Invitation, now: datetime) -> bool:
    """Each in a transaction of its own, so that one that breaks holds up nobody; it is taken again when its lease ends."""

    def work() -> None:
        """Do what is due, unless another worker holds it by now."""
        with _unit(care, invitation.tenant, now) as unit:
            unit.get(Surveys).advance(invitation.id, now, fence=invitation.fence)

    try:
        again(work)
    except Exception:
        _log.exception("invitation %s could not be dealt with", invitation.id)
        return False
    return True


def _due(care: Any, tenant: str, now: datetime) -> list[Wave]:
    with _unit(care, tenant, now) as unit:
        return list(unit.get(Surveys).due_waves(now))


def _begin(care: Any, tenant: str, wave: Wave, now: datetime) -> int:
    """Ask everybody of one period; one that breaks holds up neither other triggers nor other tenants, and is taken again."""
    invited = 0
    try:
        with _unit(care, tenant, now) as unit:
            people = unit.get(Surveys).wave_people(*wave)
        for start in range(0, len(people), BATCH):
            invited += again(partial(_ask, care, tenant, wave, people[start : start + BATCH], now))
        with _unit(care, tenant, now) as unit:
            unit.get(Surveys).end_wave(*wave, invited, now)
    except Exception:
        _log.exception("period %s of survey trigger %s could not be begun", wave[1], wave[0].name)
    return invited


def _ask(care: Any, tenant: str, wave: Wave, people: list[dict[str, Any]], now: datetime) -> int:
    with _unit(care, tenant, now) as unit:
        return unit.get(Surveys).ask_wave(*wave, people, now)  # type: ignore[no-any-return]


def _unit(care: Any, tenant: str, now: datetime) -> Any:
    unit = care.unit(actor=SYSTEM, tenant=tenant)
    unit.moment = now
    return unit


JOBS = (
    Job("survey.due", send_due, timedelta(minutes=1), Text("Send invitations and reminders", "发送调查邀请与提醒")),
    Job("survey.periods", begin_periods, timedelta(hours=1), Text("Begin periodic surveys", "启动定期调查")),
)
