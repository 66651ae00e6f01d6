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
    select,
    union_all,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import True_

from careplug.criteria import Criteria
from careplug.searching import Hit, asked_of
from careplug.words import Group
from careplug_sqlalchemy.compile import Builder, Question
from careplug_sqlalchemy.searching import FTS, Shelf

if TYPE_CHECKING:
    from careplug_sqlalchemy.statements import Mapper
    from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["search"]

_LAST = 250
"""The newest rows, among which a common word fills a page."""
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
    asked, tell = asked_of(mapper.spec, text, unit.tenant, access), _ways(unit.bound.shelf)[1]
    question = Question(mapper.codec)
    shape = question.shape(criteria)
    size = limit + _SPARE
    values = {**question.values, "b_entity": mapper.name, "b_tenant": unit.tenant, "b_limit": size}
    values |= {"b_head": tell(asked.head), "b_words": tell(asked.groups)}

    def page(rounds: Sequence[str], after: int | None = None) -> list[Any]:
        """The next rows of each round, in order."""
        key = ("search", shape, rounds, after is None)
        statement = mapper.keep(
            key, lambda: _statement(unit.bound.shelf, mapper, shape, rounds, after=after is not None)
        )
        rows = unit.run(statement, {**values, "b_after": after}, mapper.name).all()
        return sorted(rows, key=_ORDER, reverse=True)

    rounds = ("head", "words") if asked.head else ("words",)
    first = page(rounds)
    hits: dict[str, Hit[Any]] = {}
    for each in rounds:
        rows = [row for row in first if row[0] == (each == "head")]
        _collect(mapper, rows, hits, limit)
        while len(rows) == size and len(hits) < limit:
            rows = page((each,), rows[-1][1])
            _collect(mapper, rows, hits, limit)
    return list(hits.values())


def _collect(mapper: Mapper, rows: Iterable[Any], hits: dict[str, Hit[Any]], limit: int) -> None:
    """Add the hits of entities that are not there yet, until there are enough."""
    for row in rows:
        if len(hits) == limit:
            return
        if row[4] is not None and row[4] not in hits:
            hits[row[4]] = Hit(mapper.entity(row[5:]), row[0] == 1, row[2], row[3])


# -- the statement --


def _statement(shelf: Shelf, mapper: Mapper, shape: Any, rounds: Sequence[str], *, after: bool) -> Executable:
    """SELECT of a page of each round: whether it is that of heads, serial, source, its id, the entity's id (NULL where there
    is none any more) and columns.

    ``head`` is the round of words that come first, asked for as ``b_head``; ``words`` that of all, as ``b_words``. Only
    what is found is joined with its many columns.
    """
    criteria = Builder(mapper.columns, mapper.codec).clause(shape)
    pages = _Pages(shelf, mapper, None if isinstance(criteria, True_) else criteria, after=after)
    parts = pages.hasty if shelf.dialect.name == "postgresql" else pages.plain
    found = union_all(*(part for each in rounds for part in parts(each))).subquery("found")
    ident, index = mapper.columns["id"], found.c
    columns = (index.is_head, index.serial, index.source, index.source_id, ident.label("entity_id"), *mapper.picked)
    return select(*columns).select_from(found.outerjoin(mapper.table, _leads(index, mapper)))


class _Pages:
    """The parts of the statement of a search: pages of the index, what came last first."""

    def __init__(self, shelf: Shelf, mapper: Mapper, criteria: ColumnElement[bool] | None, *, after: bool) -> None:
        self._shelf = shelf
        self._match = _ways(shelf)[0]
        self._mapper = mapper
        self._criteria = criteria
        self._after = after

    def plain(self, name: str) -> Iterator[Select[Any]]:
        """The index, which SQLite reads backwards until the page is full."""
        words = self._shelf.table
        place: ColumnElement[Any] = words.c.serial
        source: FromClause = words
        if self._shelf.dialect.name == "sqlite":
            place = self._shelf.fts.c.rowid
            source = self._shelf.fts.join(words, words.c.serial == place)
        yield _inner(self._page(name, words.c, source, place, *self._wanted(name, words)))

    def hasty(self, name: str) -> Iterator[Select[Any]]:
        """PostgreSQL: the last rows where they fill the page; else all of a word that stands in few rows; else what is
        read backwards until the page is full.

        Its planner has no figures about most words: it would read the whole table backwards for a rare one, or sort all
        rows of a common one. What is not needed is not begun, for its condition depends on no row and is tested once.
        """
        words, place = self._shelf.table, self._shelf.table.c.serial
        last = self._before(select(words), place).order_by(place.desc()).limit(_LAST).subquery()
        found = self._page(name, last.c, last, last.c.serial, *self._wanted(name, last))
        recent = found.cte(f"recent_{name}").prefix_with("MATERIALIZED")
        filled = _count(recent) >= _limit()
        yield select(recent).where(filled)
        narrow = (words.c[column] for column in ("serial", "source", "source_id", "tenant", "id"))
        all_of_it = select(*narrow).where(*self._wanted(name, words), not_(filled)).limit(_FEW)
        few = all_of_it.cte(f"few_{name}").prefix_with("MATERIALIZED")
        many = _count(few) >= _FEW
        yield _inner(self._page(name, few.c, few, few.c.serial, not_(many)))
        yield _inner(self._page(name, words.c, words, place, *self._wanted(name, words), many))

    def _wanted(self, name: str, words: FromClause) -> tuple[ColumnElement[bool], ...]:
        """That a row of the index is of the entity and tenant, and has the words."""
        own = (words.c.entity == bindparam("b_entity"), words.c.tenant == bindparam("b_tenant"))
        return (self._match(words, bindparam(f"b_{name}", type_=Text())), *own)

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


def _each(group: Group, plain: str, prefix: str) -> list[str]:
    form = prefix if group.prefix else plain
    return [form.format(token) for token in group.tokens]
