"""All personal values of a database under another key, or under none: in batches that may be stopped and run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import attrs

from careplug.encryption import Encrypting, Sealed
from careplug.errors import Invalid
from careplug.privacy.erase import erase_traces
from careplug.tasks import again
from careplug_crypto.errors import error

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["How", "Rewriting", "rewrite", "status"]

How = Literal["encrypt", "rotate", "decrypt"]
"""Plain values under the first key; values of older keys under the first one; all values in plain text."""


@attrs.frozen(kw_only=True)
class Rewriting:
    """What was done: values written anew, and the keys that nothing is under any more."""

    values: int
    retired: tuple[str, ...] = ()


def status(care: Care) -> list[Sealed]:
    """How many personal values each entity has under which key; an empty key means plain text."""
    return _storage(care).sealed()


def rewrite(care: Care, how: How, *, progress: Callable[[int, int], None] | None = None) -> Rewriting:
    """Encrypt, rotate or decrypt everything. Others may go on working, but for ``decrypt``: they would encrypt again.

    ``progress`` is told (values done, values there are). A run that was stopped is simply run again.
    """
    storage = _storage(care)
    before = storage.sealed()
    first = _first(care)
    wanted = [item for item in before if _is_due(item.key, how, first)]
    total, done = sum(item.values for item in wanted), 0
    sources = sorted({item.key for item in wanted})
    for entity in sorted({item.entity for item in wanted}):
        after, more = "", True
        while more:
            changed, after = again(_step(storage, entity, sources, plain=how == "decrypt", after=after))
            done, more = done + changed, bool(after)
            if progress is not None:
                progress(done, total)
    if how == "encrypt":
        erase_traces(care)  # what was plain text is not to stay in the file's log
    retired = () if how == "encrypt" else _retired(storage, keep=first if how == "rotate" else "")
    return Rewriting(values=done, retired=retired)


def _step(
    storage: Encrypting, entity: str, sources: list[str], *, plain: bool, after: str
) -> Callable[[], tuple[int, str]]:
    return lambda: storage.reseal(entity, sources=sources, plain=plain, after=after)


def _is_due(key: str, how: How, first: str) -> bool:
    return {"encrypt": key == "", "rotate": key not in ("", first), "decrypt": key != ""}[how]


def _retired(storage: Encrypting, *, keep: str) -> tuple[str, ...]:
    """Retire the keys that nothing is under; what is left under one keeps it in use."""
    left = {item.key for item in storage.sealed()}
    return storage.retire(keep=[keep, *left])


def _first(care: Care) -> str:
    return next(iter(care.plugins.contributions.ciphers)).open().keys[0]


def _storage(care: Care) -> Encrypting:
    storage = care.storage
    if not care.encrypted or not isinstance(storage, Encrypting):
        raise error(Invalid, "crypto.off", field="crypto.keys.off")
    return storage
