"""One Core table per entity, and the bookkeeping table, derived from the specs alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import BigInteger, Column, Index, MetaData, SmallInteger, Table, text
from sqlalchemy import Sequence as Counter
from sqlalchemy.types import TypeEngine

from careplug import entity
from careplug.entity import EntitySpec
from careplug.errors import Invalid
from careplug.rows import Codec, codecs
from careplug.searching import Index as WordIndex
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.types import Instant, Zero, column_type, key_bytes, stored

__all__ = [
    "COUNTER",
    "KEYS",
    "PREFIX",
    "RECORD",
    "bookkeeping",
    "cipher_keys",
    "counter",
    "default_of",
    "options",
    "shape",
    "tables",
]

PREFIX = "careplug_"
"""What every table, index and sequence of ours begins with."""

RECORD = f"{PREFIX}schema"
"""The table of what was applied, per plugin and entity."""

KEYS = f"{PREFIX}cipher_key"
"""The table of the keys that encrypt this database; there only where one does, or did."""

COUNTER = f"{PREFIX}number"
"""The sequence of people's numbers; on SQLite a table with one row."""

_KEY_LIMIT = 3072
_ROW_LIMIT = 65_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_TENANT = entity.Column("tenant", "text", "tenant", length=100)


def tables(
    specs: Sequence[EntitySpec],
    metadata: MetaData | None = None,
    schema: str | None = None,
    known: Mapping[type, Codec] | None = None,
) -> dict[str, Table]:
    """The table of every entity by its name, in ``metadata`` (a host's own, or a new one).

    ``known`` are the codecs where they are made already. ``Invalid`` names an entity whose index or row no supported
    database could keep.
    """
    where = MetaData() if metadata is None else metadata
    known = known if known is not None else codecs(specs)
    return {spec.name: _table(known[spec.cls], where, schema) for spec in specs}


