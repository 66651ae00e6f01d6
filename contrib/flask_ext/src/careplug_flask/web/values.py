"""Values of plugins as people read them: instants on the reader's clock, names for references, words for truth."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from careplug.money import Money
from careplug.refs import Ref
from careplug.resources.values import plain_value
from careplug.text import Text

if TYPE_CHECKING:
    from careplug_flask.web.context import Words

__all__ = ["NOTHING", "number", "numeric", "shown"]

NOTHING = "–"
_CENTS = 2


def shown(words: Words, value: Any) -> str:
    """A value as text; a dash for none."""
    if value is None or value in ("", (), [], {}):
        return NOTHING
    if isinstance(value, bool):
        return words.say("value.yes" if value else "value.no")
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, timedelta):
        return words.span(value)
    if isinstance(value, Text):
        return words.text(value)
    if isinstance(value, Ref):
        return words.person(value)
    if isinstance(value, Decimal | Money):
        return number(value)
    if isinstance(value, enum.Enum):
        return shown(words, value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list | frozenset | set) and all(not isinstance(part, Mapping) for part in value):
        return words.say("value.comma").join(shown(words, part) for part in value)
    if isinstance(value, Mapping | tuple | list):
        return json.dumps(plain_value(value), ensure_ascii=False)
    return str(value)


def number(value: Decimal | Money) -> str:
    """A number without the zeros that storing adds; money keeps two places."""
    if isinstance(value, Money):
        whole = f"{value.amount.normalize():f}"
        places = len(whole.partition(".")[2])
        return f"{value.amount:.2f} {value.currency}" if places < _CENTS else f"{whole} {value.currency}"
    return f"{value.normalize():f}"


def numeric(value: Any) -> bool:
    """Whether a value stands at the right of its column."""
    return isinstance(value, int | Decimal | Money | timedelta) and not isinstance(value, bool)
