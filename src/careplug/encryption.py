"""Encrypting what is personal where it is stored: what a cipher does, and a storage that knows how to use one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import attrs

__all__ = ["Cipher", "Encrypting", "Sealed"]


class Cipher(Protocol):
    """Encrypts texts for a storage. ``keys`` are the ids of the keys it has: the first encrypts, all decrypt.

    ``place`` names entity, column and row (``feedback.subject:0190…``): what was sealed in one place does not open in
    another. A key's id says nothing about the key, and nobody can guess it. Thread-safe.
    """

    name: str
    keys: tuple[str, ...]

    def seal(self, text: str, place: str) -> str:
        """The text under the first key."""

    def prefix(self, key: str) -> str:
        """What every text under this key begins with."""

    def key_of(self, stored: str) -> str:
        """The id of the key that a stored text names; empty for one that does not look like sealed."""

    def open(self, stored: str, place: str) -> str:
        """The text again; ``Invalid`` where the stored one was damaged, or sealed in another place."""


@attrs.frozen
class Sealed:
    """How many stored values of an entity are under a key; ``key`` is empty for plain ones. Empty values do not count."""

    entity: str
    key: str
    values: int


@runtime_checkable
class Encrypting(Protocol):
    """A storage that encrypts personal columns, and that notes in the database which keys it has used.

    It refuses a database whose keys the cipher does not have, and one that is encrypted where there is no cipher.
    """

    def encrypt_with(self, cipher: Cipher) -> None:
        """Tell it the cipher; called once, before ``bind``."""

    def sealed(self) -> list[Sealed]:
        """What is stored under which key."""

    def reseal(self, entity: str, *, sources: Sequence[str], plain: bool = False, after: str = "") -> tuple[int, str]:
        """Bring some rows of an entity from the ``sources`` (ids of keys, empty: plain text) under the first key.

        With ``plain`` they become plain text. How many values changed, and where to go on (empty: all is done).
        """

    def retire(self, *, keep: Sequence[str]) -> tuple[str, ...]:
        """Note that nothing is under the other keys any more: a start no longer asks for them. Which they were."""
