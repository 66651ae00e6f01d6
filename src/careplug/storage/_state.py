"""The committed tables in memory, what the one writer has changed of them, and what readers hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from careplug.entity import EntitySpec
from careplug.errors import Invalid
from careplug.rows import Codec, codecs
from careplug.searching import Index, indexes
from careplug.storage._query import Row
from careplug.storage._table import Key, Table

__all__ = ["State"]


class State:
    """All tables of a memory storage; thread-safe.

    The writer works on the tables themselves and remembers how to go back; a reader pins the committed ones.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.writer = threading.Lock()  # held by the one writing transaction
        self._codecs: dict[type, Codec] = {}
        self._indexes: dict[str, Index] = {}
        self._undo: list[tuple[str, Key, Row | None]] = []
        self._mutex = threading.Lock()  # held for the moment of a change or of taking a snapshot
        self.last_number = 0

    def bind(self, specs: Sequence[EntitySpec]) -> None:
        """A table for each entity; rows of one that is there already are kept, new columns are NULL."""
        with self.writer, self._mutex:
            self._codecs = codecs(specs)
            self._indexes = indexes(self._codecs.values())
            for codec in self._codecs.values():
                table = Table(codec)
                if codec.name in self.tables:
                    for key, row in self.tables[codec.name].rows.items():
                        table.set(key, {**dict.fromkeys(codec.names), **row})
                self.tables[codec.name] = table

    def codec(self, cls: type) -> Codec:
        """The codec of an entity class; ``Invalid`` where it was not declared."""
        found = self._codecs.get(cls)
        if found is None:
            raise Invalid("storage.unbound", field=f"entity.{cls.__name__}", value=cls.__name__)
        return found

    def indexes(self) -> list[tuple[Codec, Index]]:
        """The entities with words to search."""
        return [(codec, self._indexes[codec.name]) for codec in self._codecs.values() if codec.name in self._indexes]

    def write(self, codec: Codec, key: Key, row: Row | None) -> None:
        """Change one row for the writer, remembering what was there."""
        with self._mutex:
            table = self.tables[codec.name]
            if table.pins:
                table = self.tables[codec.name] = table.copy()
            self._undo.append((codec.name, key, table.set(key, row)))

    def mark(self) -> int:
        """How many changes the writer has made."""
        return len(self._undo)

    def undo(self, mark: int) -> None:
        """Take back the changes made since a mark."""
        with self._mutex:
            while len(self._undo) > mark:
                name, key, before = self._undo.pop()
                self.tables[name].set(key, before)

    def pin(self) -> dict[str, Table]:
        """The committed tables of this moment, which nobody changes until ``end`` gives them back."""
        with self._mutex:
            view = dict(self.tables)
            for name in {name for name, _, _ in self._undo}:
                view[name] = view[name].copy()
            for name, key, before in reversed(self._undo):
                view[name].set(key, before)
            for table in view.values():
                table.pins += 1
            return view

    def end(self, tables: dict[str, Table], *, wrote: bool) -> None:
        """A transaction is over: what the writer changed is committed, or a reader's pins are loosed."""
        with self._mutex:
            if wrote:
                self._undo.clear()
            else:
                for table in tables.values():
                    table.pins -= 1
        if wrote:
            self.writer.release()

    def next_number(self) -> int:
        """The next counter; never given twice, whatever becomes of the transaction."""
        with self._mutex:
            self.last_number += 1
            return self.last_number

    def raise_number(self, value: int) -> None:
        """Go on behind this number, unless the counter is further on."""
        with self._mutex:
            self.last_number = max(self.last_number, value)
