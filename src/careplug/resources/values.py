"""What people and programs hand over, as values that can be stored; and values as plain JSON data. Pure."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from careplug._values import checker
from careplug.clock import aware, to_text
from careplug.documents import canonical, document
from careplug.entity import Column, FieldSpec
from careplug.errors import CareError, Invalid
from careplug.money import Money
from careplug.refs import Ref
from careplug.resources.fields import FieldInfo, field_of, value_at
from careplug.text import Text

__all__ = ["as_data", "checked", "parse", "plain_value"]

_TRUE = ("true", "yes", "on", "1", "是")
_FALSE = ("false", "no", "off", "0", "否")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DURATION = re.compile(
    r"(?P<minus>-)?(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,9})h)?(?:(?P<m>\d{1,9})m)?(?:(?P<s>\d{1,12}(?:\.\d{1,6})?)s)?"
)


def parse(field: FieldInfo | FieldSpec, text: str) -> Any:
    """The value of a text from a form or a command line; an empty one is None. ``Invalid`` names the field and the remedy.

    Instants are ISO 8601 with an offset, references ``kind:id``, money ``12.50 CNY``, spans ``1h30m``, truth ``true`` and
    ``false`` (also yes, no, 是, 否), a ``Text`` is ``English|中文`` or one text for both.
    """
    info = field_of(field) if isinstance(field, FieldSpec) else field
    return checked(info, text, info.name)


def checked(info: FieldInfo, value: Any, field: str) -> Any:
    """A typed value or a text as the field keeps it; None for an empty one. ``Invalid`` names ``field``."""
    if isinstance(value, str):
        if not value.strip():
            return None
        value = value if info.type in ("text", "long") else _READ[info.type](info, value.strip(), field)
    elif isinstance(value, Mapping) and info.type in ("money", "text2"):
        value = _parts(info, value, field)
    elif info.type == "decimal" and type(value) is int:
        value = Decimal(value)
    if value is None:
        return None
    try:
        return _stored(info, value, field)
    except CareError as error:
        raise _renamed(error, field) from None


def _renamed(error: CareError, field: str) -> Invalid:
    """The same error, about the field as its surface names it."""
    made = Invalid(error.code, field=field, sentence=error.sentence)
    made.params = error.params
    return made


def _stored(info: FieldInfo, value: Any, field: str) -> Any:
    """The value, which every database keeps as it is."""
    first = info.columns[0]
    if info.type == "json":
        return _json_value(first, value, field)
    if info.type == "choice" and not isinstance(value, enum.Enum) and value not in info.choices:
        raise Invalid("field.choice", field=field, value=repr(value)[:60], known=", ".join(info.choices))
    if not first.part or first.custom:
        checker(first, field)(value)
        return aware(value, field) if info.type == "time" else value
    if first.cls is None or not isinstance(value, first.cls):
        raise Invalid("field.type", field=field, value=repr(value)[:60], wanted=info.type)
    for column in info.columns:
        checker(column, field)(getattr(value, column.part))
    return value


def _json_value(column: Column, value: Any, field: str) -> Any:
    """A document of the field's own type, or JSON data that can be read as one."""
    if _holds_float(value):
        raise Invalid("row.float", field=field, value=repr(value)[:60])
    kept = document(column.cls, field)
    try:
        kept.encode(value)
    except Exception:
        # a tuple of attrs values was expected and a list of maps is there: JSON that can be read as one
        try:
            return kept.decode(canonical(value, field))
        except CareError as error:
            code = "field.json_form" if error.code == "row.stored" else error.code
            raise Invalid(code, field=field, value=repr(value)[:60]) from None
    return value


