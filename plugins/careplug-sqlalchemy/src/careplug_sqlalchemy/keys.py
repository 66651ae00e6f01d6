"""The keys that encrypt a database, noted in it: whoever opens it without one of them is refused before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection, Engine, exc, insert, inspect, select, update

from careplug.clock import system_now
from careplug.encryption import Cipher
from careplug.errors import Invalid
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.sealing import place
from careplug_sqlalchemy.tables import KEYS

__all__ = ["Key", "guard", "note", "note_first", "read", "read_all", "refuse", "retire"]

_PROOF = "careplug"


@attrs.frozen
class Key:
    """A key as it is noted: its id, whose it is, a known text under it, and since when nothing else is under it."""

    id: str
    cipher: str
    proof: str
    retired_at: datetime | None


def read(connection: Connection, bound: Bound) -> dict[str, Key]:
    """The noted keys by id; none where the table is not there."""
    table = bound.cipher_keys
    if not inspect(connection).has_table(table.name, schema=bound.schema):
        return {}
    rows = connection.execute(select(table.c.id, table.c.cipher, table.c.proof, table.c.retired_at))
    return {row.id: Key(row.id, row.cipher, row.proof, row.retired_at) for row in rows}


def read_all(engine: Engine, bound: Bound) -> dict[str, Key]:
    """As ``read``, on a connection of its own."""
    try:
        with begin(engine, writes=False) as connection:
            return read(connection, bound)
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="cipher") from raised


def guard(engine: Engine, bound: Bound) -> None:
    """Refuse a database whose keys are not at hand."""
    refuse(read_all(engine, bound), bound.sealer.cipher if bound.sealer is not None else None)


def refuse(found: Mapping[str, Key], cipher: Cipher | None) -> None:
    """``Invalid`` names the first key in use that the cipher lacks, or that it opens no text with."""
    for key in (key for key in found.values() if key.retired_at is None):
        if cipher is None:
            raise error(Invalid, "storage.cipher_missing", field="database.cipher", cipher=key.cipher, key=key.id)
        if key.id not in cipher.keys:
            raise error(Invalid, "storage.cipher_key", field=f"cipher.{key.id}", key=key.id, cipher=cipher.name)
        cipher.open(key.proof, place(KEYS, "proof", key.id))


def note(connection: Connection, bound: Bound, found: Mapping[str, Key]) -> bool:
    """Note the key that encrypts from now on, before anything is under it; whether it had to be noted."""
    if bound.sealer is None:
        return False
    cipher, table = bound.sealer.cipher, bound.cipher_keys
    first = cipher.keys[0]
    if first in found:
        if found[first].retired_at is None:
            return False
        connection.execute(update(table).where(table.c.id == first).values(retired_at=None))
        return True
    proof = cipher.seal(_PROOF, place(KEYS, "proof", first))
    row = {"id": first, "cipher": cipher.name, "proof": proof, "made_at": system_now(), "retired_at": None}
    connection.execute(insert(table), row)
    return True


def note_first(engine: Engine, bound: Bound) -> None:
    """As ``note``, in a transaction of its own; another process may be faster."""
    if bound.sealer is None:
        return
    first = bound.sealer.cipher.keys[0]
    known = read_all(engine, bound)
    if first in known and known[first].retired_at is None:
        return
    connection = begin(engine, writes=True)
    try:
        note(connection, bound, read(connection, bound))
        connection.commit()
    except exc.IntegrityError:
        connection.rollback()
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="cipher") from raised
    finally:
        connection.close()


def retire(engine: Engine, bound: Bound, keep: Sequence[str]) -> tuple[str, ...]:
    """Note that nothing is under the other keys any more; which they were."""
    table = bound.cipher_keys
    connection = begin(engine, writes=True)
    try:
        known = read(connection, bound).values()
        gone = tuple(sorted(key.id for key in known if key.retired_at is None and key.id not in keep))
        connection.execute(update(table).where(table.c.id.in_(gone)).values(retired_at=system_now()))
        connection.commit()
        return gone
    except exc.SQLAlchemyError as raised:
        raise translate(raised, field="cipher") from raised
    finally:
        connection.close()
