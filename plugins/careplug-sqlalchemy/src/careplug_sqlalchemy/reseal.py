"""From one key to another: what is stored under which key, and some rows of it at a time under another one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, case, exc, func, or_, select

from careplug.encryption import Sealed
from careplug.errors import NotFound
from careplug_sqlalchemy import keys
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.sealing import EMPTY, RowSeal, is_empty, place
from careplug_sqlalchemy.statements import Mapper

__all__ = ["BATCH", "counts", "reseal"]

BATCH = 200
"""Rows of one transaction."""


def counts(engine: Engine, bound: Bound) -> list[Sealed]:
    """How many values are under which key, plain ones under none; by entity, in the order of names."""
    if bound.sealer is None:
        return []
    known = sorted({*keys.read_all(engine, bound), *bound.sealer.cipher.keys})
    found: list[Sealed] = []
    try:
        with begin(engine, writes=False) as connection:
            for mapper in _sealing(bound):
                found.extend(_count(connection, bound, mapper, known))
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="cipher") from raised
    return found


def reseal(
    engine: Engine, bound: Bound, name: str, *, sources: Sequence[str], plain: bool, after: str
) -> tuple[int, str]:
    """Rewrite the values of the next rows that are under one of the ``sources``; how many, and where to go on."""
    mapper = next((item for item in _sealing(bound) if item.name == name), None)
    if mapper is None or mapper.seal is None:
        raise error(NotFound, "storage.no_seal", field=f"cipher.{name}", value=name)
    connection = begin(engine, writes=True)
    try:
        rows = _rows(connection, mapper, after)
        changed = [_changed(mapper.seal, row, sources, plain=plain) for row in rows]
        for row, values in zip(rows, changed, strict=True):
            if values:
                statement = mapper.change(frozenset(values), row["tenant"])
                connection.execute(statement, {**values, "b_id": row["id"], "b_tenant": row["tenant"]})
        connection.commit()
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field=name) from raised
    finally:
        connection.close()
    further = json.dumps([rows[-1]["id"], rows[-1]["tenant"]]) if len(rows) == BATCH else ""
    return sum(map(len, changed)), further


def _sealing(bound: Bound) -> list[Mapper]:
    return sorted((item for item in bound.mappers.values() if item.codec.sealed), key=lambda item: item.name)


def _count(connection: Connection, bound: Bound, mapper: Mapper, known: Sequence[str]) -> list[Sealed]:
    totals = dict.fromkeys(("", *known), 0)
    for name in sorted(mapper.codec.sealed):
        column = mapper.columns[name]
        cipher = bound.sealer.cipher if bound.sealer is not None else None
        heads = [cipher.prefix(key) for key in known] if cipher is not None else []
        under = [func.sum(case((func.substr(column, 1, len(head)) == head, 1), else_=0)) for head in heads]
        empty = EMPTY if mapper.seal is not None and mapper.seal.documents[name] else ("",)
        row = connection.execute(select(func.count(), *under).where(column.is_not(None), column.not_in(empty))).one()
        values = [int(value or 0) for value in row]
        totals[""] += values[0] - sum(values[1:])
        for key, value in zip(known, values[1:], strict=True):
            totals[key] += value
    return [Sealed(mapper.name, key, value) for key, value in totals.items() if value]


def _rows(connection: Connection, mapper: Mapper, after: str) -> list[dict[str, Any]]:
    ident, tenant = json.loads(after) if after else ("", "")
    columns = mapper.columns
    beyond = or_(
        columns["id"] > bindparam("b_id"),
        and_(columns["id"] == bindparam("b_id"), columns["tenant"] > bindparam("b_tenant")),
    )
    wanted = [columns[name] for name in ("id", "tenant", *sorted(mapper.codec.sealed))]
    found = select(*wanted).where(beyond).order_by(columns["id"], columns["tenant"]).limit(BATCH).with_for_update()
    return [dict(row) for row in connection.execute(found, {"b_id": ident, "b_tenant": tenant}).mappings()]


def _changed(seal: RowSeal, row: dict[str, Any], sources: Sequence[str], *, plain: bool) -> dict[str, str]:
    """The values of a row that have to be written anew. A text that only looks like sealed is plain."""
    sealer, made = seal.sealer, {}
    for name, document in seal.documents.items():
        stored = row[name]
        if stored is None or is_empty(stored, document=document) or sealer.key_of(stored) not in sources:
            continue
        where = place(seal.entity, name, row["id"])
        text = sealer.open(stored, where)
        made[name] = text if plain else sealer.cipher.seal(text, where)
    return made
