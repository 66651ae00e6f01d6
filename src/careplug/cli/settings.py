"""What a run of the command line was told: by options, environment, configuration file and locale, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from careplug.errors import CareError, Invalid
from careplug.plugin.settings import read_toml
from careplug.text import language_of

__all__ = ["CONFIG", "DATABASE", "Config", "Early", "early", "read_config", "zone_of"]

CONFIG = "careplug.toml"
"""The configuration file that is read where it stands in the current folder and no other is named."""

DATABASE = "sqlite:///careplug.db"
"""The database where none is named: an embedded file in the current folder, made at its first use."""


@attrs.frozen(kw_only=True)
class Config:
    """The table ``[careplug]`` of a configuration file, and the tables of plugins and channels as they are."""

    database: str = ""
    number_prefix: str = "CP"
    language: str = ""
    zone: str = ""
    files: str = ""
    require: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    plugins: Mapping[str, Any] = attrs.field(factory=dict)
    channels: Mapping[str, Any] = attrs.field(factory=dict)


_TEXTS = ("database", "number_prefix", "language", "zone", "files")
_LISTS = ("require", "block")


def read_config(path: str) -> Config:
    """Read a configuration file; ``Invalid`` names the file or the key that is wrong."""
    content = read_toml(path)
    known = ("careplug", "plugins", "channels")
    for name, table in content.items():
        if name not in known or not isinstance(table, Mapping):
            raise Invalid("cli.config.table", field=f"config.{name}", path=path, known=", ".join(known))
    own = content.get("careplug", {})
    for key, value in own.items():
        _check(key, value)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in own.items()}
    return Config(**values, plugins=content.get("plugins", {}), channels=content.get("channels", {}))


def _check(key: str, value: object) -> None:
    field = f"config.careplug.{key}"
    if key not in (*_TEXTS, *_LISTS):
        raise Invalid("cli.config.key", field=field, known=", ".join((*_TEXTS, *_LISTS)))
    if key in _TEXTS and not (isinstance(value, str) and value):
        raise Invalid("cli.config.text", field=field, value=repr(value))
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise Invalid("cli.config.list", field=field, value=repr(value))
    if key == "zone":
        zone_of(str(value), field)


def zone_of(name: str, field: str) -> ZoneInfo:
    """The time zone of an IANA name; ``Invalid`` where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise Invalid("cli.zone", field=field, value=name) from None


@attrs.frozen
class Early:
    """What must be known before click reads the arguments, because errors and help speak by it."""

    language: str
    as_json: bool


def early(arguments: Sequence[str], environ: Mapping[str, str]) -> Early:
    """Language and form of the output, found by a first look that never fails."""
    given = _look(arguments)
    named = given.get("--lang", "") or _configured(given.get("--config", ""), environ)
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "en")
    return Early(language_of(named or locale), "--json" in given)


def _look(arguments: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, word in enumerate(arguments):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        name = {"-c": "--config"}.get(name, name)
        if name == "--json":
            found[name] = ""
        elif name in ("--lang", "--config"):
            found[name] = value if equals else next(iter(arguments[number + 1 : number + 2]), "")
    return found


def _configured(path: str, environ: Mapping[str, str]) -> str:
    named = path or environ.get("CAREPLUG_CONFIG", "") or (CONFIG if Path(CONFIG).is_file() else "")
    try:
        return read_config(named).language if named else ""
    except CareError:
        return ""  # said properly when the command reads it
