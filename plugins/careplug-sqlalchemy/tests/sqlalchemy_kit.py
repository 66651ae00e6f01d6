"""Small entities and helpers that the tests of this plugin share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import attrs
from sqlalchemy import Engine, event

from careplug.entity import EntitySpec, column
from careplug.money import Money
from careplug.refs import Ref
from careplug_sqlalchemy.api import SqlAlchemyStorage


@attrs.frozen(kw_only=True)
class Ticket:
    """An entity with a column of most kinds."""

    id: str
    tenant: str = column(length=40, default="")
    version: int = 1
    key: str | None = column(length=60, default=None)
    title: str = column(length=60, default="")
    count: int = 0
    owner: Ref | None = None
    price: Money | None = None
    at: datetime | None = None
    took: timedelta | None = None
    body: str = column(long=True, default="")
    data: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Task:
    """An entity that workers claim."""

    id: str
    tenant: str = column(length=40, default="")
    lane: str | None = column(length=40, default=None)
    done: int = 0
    next_at: datetime | None = None
    leased_until: datetime | None = None
    fence: int = 0


TICKET = EntitySpec(name="ticket", cls=Ticket, indexes=(("at",), ("owner",)), unique=(("key",),))
TASK = EntitySpec(name="task", cls=Task, indexes=(("lane",),), claimable=True)
SPECS = (TICKET, TASK)


def opened(url: str, specs: Sequence[EntitySpec] = SPECS, **options: Any) -> SqlAlchemyStorage:
    """A storage whose database has what the specs need."""
    storage = SqlAlchemyStorage(url, **options)
    storage.bind(specs)
    storage.upgrade()
    return storage


class Counted:
    """The statements an engine executes while this is active, BEGIN and COMMIT aside."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.statements: list[str] = []

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SET ", "START")):
            self.statements.append(statement)


PRICE = Money(Decimal("12.5000"), "CNY")
