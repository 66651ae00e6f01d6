"""What a Care holds, read row by row in one snapshot over all tenants: the same order and bytes from every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from careplug.criteria import Is, Order
from careplug.entity import EntitySpec
from careplug.errors import Conflict, Invalid
from careplug.feedback.entities import RequestKey
from careplug.ports import Recording, Transaction
from careplug.rows import codecs
from careplug.transfer.lines import Lines

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["JOURNAL", "chosen", "lines_for", "refuse_unfinished", "rows_of", "unknown"]

JOURNAL = "careplug.restore"
"""The source of the idempotency keys that say how far a restore has come; see ``careplug.transfer.journal``."""

_FIRST, _LEAST, _MOST = 20, 5, 500
_PAGE = 4 * 1024 * 1024
"""Bytes that a page should have: long texts make for short pages."""


def lines_for(care: Care) -> dict[str, Lines]:
    """How the rows of each entity are written, by the entity's name, in order."""
    known = codecs(tuple(care.setup.entities.values()))
    return {name: Lines(known[spec.cls]) for name, spec in sorted(care.setup.entities.items())}


def chosen(care: Care, skip: Sequence[str]) -> list[EntitySpec]:
    """The entities to carry, by name; ``Invalid`` for a name in ``skip`` that is neither an entity nor a plugin here, and
    where the database holds entities of plugins that are not loaded and are not named there.
    """
    gone = unknown(care)
    specs = sorted(care.setup.entities.values(), key=lambda spec: spec.name)
    names = {spec.name for spec in specs} | {spec.plugin for spec in specs} | {*gone, *gone.values()}
    wrong = next((name for name in skip if name not in names), "")
    if wrong:
        raise Invalid("transfer.skip", field="export.skip", value=wrong, known=", ".join(sorted(names)))
    left = sorted(name for name, plugin in gone.items() if not {name, plugin} & set(skip))
    if left:
        raise Invalid("transfer.left", field="export.plugin", value=", ".join(left), plugin=gone[left[0]])
    found = [spec for spec in specs if not {spec.name, spec.plugin} & set(skip)]
    bare = next((spec for spec in found if "tenant" not in attrs.fields_dict(spec.cls)), None)
    if bare is not None:
        raise Invalid("transfer.tenant", field=f"export.{bare.name}.tenant", value=bare.name, plugin=bare.plugin)
    return found


def unknown(care: Care) -> dict[str, str]:
    """The entities the database holds and nobody here knows: name → the plugin that brought it."""
    if not isinstance(care.storage, Recording):
        return {}
    recorded = care.storage.recorded()
    known = care.setup.entities
    return {name: plugin for plugin, names in sorted(recorded.items()) for name in names if name not in known}


def refuse_unfinished(store: Transaction) -> None:
    """``Conflict`` where a restore into this database was interrupted: it is not what it should be yet."""
    if store.find(RequestKey, Is("source", "eq", JOURNAL), limit=1):
        raise Conflict("transfer.unfinished", field="export.unfinished")


def rows_of(store: Transaction, lines: Lines) -> Iterator[tuple[Any, bytes]]:
    """Every row of an entity with its line, by id and tenant, page by page."""
    order, after, limit = (Order("id"), Order("tenant")), None, _FIRST
    cls: type[Any] = lines.spec.cls
    while True:
        page = store.find(cls, order=order, limit=limit, after=after)
        size = 0
        for row in page:
            line = lines.write(row)
            size += len(line)
            yield row, line
        if len(page) < limit:
            return
        after = (page[-1].id, page[-1].tenant)
        limit = min(_MOST, limit * 2, max(_LEAST, _PAGE * len(page) // size))
