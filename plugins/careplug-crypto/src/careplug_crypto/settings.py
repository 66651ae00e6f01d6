"""Where the keys come from: settings or environment, a file, a function of the host's."""

from __future__ import annotations

import importlib
from pathlib import Path

import attrs

from careplug.errors import Invalid
from careplug_crypto.errors import error

__all__ = ["CryptoSettings", "keys_of"]


@attrs.frozen(kw_only=True)
class CryptoSettings:
    """The keys, the first of which encrypts while all decrypt. Those of all sources count, in this order.

    ``keys`` are Fernet keys (``CAREPLUG_CRYPTO_KEYS``, with commas between them), ``key_file`` a file with one on each line
    (``#`` begins a remark), ``key_source`` is ``module:function`` of a function that returns them: for a vault.
    """

    keys: tuple[str, ...] = attrs.field(factory=tuple, metadata={"secret": True}, repr=False)
    key_file: Path | None = None
    key_source: str = ""

    @property
    def given(self) -> bool:
        """Whether any source of keys is set up."""
        return bool(self.keys or self.key_file or self.key_source)


def keys_of(settings: CryptoSettings) -> tuple[str, ...]:
    """All keys; ``Invalid`` names the source that gives none."""
    found = [*settings.keys]
    if settings.key_file is not None:
        found += _from_file(settings.key_file)
    if settings.key_source:
        found += _from_source(settings.key_source)
    return tuple(found)


def _from_file(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as raised:
        problem = getattr(raised, "strerror", None) or type(raised).__name__
        raise error(Invalid, "crypto.file", field="crypto.key_file", value=path, problem=problem) from None
    found = [part for part in (line.partition("#")[0].strip() for line in lines) if part]
    if not found:
        raise error(Invalid, "crypto.empty", field="crypto.key_file.empty", value=path)
    return found


def _from_source(name: str) -> list[str]:
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)()
    except Exception as raised:
        # its words might repeat a key
        problem = type(raised).__name__
        raise error(Invalid, "crypto.source", field="crypto.key_source", value=name, problem=problem) from None
    if isinstance(found, str | bytes):
        found = [found]
    made = [part.decode() if isinstance(part, bytes) else part for part in found or ()]
    if not made:
        raise error(Invalid, "crypto.empty", field="crypto.key_source.empty", value=name)
    return made