def _holds_float(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_float(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_float(part) for part in value)
    return isinstance(value, float)


def _parts(info: FieldInfo, value: Mapping[str, Any], field: str) -> Any:
    """Money or a ``Text`` of a mapping, as ``plain_value`` writes them."""
    wanted = ("amount", "currency") if info.type == "money" else ("en", "zh")
    if not set(value) <= set(wanted) or (info.type == "money" and len(value) != 2):
        raise Invalid("field.parts", field=field, value=repr(dict(value))[:60], known=", ".join(wanted))
    if info.type == "text2":
        return Text(**value)
    amount = value["amount"]
    number = Decimal(amount) if type(amount) is int else amount
    return _money(info, f"{number} {value['currency']}", field)


def _int(info: FieldInfo, text: str, field: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Invalid("field.int", field=field, value=text[:60])
    return int(text)


def _bool(info: FieldInfo, text: str, field: str) -> bool:
    word = text.lower()
    if word not in (*_TRUE, *_FALSE):
        raise Invalid("field.bool", field=field, value=text[:60])
    return word in _TRUE


def _time(info: FieldInfo, text: str, field: str) -> datetime:
    try:
        return aware(datetime.fromisoformat(text), field)
    except (ValueError, OverflowError):
        raise Invalid("field.time", field=field, value=text[:60]) from None


def _date(info: FieldInfo, text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("field.date", field=field, value=text[:60]) from None


def _decimal(info: FieldInfo, text: str, field: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid("field.decimal", field=field, value=text[:60]) from None


def _money(info: FieldInfo, text: str, field: str) -> Money:
    amount, _, currency = text.rpartition(" ")
    try:
        return Money(Decimal(amount.strip()), currency)
    except InvalidOperation:
        raise Invalid("field.money", field=field, value=text[:60]) from None
    except Invalid as error:
        raise _renamed(error, field) from None


def _ref(info: FieldInfo, text: str, field: str) -> Ref:
    return Ref.parse(text, field=field)


def _text2(info: FieldInfo, text: str, field: str) -> Text:
    en, _, zh = text.partition("|")
    return Text(en.strip(), zh.strip())


def _choice(info: FieldInfo, text: str, field: str) -> Any:
    cls: Any = info.columns[0].cls
    if cls is None or text not in info.choices:
        return text
    return next(member for member in cls if member.value == text)


def _json(info: FieldInfo, text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("field.json", field=field, value=text[:60]) from None


def _duration(info: FieldInfo, text: str, field: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or text.strip("-") == "":
        raise Invalid("field.duration", field=field, value=text[:60])
    seconds, _, fraction = (found["s"] or "0").partition(".")
    try:
        span = timedelta(
            days=int(found["d"] or 0),
            hours=int(found["h"] or 0),
            minutes=int(found["m"] or 0),
            seconds=int(seconds),
            microseconds=int(fraction.ljust(6, "0")),
        )
    except OverflowError:
        raise Invalid("field.duration", field=field, value=text[:60]) from None
    return -span if found["minus"] else span


_READ: Mapping[str, Callable[[FieldInfo, str, str], Any]] = {
    "int": _int,
    "bool": _bool,
    "time": _time,
    "date": _date,
    "decimal": _decimal,
    "money": _money,
    "ref": _ref,
    "text2": _text2,
    "choice": _choice,
    "json": _json,
    "duration": _duration,
}


def plain_value(value: Any) -> Any:
    """A value as JSON data: instants as ISO UTC, Decimals as text, references ``kind:id``, spans ``1h30m``.

    Money becomes ``{"amount", "currency"}``, a ``Text`` ``{"en", "zh"}``, other attrs values maps of their fields.
    """
    for cls, write in _PLAIN:
        if isinstance(value, cls):
            return write(value)
    kind: Any = type(value)
    if attrs.has(kind):
        return {field.name: plain_value(getattr(value, field.name)) for field in attrs.fields(kind)}
    if isinstance(value, Mapping):
        return {str(key): plain_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((plain_value(part) for part in value), key=str)
    return value


def as_data(fields: Iterable[FieldInfo], entity: object) -> dict[str, Any]:
    """An entity as JSON data, by the names of its fields."""
    return {info.name: plain_value(value_at(entity, info.name)) for info in fields}


def _span(value: timedelta) -> str:
    whole, fraction = abs(value) // timedelta(seconds=1), abs(value).microseconds
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    shown = f"{seconds}.{fraction:06}".rstrip("0") if fraction else f"{seconds}"
    parts = [(hours, f"{hours}h"), (minutes, f"{minutes}m"), (seconds or fraction, f"{shown}s")]
    text = "".join(words for number, words in parts if number)
    return ("-" if value < timedelta(0) else "") + (text or "0s")


_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: value.value),
    (datetime, to_text),
    (date, date.isoformat),
    (timedelta, _span),
    (Decimal, str),
    (Ref, str),
    (Money, lambda value: {"amount": str(value.amount), "currency": value.currency}),
    (Text, lambda value: {"en": value.en, "zh": value.zh}),
)
