"""From the cells of a row to what it says of a case: pure, except that it remembers times.

A row that cannot be understood is *rejected* with a code; one that can, but says something odd, carries *warnings*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from careplug._values import text_is_bad
from careplug.errors import Invalid
from careplug.imports.map import TEXTS, TOLD, Act, CustomColumn, ImportMap
from careplug.imports.moments import Moments
from careplug.refs import Ref

__all__ = ["Rejected", "Row", "RowReader"]

_STILL = Act()


@attrs.define
class Rejected(Exception):
    """Why a row is not stored: a code, the column it is about, and what stood there."""

    code: str
    column: str = ""
    value: str = ""


@attrs.define
class Row:
    """What a row says. ``values`` are the fields of the case it names, ``custom`` its custom fields, ``told`` the words
    of its step; ``steps`` are (time, state) of a case list. ``given`` are the due time and verdict of another system.
    ``seen`` is what tells whether the next row shows a change. ``warnings`` are (code, what was there), of which
    reading the row found the first ``odd``.
    """

    number: int
    case: str
    event: str = ""
    at: datetime | None = None
    received: datetime | None = None
    said: str = ""
    state: Act = _STILL
    activity: Act = _STILL
    priority: int | None = None
    values: dict[str, Any] = attrs.field(factory=dict)
    custom: dict[str, Any] = attrs.field(factory=dict)
    told: dict[str, str] = attrs.field(factory=dict)
    steps: list[tuple[datetime, str]] = attrs.field(factory=list)
    given: tuple[datetime | None, str] = (None, "")
    seen: str = ""
    digest: str = ""
    warnings: list[tuple[str, str]] = attrs.field(factory=list)
    odd: int = 0


class RowReader:
    """Reads the rows of one log by its map. ``Invalid`` names a key of the map whose column the log lacks."""

    def __init__(self, found: ImportMap, header: Sequence[str]) -> None:
        self.map = found
        self._header = header
        self._at = {name: number for number, name in enumerate(header)}
        self._missing = found.log.missing
        self._moments = Moments(found.log.times, found.log.zone)
        self._columns = {key: self._index(name, f"columns.{key}") for key, name in found.columns.items()}
        self._texts = [(key, self._columns[key], TEXTS[key]) for key in TEXTS if key in self._columns]
        self._told = [(key, self._columns[key]) for key in TOLD if key in self._columns]
        self._refs = [
            (key, ref.kind, [self._index(name, f"refs.{key}.columns") for name in ref.columns], ref.joined)
            for key, ref in found.refs.items()
        ]
        self._custom = [
            (key, self._index(item.column, f"custom.{key}.column"), _converter(item, self._moments), item)
            for key, item in found.custom.items()
        ]
        self._steps = [(state, self._index(name, f"steps.{state}")) for state, name in found.steps.items()]
        check = found.check
        self._due = self._index(check.due, "check.due") if check is not None and check.due else None
        self._verdict = self._index(check.verdict, "check.verdict") if check is not None and check.verdict else None
        silent = {self._index(name, "log.silent") for name in found.log.silent}
        self._loud = [number for number in range(len(header)) if number not in silent]
        self._open = self._unpersonal()

    def _index(self, name: str, key: str) -> int:
        if name not in self._at:
            raise Invalid("import.column", field=f"map.{key}", value=name, known=", ".join(self._header))
        return self._at[name]

    def _unpersonal(self) -> list[int]:
        """The columns that may enter a digest: one of words about people could be guessed from it."""
        private = {number for _, number, _ in self._texts} | {number for _, number in self._told}
        private |= {number for _, number, _, item in self._custom if item.spec.personal}
        check = self.map.check
        beside = {self._at[name] for name in (check.due, check.verdict) if name} if check is not None else set()
        return [number for number in range(len(self._header)) if number not in private | beside]

    def read(self, number: int, cells: Sequence[str] | None) -> Row:
        """What a row says; raises ``Rejected``."""
        if cells is None:
            raise Rejected("unreadable")
        if len(cells) != len(self._header):
            raise Rejected("columns", value=f"{len(cells)} ≠ {len(self._header)}")
        whole = "\0".join(cells)
        if whole.count("\0") >= len(cells) or (not whole.isascii() and text_is_bad(whole.replace("\0", ""))):
            raise Rejected("encoding")
        row = Row(number=number, case=self._required(cells, "case"))
        row.received = self._time(cells, self._columns.get("received"), required=not self.map.events)
        self._fields(row, cells)
        if self.map.events:
            self._event(row, cells)
        else:
            self._case(row, cells)
        row.odd = len(row.warnings)
        return row

    # -- parts --

    def _cell(self, cells: Sequence[str], index: int | None) -> str:
        if index is None:
            return ""
        value = cells[index].strip()
        return "" if value in self._missing else value

    def _required(self, cells: Sequence[str], key: str) -> str:
        value = self._cell(cells, self._columns[key])
        if not value:
            raise Rejected("empty", self.map.columns[key])
        return value

    def _time(self, cells: Sequence[str], index: int | None, *, required: bool = False) -> datetime | None:
        value = self._cell(cells, index)
        if not value:
            if required and index is not None:
                raise Rejected("empty", self._header[index])
            return None
        found = self._moments.read(value)
        if found is None and index is not None:
            raise Rejected("time", self._header[index], value)
        return found

    def _fields(self, row: Row, cells: Sequence[str]) -> None:
        for key in ("kind", "impact", "urgency"):
            found = self._valued(cells, key)
            if found is not None:
                row.values[key] = found
        self._priority(row, cells)
        channel = self._cell(cells, self._columns.get("channel"))
        if channel:
            row.values["channel"] = self._short("channel", channel, 40)
        for key, index, longest in self._texts:
            if (value := self._cell(cells, index)) != "":
                row.values[key] = self._words(row, key, value, longest)
        for key, index in self._told:
            if (value := self._cell(cells, index)) != "":
                row.told[key] = value
        for key, kind, indexes, joined in self._refs:
            ident = joined.join(filter(None, (self._cell(cells, index) for index in indexes)))
            if ident:
                row.values[key] = str(Ref(kind, self._short(key, ident, 120)))
        for key, index, convert, item in self._custom:
            if (value := self._cell(cells, index)) != "":
                row.custom[key] = self._value(row, value, convert, item)

    def _valued(self, cells: Sequence[str], key: str) -> Any:
        said = self._cell(cells, self._columns.get(key))
        if not said:
            return None
        known: Mapping[str, Any] = self.map.values.get(key, {})
        if said in known:
            return known[said]
        if not known and said.isdecimal() and key != "kind":
            return int(said)
        if not known and key == "kind":
            return said
        raise Rejected("priority_unknown" if key == "priority" else key, self.map.columns[key], said)

    def _priority(self, row: Row, cells: Sequence[str]) -> None:
        found = self._valued(cells, "priority")
        if isinstance(found, tuple):
            row.values.setdefault("impact", found[0])
            row.values.setdefault("urgency", found[1])
        else:
            row.priority = found

    def _words(self, row: Row, key: str, value: str, longest: int) -> str:
        if len(value) <= longest:
            return value
        if key != "subject":
            raise Rejected("long", self.map.columns[key], value[:60])
        row.warnings.append(("subject_long", str(len(value))))
        row.values.setdefault("body", value)
        return value[:longest]

    def _short(self, key: str, value: str, longest: int) -> str:
        if len(value) > longest:
            column = self.map.columns.get(key) or ", ".join(self.map.refs[key].columns)
            raise Rejected("long", column, value[:60])
        return value

    def _value(self, row: Row, value: str, convert: Callable[[str], Any], item: CustomColumn) -> Any:
        try:
            found = convert(value)
        except (ValueError, KeyError, InvalidOperation):
            raise Rejected("value", item.column, value[:60]) from None
        low, high = item.minimum, item.maximum
        if (low is not None and found < low) or (high is not None and found > high):
            row.warnings.append(("range", f"{item.column} = {value[:40]}"))
        return found

    def _event(self, row: Row, cells: Sequence[str]) -> None:
        row.at = self._time(cells, self._columns["at"], required=True)
        row.said = self._cell(cells, self._columns.get("state"))
        row.state = self._act(self.map.states, "state", row.said)
        row.activity = self._act(self.map.activities, "activity", self._cell(cells, self._columns.get("activity")))
        row.seen = "\x1f".join([cells[index] for index in self._loud])
        event = self._cell(cells, self._columns.get("event"))
        row.event = event or _digest([cells[index] for index in self._open])

    def _act(self, known: Mapping[str, Act], key: str, said: str) -> Act:
        if not said:
            return _STILL
        if said in known:
            return known[said]
        if not known and key == "state":
            return Act(state=said)
        raise Rejected(key, self.map.columns[key], said)

    def _case(self, row: Row, cells: Sequence[str]) -> None:
        for state, index in self._steps:
            at = self._time(cells, index)
            if at is not None:
                row.steps.append((at, state))
        row.steps.sort(key=lambda step: step[0])
        row.said = self._cell(cells, self._columns.get("state"))
        row.state = self._act(self.map.states, "state", row.said)
        last = row.steps[-1][1] if row.steps else "received"
        if row.steps and row.state.state and row.state.state != last:
            row.warnings.append(("state_differs", f"{row.said} ≠ {last}"))
        elif not row.steps and not self.map.log.unknown_time and (row.state.pause or row.state.state not in ("", last)):
            raise Rejected("state_time", self.map.columns["state"], row.said)
        verdict = self._cell(cells, self._verdict) if self._verdict is not None else ""
        row.given = (self._time(cells, self._due) if self._due is not None else None), verdict
        row.digest = _digest([cells[index] for index in self._open])


def _digest(cells: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:40]


def _converter(item: CustomColumn, moments: Moments) -> Callable[[str], Any]:
    def time(value: str) -> Any:
        """A time as the map writes it."""
        found = moments.read(value)
        if found is None:
            raise ValueError(value)
        return found

    def text(value: str) -> str:
        """A text that fits its column and, for a choice, is one of them."""
        if len(value) > item.spec.length or (item.spec.type == "choice" and value not in item.spec.choices):
            raise ValueError(value)
        return value

    def boolean(value: str) -> bool:
        """true, 1, yes or false, 0, no, whatever the case."""
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]

    def decimal(value: str) -> Decimal:
        """A finite number; NaN and infinity are refused."""
        found = Decimal(value)
        if not found.is_finite():
            raise ValueError(value)
        return found

    def day(value: str) -> Any:
        """The date of a time, in the map's zone."""
        return moments.local(time(value)).date()

    kinds: Mapping[str, Callable[[str], Any]] = {
        "text": text,
        "choice": text,
        "long": str,
        "int": int,
        "bool": boolean,
        "decimal": decimal,
        "time": time,
        "date": day,
    }
    return kinds[item.spec.type]
