"""The timeline of a unit of work: subjects are held, facts appended, rows written once at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs

from careplug.clock import to_text
from careplug.contributions import FactType
from careplug.criteria import All, Is, Order
from careplug.errors import Conflict, Invalid, NotFound
from careplug.ports import Unit
from careplug.refs import new_id, random_id
from careplug.timeline import chain
from careplug.timeline.facts import Fact, FactRow, Personal, encode, facts_of, make_row, plain, split
from careplug.timeline.folding import fold_one

__all__ = ["Timeline"]

T = TypeVar("T")

FUTURE_SLACK = timedelta(minutes=5)
"""How far ahead of our clock an explicit time may lie: other machines' clocks differ a little."""


@attrs.define
class _Held:
    was: Any
    now: Any
    fresh: bool = False
    story: list[Fact] | None = None


class Timeline:
    """Holds the subjects of one unit and appends facts to them.

    A subject is an entity with ``id, tenant, sequence, head, last_at``. It is read and locked once,
    changed by facts only, and written back when the unit flushes.

    In the host's transaction stories are read with a lock too: at MariaDB's REPEATABLE READ a plain read shows the
    host's snapshot, and what others wrote before the subject was locked would be missing.
    """

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._held: dict[tuple[str, str], _Held] = {}
        self._read: dict[tuple[str, str], list[Fact]] = {}

    def new(self, name: str, subject: T) -> T:
        """Hold a subject that is not stored yet."""
        self._held[name, subject.id] = _Held(None, subject, fresh=True, story=[])  # type: ignore[attr-defined]
        return subject

    def hold(self, name: str, cls: type[T], ident: str, *, expected: int | None = None) -> T:
        """Read and lock a subject. ``NotFound``; ``Conflict`` where its version is not the expected one."""
        held = self._held.get((name, ident))
        if held is None:
            stored = self.unit.store.get(cls, ident, lock=True)
            if stored is None:
                raise NotFound(f"{name}.missing", field=f"{name}.id", value=ident)
            held = self._held[name, ident] = _Held(stored, stored)
        version = getattr(held.now, "version", None)
        if expected is not None and version != expected:
            raise Conflict("version.stale", field=f"{name}.version", expected=expected, found=version)
        return held.now  # type: ignore[no-any-return]

    def hold_many(self, name: str, cls: type[T], idents: Sequence[str]) -> dict[str, T]:
        """Read and lock several subjects and their stories with two queries; missing ones are left out.

        Rows are locked in the order of their ids, so that two batches cannot wait for each other.
        """
        wanted = tuple(sorted(ident for ident in set(idents) if (name, ident) not in self._held))
        if wanted:
            rows = self.unit.store.find(cls, Is("id", "in", wanted), order=(Order("id"),), lock=True)
            stories = self._stories(name, wanted, lock=self.unit.joined)
            for row in rows:
                ident = row.id  # type: ignore[attr-defined]
                self._held[name, ident] = _Held(row, row, story=stories[ident])
        return {ident: self._held[name, ident].now for ident in idents if (name, ident) in self._held}

    def look_at(self, name: str, idents: Sequence[str]) -> None:
        """Read the stories of several subjects with one query, for ``bare_facts``; those looked at before are let go."""
        stories = self._stories(name, tuple(idents), lock=False) if idents else {}
        self._read = {(name, ident): story for ident, story in stories.items()}

    def _stories(self, name: str, idents: tuple[str, ...], *, lock: bool) -> dict[str, list[Fact]]:
        """The facts of subjects, in sequence, without their personal values."""
        criteria = All(Is("subject", "eq", name), Is("subject_id", "in", idents))
        order = (Order("subject_id"), Order("sequence"))
        found: dict[str, list[Fact]] = {ident: [] for ident in idents}
        for fact in facts_of(self.unit.store.find(FactRow, criteria, order=order, lock=lock), ()):
            found[fact.subject_id].append(fact)
        return found

    def current(self, name: str, ident: str) -> Any:
        """A held subject as the facts of this unit left it; None where it is not held."""
        held = self._held.get((name, ident))
        return None if held is None else held.now

    def append(
        self,
        name: str,
        ident: str,
        type_name: str,
        data: Mapping[str, Any],
        *,
        at: datetime | None = None,
        actor: str | None = None,
        origin: str = "live",
        quiet: bool = False,
        veiled: bool = False,
    ) -> Fact:
        """Append a fact to a held subject, fold it onto the subject, and tell the handlers (unless ``quiet``).

        A ``veiled`` one does not tell when it was written: ``recorded_at`` is the given ``at``, its id says no time.
        """
        held = self._held[name, ident]
        before = held.now
        kind = self.unit.setup.fact_types.get((name, type_name))
        if kind is None:
            raise Invalid("fact.type", field="fact.type", value=type_name, subject=name)
        now = self.unit.now()
        content: dict[str, Any] = {
            "subject": name,
            "subject_id": ident,
            "sequence": before.sequence + 1,
            "at": self._moment(at, now, before.last_at, origin),
            "recorded_at": now if at is None or not veiled else at,
            "actor": actor or self.unit.actor.key,
            "type": type_name,
            "origin": origin,
            "data": {key: plain(value, key) for key, value in data.items()},
            "tenant": self.unit.tenant,
            "id": random_id() if veiled else new_id(),
        }
        # Built twice rather than evolved: half the cost, on the path of every fact.
        fact = Fact(**content, hash=self._store(Fact(**content), before.head, kind))
        held.now = fold_one(kind, before, fact)
        if held.story is not None:
            held.story.append(fact)
        if not quiet:
            self.unit.dispatch(fact, before, held.now)
        return fact

    def replace(self, name: str, ident: str, subject: Any) -> None:
        """Put a subject folded anew (after a voided fact) in the held one's place."""
        self._held[name, ident].now = subject

    def facts(self, name: str, ident: str, types: Sequence[str] = ()) -> list[Fact]:
        """The facts of a subject, in sequence; only those types where given."""
        parts: list[Any] = [Is("subject", "eq", name), Is("subject_id", "eq", ident)]
        wanted = [*parts, Is("type", "in", tuple(types))] if types else parts
        order = (Order("sequence"),)
        lock = self.unit.joined and (name, ident) in self._held
        rows = self.unit.store.find(FactRow, All(*wanted), order=order, lock=lock)
        personals = self.unit.store.find(Personal, All(*parts), order=order, lock=lock)
        return facts_of(rows, personals)

    def bare_facts(self, name: str, ident: str) -> Sequence[Fact]:
        """As ``facts``, personal values perhaps missing: enough for clocks. Read once a unit for held subjects, and for
        those that ``look_at`` read.
        """
        held = self._held.get((name, ident))
        if held is not None and held.story is not None:
            return held.story
        if held is None and (name, ident) in self._read:
            return self._read[name, ident]
        criteria = All(Is("subject", "eq", name), Is("subject_id", "eq", ident))
        lock = self.unit.joined and held is not None
        found = facts_of(self.unit.store.find(FactRow, criteria, order=(Order("sequence"),), lock=lock), ())
        if held is not None:
            held.story = found
        return found

    def is_new(self, name: str, ident: str) -> bool:
        """Whether a subject began in this unit and nothing was projected of it yet."""
        held = self._held.get((name, ident))
        return held is not None and held.fresh

    def remember_written(self, name: str, ident: str) -> None:
        """Note that projections of a new subject were written: the next one has to look for them."""
        held = self._held.get((name, ident))
        if held is not None:
            held.fresh = False

    def hush(self, fact: Fact) -> None:
        """Let nobody find anything any more by what a fact says."""
        beside = self.unit.store.get(Personal, fact.id)
        if beside is not None and beside.words:
            self.unit.store.save(attrs.evolve(beside, words={}), was=beside)

    def flush(self) -> None:
        """Write every held subject that changed."""
        changed: list[tuple[Any, Any]] = []
        for held in self._held.values():
            if held.was is None:
                self.unit.store.add(held.now)
            elif held.now is not held.was:
                changed.append((held.now, held.was))
            held.was = held.now
        if changed:
            self.unit.store.save_all(changed)

    def _store(self, fact: Fact, head: str, kind: FactType) -> str:
        """Write a fact's row and personal values; its hash."""
        open_part, beside = split(fact.data, kind.personal)
        text = encode(open_part)
        row = make_row(fact, text, chain.seal(head or chain.START, make_row(fact, text, "")))
        self.unit.store.add(row)
        if beside:
            self.unit.store.add(
                Personal(
                    id=row.id,
                    tenant=fact.tenant,
                    subject=fact.subject,
                    subject_id=fact.subject_id,
                    sequence=fact.sequence,
                    values=beside,
                    words={key: access for key, access in kind.search.items() if key in beside},
                )
            )
        return row.hash

    def _moment(self, at: datetime | None, now: datetime, last: datetime | None, origin: str) -> datetime:
        usual = max(now, last) if last is not None else now
        if at is None:
            return usual
        if at > usual + FUTURE_SLACK and origin != "import":
            raise Invalid("fact.future", field="at.future", value=to_text(at), now=to_text(now))
        return at
