"""Operations: one table says what the API can do. Routes, checks and the OpenAPI document are made of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

if TYPE_CHECKING:
    from careplug.unit import CareUnit

__all__ = ["JSON", "LINES", "Call", "Operation", "Reply", "Table", "collect", "operation"]

F = TypeVar("F", bound=Callable[..., Any])

JSON = "application/json"
LINES = "application/x-ndjson"


@attrs.frozen(kw_only=True)
class Call:
    """One request, checked: ``path`` holds the parts of the path, ``body`` and ``query`` are of the operation's types."""

    unit: CareUnit
    path: Mapping[str, str]
    body: Any = None
    query: Any = None
    language: str = "en"
    expected: int | None = None
    """The version that If-Match names; None where the operation does not go by it, or may do without."""
    key: str = ""
    """The idempotency key, the actor's own; empty where none was sent."""


@attrs.frozen(kw_only=True)
class Reply:
    """What an operation answers: the value, and what goes into headers. ``next`` continues a list."""

    value: Any = None
    status: int = 0
    etag: str = ""
    location: str = ""
    next: str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Operation:
    """One thing the API does.

    ``path`` has its parts in braces. ``body``, ``query`` and ``answer`` are msgspec types; ``edits`` demands If-Match,
    ``compares`` goes by it where it is sent, ``keyed`` takes an Idempotency-Key. ``tag`` is a code of the catalogue below
    ``api.tag``, the summary stands below ``api.op``. ``raw`` operations read something else than JSON themselves and get
    the request as it is.
    """

    name: str
    method: str
    path: str
    run: Callable[..., Any]
    tag: str
    body: Any = None
    query: Any = None
    answer: Any = None
    status: int = 200
    edits: bool = False
    compares: bool = False
    keyed: bool = False
    raw: str = ""
    """The media type of a raw request's body; empty for an ordinary one."""
    sends: str = JSON
    """The media type of the answer."""
    enter: Callable[[Any], None] | None = None
    """Lets whoever comes in by what the body holds (the token of a link): no key or login is asked for, and no form's token."""
    problems: tuple[int, ...] = ()
    """Statuses of problems that do not follow from the rest."""
    tag_label: Any = None
    label: Any = None
    """``Text``s in place of the catalogue's words, for operations made of a plugin's resource."""

    @property
    def writes(self) -> bool:
        """Whether it may change something: every method but GET."""
        return self.method != "GET"

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return re.sub(r"\{(\w+)\}", r"<\1>", self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts of the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


@attrs.frozen
class Table:
    """All operations of one app."""

    operations: tuple[Operation, ...]

    def paths(self) -> dict[str, dict[str, Operation]]:
        """Operations by path and method."""
        found: dict[str, dict[str, Operation]] = {}
        for each in self.operations:
            found.setdefault(each.path, {})[each.method] = each
        return found


_MARK = "__careplug_operation__"


def operation(method: str, path: str, **more: Any) -> Callable[[F], F]:
    """Mark a function as what an operation does; its name in camel case is the operation's id."""

    def mark(function: F) -> F:
        """Keep the operation beside the function."""
        head, *rest = function.__name__.strip("_").split("_")
        name = head + "".join(word.capitalize() for word in rest)
        setattr(function, _MARK, Operation(name=name, method=method, path=path, run=function, **more))
        return function

    return mark


def collect(modules: Iterable[Any]) -> tuple[Operation, ...]:
    """The marked functions of some modules, in the order in which they stand there."""
    return tuple(
        getattr(value, _MARK)
        for module in modules
        for value in vars(module).values()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and hasattr(value, _MARK)
    )
