"""Rows under a cipher: personal columns are sealed on their way in and opened on their way out, bound to their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from careplug.encryption import Cipher
from careplug.errors import Invalid
from careplug.rows import Codec
from careplug_sqlalchemy.errors import error

__all__ = ["EMPTY", "RowSeal", "Sealer", "is_empty", "place"]

EMPTY = ("", "{}", "[]", "null", '""')
"""Stored documents that hold nothing."""

_STRANGE = 1_000


def place(entity: str, column: str, ident: str) -> str:
    """Where a value stands: what was sealed there opens nowhere else. Ids are unique in all tenants."""
    return f"{entity}.{column}:{ident}"


def is_empty(value: str, *, document: bool) -> bool:
    """Whether there is nothing to hide: an empty text stays one, so does an empty document."""
    return value in EMPTY if document else not value


class Sealer:
    """A cipher that knows which keys this database has seen. Thread-safe; one a storage.

    A plain text may look like a sealed one. It is taken for one only if its key is ours or was ever noted in the
    database; ``look`` reads these notes, and is asked once for each key that nobody knows.
    """

    def __init__(self, cipher: Cipher, look: Callable[[], frozenset[str]]) -> None:
        self.cipher = cipher
        self._look = look
        self._strange: set[str] = set()

    def key_of(self, stored: str) -> str:
        """The key a stored text is under, empty where it is plain."""
        key = self.cipher.key_of(stored)
        if not key or key in self.cipher.keys:
            return key
        if key in self._strange:
            return ""
        if key in self._look():
            return key
        if len(self._strange) < _STRANGE:
            self._strange.add(key)
        return ""

    def open(self, stored: str, where: str) -> str:
        """The plain text; ``Invalid`` for a key that is not at hand, and for a text that was damaged or moved."""
        key = self.key_of(stored)
        if not key:
            return stored
        if key not in self.cipher.keys:
            raise error(Invalid, "storage.cipher_key", field=f"cipher.{key}", key=key, cipher=self.cipher.name)
        return self.cipher.open(stored, where)


class RowSeal:
    """Seals and opens the rows of one entity."""

    def __init__(self, codec: Codec, sealer: Sealer) -> None:
        self.sealer = sealer
        self.entity = codec.name
        self.documents = {column.name: column.kind == "json" for column in codec.columns if column.name in codec.sealed}
        self._places = self._sealed_of(codec.names)
        self._id = codec.names.index("id")

    def sealed(self, row: Mapping[str, Any], ident: str) -> dict[str, Any]:
        """The row, or the changed columns of it, as they are to be stored."""
        made, seal = dict(row), self.sealer.cipher.seal
        for name, document in self.documents.items():
            value = made.get(name)
            if value is not None and not is_empty(value, document=document):
                made[name] = seal(value, place(self.entity, name, ident))
        return made

    def opened(self, row: Sequence[Any]) -> list[Any]:
        """The values of a row, in the order of the codec's columns, as they were before they were sealed."""
        return self._opened(row, self._places, row[self._id])

    def plain(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """As ``opened``, by name."""
        made, ident = dict(row), row["id"]
        for name in self.documents:
            if made.get(name):
                made[name] = self.sealer.open(made[name], place(self.entity, name, ident))
        return made

    def picker(
        self, names: tuple[str, ...], read: Callable[[Sequence[Any]], Any]
    ) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
        """The columns to ask for, and the reader of their values: the id comes along where a sealed one is asked for."""
        places = self._sealed_of(names)
        if not places:
            return names, read
        return (*names, "id"), lambda row: read(self._opened(row[:-1], places, row[-1]))

    def _sealed_of(self, names: Sequence[str]) -> tuple[tuple[int, str], ...]:
        return tuple((number, name) for number, name in enumerate(names) if name in self.documents)

    def _opened(self, row: Sequence[Any], places: Sequence[tuple[int, str]], ident: str) -> list[Any]:
        values = list(row)
        for number, name in places:
            value = values[number]
            if value:
                values[number] = self.sealer.open(value, place(self.entity, name, ident))
        return values
