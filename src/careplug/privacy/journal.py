"""The privacy journal: what was exported, erased and kept for how long, as a chained story that holds no personal word.

One a tenant. It names people by their references, which are the host's and opaque, and requests by what they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from careplug.contributions import FactType
from careplug.entity import EntitySpec, Projection, column
from careplug.ports import Unit
from careplug.refs import derived_id
from careplug.text import Text
from careplug.timeline.facts import Fact
from careplug.timeline.story import Timeline

__all__ = ["FACT_TYPES", "JOURNAL", "SPECS", "PrivacyJournal", "entries", "note"]

JOURNAL = "privacy"
_ID = derived_id(JOURNAL)


@attrs.frozen(kw_only=True)
class PrivacyJournal:
    """The end of a tenant's journal; the entries are its facts."""

    id: str
    tenant: str = ""
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None


SPECS = (EntitySpec(name=JOURNAL, cls=PrivacyJournal, projection=Projection()),)

FACT_TYPES = (
    FactType("contact_exported", JOURNAL, Text("Contact exported", "已导出联系人信息"), final=True),
    FactType("contact_erased", JOURNAL, Text("Contact erased", "已删除联系人信息"), final=True),
    FactType("retention_applied", JOURNAL, Text("Retention applied", "已执行保留期限"), final=True),
)


def note(unit: Unit, kind: str, data: Mapping[str, Any]) -> Fact:
    """Append an entry; the journal begins with its first one."""
    unit.store.add_if_absent(PrivacyJournal(id=_ID, tenant=unit.tenant))
    timeline = unit.get(Timeline)
    timeline.hold(JOURNAL, PrivacyJournal, _ID)
    return timeline.append(JOURNAL, _ID, kind, data)


def entries(unit: Unit) -> list[Fact]:
    """All entries of the unit's tenant, oldest first. Needs ``privacy.journal``."""
    unit.allow("privacy.journal")
    return unit.get(Timeline).facts(JOURNAL, _ID)
