"""What all shapes share: references, lengths, instants, the problem.

A description that begins with ``api.`` is a code of the catalogue; so is, as ``api.shape.NAME``, what a shape is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Ref = Annotated[
    str,
    Meta(
        pattern=r"^[^:\x00-\x1f]{1,40}:[^\x00-\x1f]{1,120}$(?!\n)",  # to Python `$` is also before a newline
        description="api.value.ref",
        examples=["person:42"],
    ),
]
"""``kind:id`` of something the host knows."""

Line = Annotated[str, Meta(max_length=500, min_length=1)]
Words = Annotated[str, Meta(max_length=1_048_576)]
Said = Annotated[str, Meta(max_length=1_048_576, min_length=1)]
Level = Annotated[int, Meta(ge=1, le=3, description="api.value.level")]
Instant = Annotated[datetime, Meta(tz=True, description="api.value.instant")]
Text = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=200, description="api.value.limit")]
Cursor = Annotated[str, Meta(max_length=1000, description="api.value.cursor")]

Kind = Literal[
    "fault",
    "question",
    "complaint",
    "suggestion",
    "change",
    "data_fix",
    "alarm",
    "inquiry",
    "installation",
    "training",
    "security",
]
PartyWord = Literal["customer", "third_party", "vendor", "own", "force_majeure"]


PROBLEM = "application/problem+json"


class Wire(Struct, kw_only=True):
    """What careplug sends."""


class In(Struct, kw_only=True, forbid_unknown_fields=True):
    """What careplug is sent: a field it does not know is an error, never dropped."""


class Problem(Wire, omit_defaults=True):
    """A problem after RFC 9457. `code` and `field` are for programs, `detail` says what to do."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    code: str = ""
    field: str = ""
