"""The map of an import as values: what each column of a log means, and which promises its cases are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from careplug.entity import FieldSpec
from careplug.text import Text

__all__ = [
    "CHECKED",
    "PLAIN",
    "REFS",
    "TEXTS",
    "TOLD",
    "Act",
    "CustomColumn",
    "DueCheck",
    "ImportMap",
    "Log",
    "RefColumn",
]

PLAIN = ("case", "event", "at", "received", "state", "activity", "kind", "impact", "urgency", "priority", "channel")
"""What a column can mean beside words and references."""

TEXTS: Mapping[str, int] = {
    "subject": 500,
    "body": 1_048_576,
    "contact_name": 200,
    "contact_phone": 60,
    "contact_mail": 254,
}
"""Columns of words about people, and how many characters each may have."""

TOLD = ("reason", "note", "measure", "result", "cause")
"""Columns whose words are told with the step of their row."""

REFS = ("requester", "organisation", "contact", "product", "system", "site", "assignee", "team")
"""What a column of references can stand for."""

CHECKED = ("impact", "urgency", "priority")


@attrs.frozen(kw_only=True)
class Log:
    """How the log is written.

    ``shape`` is ``"cases"`` (one row a case) or ``"events"`` (each row an update, in the order of the file).
    ``times`` are tried in turn: ``strptime`` formats, ``"iso"`` or ``"epoch"`` (seconds); a time without an offset is
    wall clock of ``zone``. A cell whose text is one of ``missing`` is empty. A row that differs from its predecessor only
    in ``silent`` columns is an update without a visible change. ``unknown_time`` says when a state of a case list was
    entered whose time the log does not tell: ``"received"``, ``"now"``, or ``""``: such a row is rejected.
    """

    shape: str = "cases"
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    missing: frozenset[str] = frozenset({""})
    zone: str = "UTC"
    times: tuple[str, ...] = ("iso",)
    silent: tuple[str, ...] = ()
    unknown_time: str = ""


@attrs.frozen(kw_only=True)
class Act:
    """What a value of the state or activity column does: enter ``state``, open ``pause``, end ``resume``, or
    append ``fact`` with ``data``. A state may come with a pause: "awaiting …" states are pauses, not states.
    """

    state: str = ""
    pause: str = ""
    party: str = ""
    resume: str = ""
    fact: str = ""
    data: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class RefColumn:
    """Columns that name a host's object: their texts, ``joined``, are the id of a reference of this kind."""

    kind: str
    columns: tuple[str, ...]
    joined: str = " "


@attrs.frozen(kw_only=True)
class CustomColumn:
    """A column kept as a custom field. A value outside ``minimum`` … ``maximum`` is kept with a warning; one that is
    no value of the field's type is a reason to reject the row.
    """

    column: str
    spec: FieldSpec
    minimum: int | None = None
    maximum: int | None = None


@attrs.frozen(kw_only=True)
class DueCheck:
    """Columns in which another system wrote its due time and verdict: compared with ours, never used.

    ``within`` is in seconds.
    """

    metric: str
    due: str = ""
    within: int = 0
    verdict: str = ""
    met: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ImportMap:
    """What a map file says. ``name`` is the source of the cases and the scope of their import keys.

    ``steps`` are state → column of the time it was entered (case lists). ``values`` are, by plain column, what each
    text of the log means. ``definitions`` are (kind, name, data) to store before the first row; ``policies`` the names
    of those that may apply to the cases, None for all that are stored.
    """

    name: str
    title: Text = Text()
    log: Log = Log()
    columns: Mapping[str, str]
    refs: Mapping[str, RefColumn] = attrs.field(factory=dict)
    custom: Mapping[str, CustomColumn] = attrs.field(factory=dict)
    defaults: Mapping[str, Any] = attrs.field(factory=dict)
    steps: Mapping[str, str] = attrs.field(factory=dict)
    states: Mapping[str, Act] = attrs.field(factory=dict)
    activities: Mapping[str, Act] = attrs.field(factory=dict)
    values: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    definitions: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    policies: tuple[str, ...] | None = None
    check: DueCheck | None = None

    @property
    def events(self) -> bool:
        """Whether the log has a row for each update."""
        return self.log.shape == "events"
