"""Rows that facts say in full, beside those of cases: subjects with a timeline of their own, and what follows from them.

An entity says so with its ``Projection``; those of plugins are treated alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from careplug.audit._fold import LEASE, differing, readable, stories
from careplug.audit.findings import Difference
from careplug.criteria import All, Criteria, Is, Order
from careplug.entity import EntitySpec, Projection
from careplug.refs import SYSTEM
from careplug.timeline.facts import FactRow
from careplug.timeline.folding import fold

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Compared", "Span", "compare", "projected", "repair"]

_PART = 200
"""Ids asked about with one query."""

_BLANK: Mapping[str, Any] = {"text": "", "long": "", "int": 0, "bool": False, "json": {}}
"""What a field holds before the first fact, by the kind of its column."""


@attrs.frozen
class Span:
    """Some subjects of one kind: those with these ids. What follows from subjects is looked for in (``after``, ``last``], so
    that rows of nobody's are found too; ``last`` None means to the end, ``after`` None the ids alone.
    """

    idents: tuple[str, ...]
    after: str | None = None
    last: str | None = None

    def within(self, field: str) -> Criteria:
        """The rows whose field names one of these subjects."""
        if self.after is None:
            return Is(field, "in", self.idents)
        parts = [Is(field, "gt", self.after)]
        return All(*parts, Is(field, "le", self.last)) if self.last is not None else All(*parts)


@attrs.frozen
class Wrong:
    """A row that is not what the facts say: what it was and what it should be, None where there is none.

    ``unreadable`` is the id of one whose columns hold nonsense.
    """

    told: Difference
    spec: EntitySpec
    was: Any = None
    wanted: Any = None
    unreadable: str = ""


@attrs.frozen
class Compared:
    """How many subjects were folded, what is wrong, and who cannot be folded, with the error."""

    subjects: int
    wrong: tuple[Wrong, ...]
    failed: Mapping[str, Exception]


def projected(care: Care) -> list[tuple[EntitySpec, tuple[EntitySpec, ...]]]:
    """Each entity that is said in full by a timeline of its own, with those that follow from it, by name."""
    own: list[EntitySpec] = []
    following: dict[str, list[EntitySpec]] = {}
    for _, spec in sorted(care.setup.entities.items()):
        if spec.projection is not None:
            (following.setdefault(spec.projection.of, []) if spec.projection.of else own).append(spec)
    return [(spec, tuple(following.get(spec.name, ()))) for spec in own]


def compare(unit: Any, spec: EntitySpec, rest: Sequence[EntitySpec], span: Span) -> Compared:
    """Fold subjects and compare their rows, and the rows that follow from them, with what is stored."""
    folded: dict[str, Any] = {}
    wanted: dict[str, list[list[Any]]] = {}
    failed: dict[str, Exception] = {}
    for ident, facts in stories(unit.store, spec.name, span.idents):
        try:
            made = fold(facts, unit.setup.fact_types, _blank(spec, ident, unit.tenant, facts[0].at))
            wanted[ident] = [list(_projection(each).rows(unit, made, facts)) for each in rest]  # type: ignore[misc]
        except Exception as error:
            failed[ident] = error
        else:
            folded[ident] = made
    wrong = list(_subjects(unit, spec, folded))
    for number, each in enumerate(rest):
        expected = {ident: rows[number] for ident, rows in wanted.items()}
        wrong += _following(unit, spec, each, span, expected)
    return Compared(len(folded) + len(failed), tuple(wrong), failed)


def repair(care: Care, tenant: str, spec: EntitySpec, rest: Sequence[EntitySpec], wrong: Sequence[Wrong]) -> None:
    """Write rows anew, as the facts say once the rows of their subjects are locked."""
    with care.unit(actor=SYSTEM, tenant=tenant) as unit:
        for each in wrong:
            if each.unreadable:
                unit.store.remove(each.spec.cls, Is("id", "eq", each.unreadable))
        span = Span(tuple(sorted({each.told.subject_id for each in wrong})))
        unit.store.find(spec.cls, Is("id", "in", span.idents), order=(Order("id"),), lock=True)
        for each in compare(unit, spec, rest, span).wrong:
            _put(unit.store, each)


def _put(store: Any, wrong: Wrong) -> None:
    was, wanted = wrong.was, wrong.wanted
    if was is None:
        store.add(wanted)
    elif wanted is None:
        store.remove(wrong.spec.cls, Is("id", "eq", was.id))
    else:
        # The fence goes up: a worker that holds the row as it was is late.
        fence = {"fence": was.fence + 1} if wrong.spec.claimable else {}
        store.save(attrs.evolve(wanted, id=was.id, **fence), was=was)


def _blank(spec: EntitySpec, ident: str, tenant: str, moment: datetime) -> Any:
    """A subject before its first fact."""
    given: dict[str, Any] = {"id": ident, "tenant": tenant}
    needed = {field.name for field in attrs.fields(spec.cls) if field.default is attrs.NOTHING}
    for column in spec.columns():
        if column.attribute in needed:
            given.setdefault(column.attribute, moment if column.kind == "time" else _BLANK.get(column.kind))
    return spec.cls(**given)


def _subjects(unit: Any, spec: EntitySpec, folded: Mapping[str, Any]) -> Iterator[Wrong]:
    rows, broken = readable(unit.store, spec.cls, Is("id", "in", tuple(folded)))
    stored = {row.id: row for row in rows}
    for ident, wanted in folded.items():
        row = stored.get(ident)
        if ident in broken:
            yield _wrong(spec, ident, wanted, "different", ("*",), unreadable=ident)
        elif row is None:
            yield _wrong(spec, ident, wanted, "missing", wanted=wanted)
        else:
            fields = differing(row, wanted, _free(spec))
            if fields:
                yield _wrong(spec, ident, wanted, "different", fields, was=row, wanted=wanted)


def _following(
    unit: Any, of: EntitySpec, spec: EntitySpec, span: Span, expected: Mapping[str, Sequence[Any]]
) -> Iterator[Wrong]:
    """Rows that follow from subjects: equal ones belong together whatever their ids, the others by their names."""
    by = _projection(spec).by
    rows, broken = readable(unit.store, spec.cls, span.within(by))
    stored: dict[str, list[Any]] = {}
    for row in rows:
        stored.setdefault(getattr(row, by), []).append(row)
    yield from (_wrong(spec, ident, None, "different", ("*",), unreadable=ident) for ident in sorted(broken))
    nobodys = _nobodys(unit, of, stored.keys() - expected.keys())
    for owner in sorted({*expected, *nobodys}):
        left = list(stored.get(owner, ()))
        for wanted in _unmatched(spec, expected.get(owner, ()), left):
            was = next((row for row in left if _key(spec, row) == _key(spec, wanted)), None)
            if was is None:
                yield _wrong(spec, owner, wanted, "missing", wanted=wanted)
                continue
            left.remove(was)
            yield _wrong(spec, owner, wanted, "different", differing(was, wanted, _free(spec)), was=was, wanted=wanted)
        yield from (_wrong(spec, owner, row, "extra", was=row) for row in left)


def _nobodys(unit: Any, of: EntitySpec, owners: Collection[str]) -> set[str]:
    """Those of whom nothing is stored. Of the others facts are missing or cannot be folded: that is no reason to delete."""
    wanted = tuple(sorted(owners))
    found: set[str] = set()
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        known = unit.store.pick(of.cls, ("id",), Is("id", "in", part))
        about = All(Is("subject", "eq", of.name), Is("subject_id", "in", part))
        told = unit.store.pick(FactRow, ("subject_id",), about)
        found |= set(part) - {ident for (ident,) in (*known, *told)}
    return found


def _unmatched(spec: EntitySpec, wanted: Iterable[Any], left: list[Any]) -> list[Any]:
    """The wanted rows that are not among the stored ones; those that are leave ``left``."""
    free = _free(spec)
    names = [field.name for field in attrs.fields(spec.cls) if field.name not in free]
    contents = [[getattr(row, name) for name in names] for row in left]
    missing: list[Any] = []
    for row in wanted:
        content = [getattr(row, name) for name in names]
        if content in contents:
            place = contents.index(content)
            del contents[place], left[place]
        else:
            missing.append(row)
    return missing


def _free(spec: EntitySpec) -> tuple[str, ...]:
    """Fields of which no fact tells."""
    return (*(LEASE if spec.claimable else ()), *(("id",) if _projection(spec).of else ()))


def _key(spec: EntitySpec, row: Any) -> str:
    return "/".join(str(value) for value in (getattr(row, name) for name in _projection(spec).names) if value)


def _projection(spec: EntitySpec) -> Projection:
    assert spec.projection is not None  # noqa: S101  nobody else gets here
    return spec.projection


def _wrong(spec: EntitySpec, ident: str, row: Any, how: str, fields: tuple[str, ...] = (), **more: Any) -> Wrong:
    key = _key(spec, row) if row is not None else ""
    return Wrong(Difference(subject_id=ident, what=spec.name, key=key, how=how, fields=fields), spec, **more)