def bookkeeping(metadata: MetaData, schema: str | None = None) -> Table:
    """The table of applied entities. ``progress`` is the last id an unfinished rewrite has done."""
    return Table(
        RECORD,
        metadata,
        Column("entity", _type("text", 60), primary_key=True),
        Column("plugin", _type("text", 100), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("digest", _type("text", 64), nullable=False),
        Column("shape", _type("long"), nullable=False),
        Column("progress", _type("text", 200), nullable=False, server_default=""),
        Column("applied_at", Instant, nullable=False),
        schema=schema,
        **options(),
    )


def cipher_keys(metadata: MetaData, schema: str | None = None) -> Table:
    """The table of cipher keys. ``proof`` is a known text under the key, ``retired_at`` says that nothing else is."""
    return Table(
        KEYS,
        metadata,
        Column("id", _type("text", 100), primary_key=True),
        Column("cipher", _type("text", 100), nullable=False),
        Column("proof", _type("long"), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("retired_at", Instant, nullable=True),
        schema=schema,
        **options(),
    )


def counter(metadata: MetaData, dialect: str, schema: str | None = None) -> Table | Counter:
    """Where people's numbers come from: a sequence, on SQLite a table with one row."""
    if dialect == "sqlite":
        return Table(
            COUNTER,
            metadata,
            Column("id", SmallInteger, primary_key=True, autoincrement=False),
            Column("value", BigInteger, nullable=False),
        )
    # a small cache, because MariaDB loses the rest of it at a restart and people see the gap
    return Counter(COUNTER, start=1, cache=20 if dialect != "postgresql" else None, schema=schema, metadata=metadata)


def shape(codec: Codec) -> dict[str, Any]:
    """What is recorded of an entity: columns with kind, length and nullability, indexes, unique keys, words searched."""
    found = list(_indexes(codec))
    words = {"search": WordIndex(codec).signature} if codec.spec.search else {}
    return words | {
        "columns": {item.name: [item.kind, item.length, item.nullable] for item in _columns(codec)},
        "indexes": sorted(name for name, _, unique in found if not unique),
        "unique": sorted(name for name, _, unique in found if unique),
    }


def default_of(codec: Codec, column: entity.Column) -> str | Any:
    """The server default of a non-null column: what old rows get, and rows of a plugin whose field is gone."""
    declared = _declared(codec, column)
    match column.kind:
        case "id" | "text" | "long":
            return declared if isinstance(declared, str) else ""
        case "int":
            return text(str(declared) if type(declared) is int else "0")
        case "bool":
            return text("true" if declared is True else "false")
        case "json":
            return declared if isinstance(declared, str) else "null"
        case "date":
            return "1970-01-01"
        case "time" | "bytes":
            return Zero(column.kind)
    return text(str(declared) if type(declared) is int else "0")


def _declared(codec: Codec, column: entity.Column) -> Any:
    """The attrs default of the field as it stands in the column, None where there is none."""
    found = getattr(attrs.fields(codec.spec.cls), column.attribute, None)
    if found is None or found.default is attrs.NOTHING:
        return None
    value = found.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        if value.takes_self:
            return None
        value = value.factory()
    if value is None:
        return None
    if column.kind == "json":
        return codec.document(column.attribute).encode(value)
    return codec.checker(column)(getattr(value, column.part) if column.part else value)


def _columns(codec: Codec) -> tuple[entity.Column, ...]:
    """The columns as they are stored: encrypted ones are of unlimited text."""
    own = tuple(stored(item, codec.sealed) for item in codec.columns)
    return own if any(item.name == "tenant" for item in own) else (*own, _TENANT)


def _table(codec: Codec, metadata: MetaData, schema: str | None) -> Table:
    spec = codec.spec
    if not _NAME.match(spec.name):
        raise error(Invalid, "storage.name", field=f"entity.{spec.name}", value=spec.name)
    columns = _columns(codec)
    taken = sum(key_bytes(item) or 12 for item in columns)
    if taken > _ROW_LIMIT:
        raise error(Invalid, "storage.row_length", field=spec.name, value=taken, limit=_ROW_LIMIT)
    made = Table(
        PREFIX + spec.name,
        metadata,
        *(_column(codec, item) for item in columns),
        schema=schema,
        **options(),
    )
    for name, fields, unique in _indexes(codec):
        Index(name, *(made.c[field] for field in fields), unique=unique)
    return made


def _column(codec: Codec, item: entity.Column) -> Column[Any]:
    # The id comes first: the worker, which asks for all tenants, finds a row by its id alone.
    if item.name in ("id", "tenant"):
        default = None if item.name == "id" else ""
        return Column(item.name, column_type(item), primary_key=True, server_default=default)
    default = None if item.nullable else default_of(codec, item)
    return Column(item.name, column_type(item), nullable=item.nullable, server_default=default)


def _indexes(codec: Codec) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Name, columns and uniqueness of every index: tenant first, the id last so that pages need no sort."""
    spec = codec.spec
    lengths = {item.name: item for item in _columns(codec)}
    custom = tuple((f"custom.{field.name}",) for field in spec.extra if field.indexed and field.type != "long")
    wanted = [(fields, False) for fields in (*spec.indexes, *custom)] + [(fields, True) for fields in spec.unique]
    for fields, unique in wanted:
        # nothing can be found or sorted by what is encrypted
        names = [item.name for field in fields for item in codec.resolve(field) if item.name not in codec.sealed]
        if not names:
            continue
        full = tuple(dict.fromkeys(["tenant", *names, *(() if unique else ("id",))]))
        yield _checked(spec, "_".join(names), full, lengths, unique=unique)
    if spec.claimable:
        # the one index without tenant: a worker takes what is due whoever it belongs to
        yield _checked(spec, "claim", ("next_at", "id"), lengths, unique=False)


def _checked(
    spec: EntitySpec, label: str, names: tuple[str, ...], known: Mapping[str, entity.Column], *, unique: bool
) -> tuple[str, tuple[str, ...], bool]:
    taken = 0
    for name in names:
        size = key_bytes(known[name])
        if not size:
            raise error(Invalid, "storage.index_kind", field=f"{spec.name}.{name}", kind=known[name].kind)
        taken += size
    if taken > _KEY_LIMIT:
        raise error(Invalid, "storage.index_length", field=f"{spec.name}.{label}", value=taken, limit=_KEY_LIMIT)
    return _index_name(spec.name, label, unique=unique), names, unique


def _index_name(entity_name: str, label: str, *, unique: bool) -> str:
    end = "_ux" if unique else "_ix"
    full = f"{PREFIX}{entity_name}_{label}"
    if len(full) + len(end) > 60:
        full = f"{full[:48]}_{hashlib.sha256(full.encode()).hexdigest()[:8]}"
    return full + end


def _type(kind: str, length: int = 0) -> TypeEngine[Any]:
    return column_type(entity.Column("", kind, "", length=length))


def options() -> dict[str, Any]:
    """What MariaDB is told of every table."""
    found: dict[str, Any] = {}
    for name in ("mysql", "mariadb"):
        found |= {
            f"{name}_engine": "InnoDB",
            f"{name}_default_charset": "utf8mb4",
            f"{name}_collate": "utf8mb4_nopad_bin",
        }
    return found
