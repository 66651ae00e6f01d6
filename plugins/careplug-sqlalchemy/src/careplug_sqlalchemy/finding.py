"""Asking the index of words: what came last first, read no further than a page, in each database by the way that is short."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import True_

from careplug.criteria import Criteria
from careplug.searching import Hit, asked_of
from careplug.words import Asked, Group
from careplug_sqlalchemy.compile import Builder, Question
from careplug_sqlalchemy.searching import FTS, Shelf
from careplug_sqlalchemy.types import MARIADB

if TYPE_CHECKING:
    from careplug_sqlalchemy.statements import Mapper
    from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["search", "told"]

_LAST = 250
"""The last rows of the index, among which a common word fills a page."""
_DEEP = 10_000
"""How many more of the last rows PostgreSQL looks through for a word that stands in some of the very last."""
_SOME = 2
"""So many of the very last rows promise that a page is filled from not much further back."""
_FEW = 2_000
"""A word that stands in fewer rows has all of them sorted."""
_SPARE = 5
"""Rows more than asked for, as several may lead to one entity."""
_ORDER = operator.itemgetter(0, 1)
"""Of the rows that are found: those of heads first, what came last before others."""


def search(
    unit: SqlTransaction, mapper: Mapper, text: str, criteria: Criteria | None, access: Collection[str], limit: int
) -> list[Hit[Any]]:
    """The hits of a text, at most ``limit``; one for each entity, the best one."""
    asked = asked_of(mapper.spec, text, unit.tenant, access)
    reader = _Reader(unit, mapper, asked, criteria, limit + _SPARE)
    first = reader.first()
    hits: dict[str, Hit[Any]] = {}
    for each in reader.rounds:
        rows = [row for row in first if row[0] == (each == "head")]
        _collect(mapper, rows, hits, limit)
        while len(rows) == reader.size and len(hits) < limit:
            rows = reader.page((each,), rows[-1][1])
            _collect(mapper, rows, hits, limit)
    return list(hits.values())


class _Reader:
    """Reads pages of ``size`` rows of the rounds of a search: that of words that come first, that of all."""

    def __init__(
        self, unit: SqlTransaction, mapper: Mapper, asked: Asked, criteria: Criteria | None, size: int
    ) -> None:
        self.rounds: tuple[str, ...] = ("head", "words") if asked.head else ("words",)
        self.size = size
        self._unit = unit
        self._mapper = mapper
        self._shelf = unit.bound.shelf
        question = Question(mapper.codec)
        self._shape = question.shape(criteria)
        self._groups = len(asked.groups)
        self._values = {**question.values, "b_entity": mapper.name, "b_tenant": unit.tenant, "b_limit": size}
        for name, groups in (("head", asked.head), ("words", asked.groups)):
            self._values[f"b_{name}"] = told(self._shelf, groups)
            if self._shelf.dialect.name in MARIADB:
                self._values |= {f"b_{name}_{at}": _expression(group) for at, group in enumerate(groups)}

    def first(self) -> list[Any]:
        """The first rows of each round that is needed.

        MariaDB's index fetches and sorts all rows of a word, a second for a few hundred thousand: there the last rows are
        read first, and it is only asked for the rounds that these do not fill.
        """
        if self._shelf.dialect.name not in MARIADB:
            return self.page(self.rounds)
        last, found = self.page(self.rounds, groups=self._groups), []
        missing = []
        for each in self.rounds:
            rows = [row for row in last if row[0] == (each == "head")]
            if len(rows) < self.size:
                missing.append(each)
                continue
            found += rows
            if each == "head":
                break
        return found + self.page(tuple(missing)) if missing else found

    def page(self, rounds: tuple[str, ...], after: int | None = None, groups: int = 0) -> list[Any]:
        """The next rows of each round, in order; with a number of ``groups`` of words only from the last of the index."""
        key = ("search", self._shape, rounds, after is None, groups)
        statement = self._mapper.keep(key, lambda: self._statement(rounds, after is not None, groups))
        rows = self._unit.run(statement, {**self._values, "b_after": after}, self._mapper.name).all()
        return sorted(rows, key=_ORDER, reverse=True)

    def _statement(self, rounds: Sequence[str], after: bool, groups: int) -> Executable:  # noqa: FBT001  its key
        """SELECT of a page of each round: whether it is that of heads, serial, source, its id, the entity's id (NULL where
        there is none any more) and columns.

        A round takes its words as ``b_head`` or ``b_words``. Only what is found is joined with its many columns.
        """
        mapper = self._mapper
        criteria = Builder(mapper.columns, mapper.codec).clause(self._shape)
        pages = _Pages(self._shelf, mapper, None if isinstance(criteria, True_) else criteria, after=after)
        found = union_all(*(part for each in rounds for part in pages.parts(each, groups))).subquery("found")
        ident, index = mapper.columns["id"], found.c
        columns = (index.is_head, index.serial, index.source, index.source_id, ident.label("entity_id"), *mapper.picked)
        return select(*columns).select_from(found.outerjoin(mapper.table, _leads(index, mapper)))


def _collect(mapper: Mapper, rows: Iterable[Any], hits: dict[str, Hit[Any]], limit: int) -> None:
    """Add the hits of entities that are not there yet, until there are enough."""
    for row in rows:
        if len(hits) == limit:
            return
        if row[4] is not None and row[4] not in hits:
            hits[row[4]] = Hit(mapper.entity(row[5:]), row[0] == 1, row[2], row[3])


class _Pages:
    """The parts of the statement of a search: pages of the index, what came last first."""

    def __init__(self, shelf: Shelf, mapper: Mapper, criteria: ColumnElement[bool] | None, *, after: bool) -> None:
        self._shelf = shelf
        self._match = _ways(shelf)[0]
        self._mapper = mapper
        self._criteria = criteria
        self._after = after

    def parts(self, name: str, groups: int) -> Iterator[Select[Any]]:
        """Those of a round; with a number of ``groups`` only from the last rows."""
        if groups:
            return self.latest(name, groups)
        return self.hasty(name) if self._shelf.dialect.name == "postgresql" else self.plain(name)

    def plain(self, name: str) -> Iterator[Select[Any]]:
        """The index, which SQLite reads backwards until the page is full."""
        words = self._shelf.table
        place: ColumnElement[Any] = words.c.serial
        source: FromClause = words
        if self._shelf.dialect.name == "sqlite":
            place = self._shelf.fts.c.rowid
            source = self._shelf.fts.join(words, words.c.serial == place)
        yield _inner(self._page(name, words.c, source, place, *self._wanted(name, words)))

    def latest(self, name: str, groups: int) -> Iterator[Select[Any]]:
        """MariaDB: the last rows of the index, each compared with an expression for each group of words."""
        index, place = self._shelf.table, self._shelf.table.c.serial
        last = self._before(select(place), place).order_by(place.desc()).limit(_LAST).subquery()
        source = last.join(index, place == last.c.serial)
        words = [index.c.words.regexp_match(bindparam(f"b_{name}_{at}", type_=Text())) for at in range(groups)]
        yield _inner(self._page(name, index.c, source, last.c.serial, *words, *_own(index)))

    def hasty(self, name: str) -> Iterator[Select[Any]]:
        """PostgreSQL: the last rows where they fill the page; else more of the last where some were among these; else all of
        a word that stands in few rows; else what is read backwards until the page is full.

        Its planner has no figures about most words: it would read the whole table backwards for a rare one, or sort all
        rows of a common one. What is not needed is not begun, for its condition depends on no row and is tested once.
        """
        words, place = self._shelf.table, self._shelf.table.c.serial
        recent = self._last(name, _LAST).cte(f"recent_{name}").prefix_with("MATERIALIZED")
        filled = _count(recent) >= _limit()
        yield select(recent).where(filled)
        promising = and_(not_(filled), _count(recent) >= _SOME)
        deep = self._last(name, _DEEP, promising).cte(f"deep_{name}").prefix_with("MATERIALIZED")
        enough = or_(filled, _count(deep) >= _limit())
        yield select(deep).where(and_(not_(filled), enough))
        narrow = (words.c[column] for column in ("serial", "source", "source_id", "tenant", "id"))
        all_of_it = select(*narrow).where(*self._wanted(name, words), not_(enough)).limit(_FEW)
        few = all_of_it.cte(f"few_{name}").prefix_with("MATERIALIZED")
        many = _count(few) >= _FEW
        yield _inner(self._page(name, few.c, few, few.c.serial, not_(many)))
        yield _inner(self._page(name, words.c, words, place, *self._wanted(name, words), many))

    def _last(self, name: str, rows: int, *clauses: ColumnElement[bool]) -> Select[Any]:
        """A page of the last rows of the index."""
        words, place = self._shelf.table, self._shelf.table.c.serial
        last = self._before(select(words), place).order_by(place.desc()).limit(rows).subquery()
        return self._page(name, last.c, last, last.c.serial, *self._wanted(name, last), *clauses)

    def _wanted(self, name: str, words: FromClause) -> tuple[ColumnElement[bool], ...]:
        """That a row of the index is of the entity and tenant, and has the words.

        The tokens say whose they are, so this only looks over what was found; PostgreSQL is kept from reading the index of
        a tenant's rows for it, which for a large one are all there are.
        """
        entity, tenant = _own(words)
        if self._shelf.dialect.name == "postgresql":
            tenant = words.c.tenant.concat(literal_column("''")) == bindparam("b_tenant")
        return self._match(words, bindparam(f"b_{name}", type_=Text())), entity, tenant

    def _page(
        self, name: str, index: Any, source: FromClause, place: ColumnElement[Any], *clauses: ColumnElement[bool]
    ) -> Select[Any]:
        """A page of some rows of the index whose entities match."""
        if self._criteria is not None:
            source = source.join(self._mapper.table, _leads(index, self._mapper))
            clauses = (*clauses, self._criteria, self._mapper.columns["tenant"] == bindparam("b_tenant"))
        head = literal_column(str(int(name == "head")), Integer).label("is_head")
        found = select(head, index.serial, index.source, index.source_id, index.tenant, index.id)
        found = found.select_from(source).where(*clauses)
        return self._before(found, place).order_by(place.desc()).limit(_limit())

    def _before(self, found: Select[Any], place: ColumnElement[Any]) -> Select[Any]:
        return found.where(place < bindparam("b_after", type_=BigInteger())) if self._after else found


def _own(words: FromClause) -> tuple[ColumnElement[bool], ...]:
    return words.c.entity == bindparam("b_entity"), words.c.tenant == bindparam("b_tenant")


def _leads(index: Any, mapper: Mapper) -> ColumnElement[bool]:
    """That a row of the index leads to an entity."""
    return and_(mapper.columns["id"] == index.id, mapper.columns["tenant"] == index.tenant)


def _inner(page: Select[Any]) -> Select[Any]:
    """A page as a part of a UNION, where SQLite allows it no order of its own."""
    return select(page.subquery())


def _count(part: FromClause) -> ColumnElement[Any]:
    return select(func.count()).select_from(part).scalar_subquery()


def _limit() -> BindParameter[int]:
    return bindparam("b_limit", type_=Integer())


# -- how each database is asked: its condition on a table's words, and its text of what is asked --


def _mariadb(words: FromClause, asked: BindParameter[str]) -> ColumnElement[bool]:
    return mysql.match(words.c.words, against=asked).in_boolean_mode()


def _sqlite(_: FromClause, asked: BindParameter[str]) -> ColumnElement[bool]:
    return literal_column(FTS).bool_op("MATCH")(asked)


def _postgresql(words: FromClause, asked: BindParameter[str]) -> ColumnElement[bool]:
    return words.c.words.bool_op("@@")(cast(asked, postgresql.TSQUERY))


def _mariadb_text(groups: Iterable[Group]) -> str:
    return " ".join(f"+({' '.join(_each(group, '{}', '{}*'))})" for group in groups)


def _expression(group: Group) -> str:
    """What finds one of a group in MariaDB's list of tokens between blanks."""
    return f"(^| )({'|'.join(group.tokens)}){'' if group.prefix else '( |$)'}"


def _sqlite_text(groups: Iterable[Group]) -> str:
    return " AND ".join(f"({' OR '.join(_each(group, _QUOTED, f'{_QUOTED} *'))})" for group in groups)


def _postgresql_text(groups: Iterable[Group]) -> str:
    return " & ".join(f"({' | '.join(_each(group, '{}', '{}:*'))})" for group in groups)


_Ways: TypeAlias = tuple[
    Callable[[FromClause, BindParameter[str]], ColumnElement[bool]], Callable[[Iterable[Group]], str]
]
_QUOTED = '"{}"'
_WAYS: Mapping[str, _Ways] = {"sqlite": (_sqlite, _sqlite_text), "postgresql": (_postgresql, _postgresql_text)}


def _ways(shelf: Shelf) -> _Ways:
    return _WAYS.get(shelf.dialect.name, (_mariadb, _mariadb_text))


def told(shelf: Shelf, groups: Iterable[Group]) -> str:
    """What is asked for, as the index of a database takes it."""
    return _ways(shelf)[1](groups)


def _each(group: Group, plain: str, prefix: str) -> list[str]:
    form = prefix if group.prefix else plain
    return [form.format(token) for token in group.tokens]
