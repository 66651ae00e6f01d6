"""Settings of a plugin: an attrs class, filled from a TOML file, a mapping and the environment.

The environment beats the mapping, the mapping beats the file, the file beats the class's defaults. Reading
is strict: nothing is converted silently, an unknown key is an error, and every error names the key.
"""

from __future__ import annotations

import os
import re
import tomllib
import typing
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from careplug.errors import CareError, Invalid
from careplug.plugin.values import from_text, structure

__all__ = ["load_settings", "read_toml", "variable"]

T = TypeVar("T")


def load_settings(
    cls: type[T],
    section: str,
    *,
    mapping: Mapping[str, Any] | None = None,
    toml: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> T:
    """The settings of the plugin ``section`` as an instance of the attrs class ``cls``.

    ``mapping`` holds the plugin's values by key. ``toml`` is a file, or its parsed content, whose table
    ``[plugins.SECTION]`` is read. ``environ`` is looked up for ``CAREPLUG_SECTION_KEY`` (``variable``) of each
    known key; None means no environment. A field with ``metadata={"secret": True}`` is never shown in an error.

    ``Invalid`` with field ``plugins.SECTION.KEY`` for a key that is unknown, missing or of the wrong type, and
    for what a validator of the class refuses.
    """
    place = f"plugins.{section}"
    values = {**_table(toml, section), **_checked(mapping or {}, place)}
    fields = {field.alias or field.name: field for field in attrs.fields(cls) if field.init}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    if unknown:
        known = ", ".join(sorted(fields)) or "—"
        raise Invalid("settings.unknown", field=f"{place}.{unknown[0]}", key=unknown[0], known=known)
    hints = _hints(cls, place)
    taken: dict[str, Any] = {}
    for key, field in fields.items():
        name = variable(section, key)
        secret = bool(field.metadata.get("secret"))
        if environ is not None and name in environ:
            taken[key] = from_text(environ[name], hints[field.name], f"{place}.{key}", name=name, secret=secret)
        elif key in values:
            taken[key] = structure(values[key], hints[field.name], f"{place}.{key}", secret=secret)
        elif field.default is attrs.NOTHING:
            raise Invalid("settings.missing", field=f"{place}.{key}", key=key, section=section, variable=name)
    return _build(cls, taken, fields, place)


def variable(section: str, key: str) -> str:
    """The environment variable of a key: ``CAREPLUG_SECTION_KEY``, with ``_`` for all but letters and digits."""
    return re.sub(r"[^A-Z0-9]", "_", f"CAREPLUG_{section}_{key}".upper())


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The content of a TOML file, with ``Decimal`` for every number with a point.

    ``Invalid`` where it cannot be read (field ``toml.file``) or is no TOML (``toml.syntax``).
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  a path-like is enough
            return tomllib.loads(file.read(), parse_float=Decimal)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise Invalid("settings.file", field="toml.file", path=os.fspath(path), error=problem) from None
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are its children
        raise Invalid("settings.syntax", field="toml.syntax", path=os.fspath(path), error=str(error)) from None


def _table(toml: str | os.PathLike[str] | Mapping[str, Any] | None, section: str) -> Mapping[str, Any]:
    if toml is None:
        return {}
    content = toml if isinstance(toml, Mapping) else read_toml(toml)
    plugins = content.get("plugins", {})
    if not isinstance(plugins, Mapping):
        raise Invalid("settings.plugins", field="plugins", value=type(plugins).__name__)
    return _checked(plugins.get(section, {}), f"plugins.{section}")


def _checked(table: object, place: str) -> Mapping[str, Any]:
    if isinstance(table, Mapping) and all(isinstance(key, str) for key in table):
        return table
    raise Invalid("settings.section", field=place, section=place, value=type(table).__name__)


def _hints(cls: type, place: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except Exception as error:
        # The author's slip, most often a type imported under TYPE_CHECKING only.
        raise Invalid("settings.hints", field=f"{place}.careplug_settings", error=str(error)) from error


def _build(cls: type[T], values: Mapping[str, Any], fields: Mapping[str, Any], place: str) -> T:
    try:
        return cls(**values)
    except Exception as error:
        key = _culprit(error, fields)
        concerned = [fields[key]] if key else list(fields.values())
        field = f"{place}.{key}" if key else f"{place}.refused"
        if any(each.metadata.get("secret") for each in concerned):
            # Its words may repeat the value, and a traceback in the log would show them.
            raise Invalid("settings.refused", field=field, error=type(error).__name__) from None
        raise Invalid("settings.refused", field=field, error=_words(error)) from error


def _culprit(error: Exception, fields: Mapping[str, Any]) -> str:
    """The key a validator complained about: ours has a field, attrs hands the attribute over or quotes its name."""
    if isinstance(error, CareError):
        return error.field if error.field in fields else ""
    for key, field in fields.items():
        if any(part == field for part in error.args if isinstance(part, attrs.Attribute)):
            return key
    named = re.match(r"'(\w+)'", str(error.args[0])) if error.args else None
    return next((key for key, field in fields.items() if named and field.name == named[1]), "")


def _words(error: Exception) -> str | CareError:
    if isinstance(error, CareError):
        return error  # read later, in the reader's language
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and first else f"{type(error).__name__}: {error}"
