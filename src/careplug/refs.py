"""Who and what: opaque references to the host's objects, actors, and the ids careplug makes.

careplug has no users table. A customer, a product, an engineer is a ``Ref(kind, id)`` whose meaning
the host knows; the Directory port turns it into names and addresses when a person has to read it.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid

import attrs

from careplug.errors import Invalid

__all__ = ["IMPORT", "SYSTEM", "Actor", "Ref", "derived_id", "new_id", "random_id"]


@attrs.frozen
class Ref:
    """A reference to an object of the host: its kind (``"person"``, ``"product"``) and its id there."""

    kind: str
    id: str

    @classmethod
    def parse(cls, text: str, *, field: str = "ref") -> Ref:
        """Read ``kind:id`` (the id may hold colons); ``Invalid`` for anything else."""
        kind, colon, ident = text.partition(":")
        if not (kind and colon and ident):
            raise Invalid("ref.form", field=field, value=text)
        return cls(kind, ident)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@attrs.frozen
class Actor:
    """Who acts: the reference, the roles careplug's permissions go by, and the side of the counter.

    ``side`` is ``"service"``, ``"customer"`` or ``"system"``; not given, it is the customer's for whoever has the role
    ``customer`` and no other, since the service side sees every case. ``person`` is False for jobs and automatic
    replies: only a person of the service side meets a response target (SLA 4). ``organisations`` are those whose
    cases a customer may see beside the own ones. ``scopes`` are patterns of actions that somebody who lends a key to this
    actor confined it to: it may do what its roles allow and these name; None where nobody did.
    """

    ref: Ref
    roles: frozenset[str] = frozenset()
    side: str = attrs.field()
    person: bool = True
    organisations: tuple[Ref, ...] = ()
    language: str = "en"
    scopes: tuple[str, ...] | None = None

    @side.default
    def _side(self) -> str:
        return "customer" if self.roles == {"customer"} else "service"

    @property
    def key(self) -> str:
        """The text stored on facts: ``kind:id``."""
        return str(self.ref)

    @classmethod
    def customer(cls, ident: str, *, organisations: tuple[Ref, ...] = (), language: str = "en") -> Actor:
        """A customer who sees own cases and those of the given organisations."""
        return cls(
            Ref("person", ident),
            frozenset({"customer"}),
            side="customer",
            organisations=organisations,
            language=language,
        )

    @classmethod
    def engineer(cls, ident: str, *roles: str, language: str = "en") -> Actor:
        """A person of the service side: role ``engineer`` and whatever more is given (``"manager"``)."""
        return cls(Ref("person", ident), frozenset({"engineer", *roles}), language=language)


SYSTEM = Actor(Ref("system", "careplug"), frozenset({"system"}), side="system", person=False)
"""careplug itself: the worker, jobs and escalations act as this."""

IMPORT = Actor(Ref("system", "import"), frozenset({"import"}), side="system", person=False)
"""The importer: may write history, its guards are noted, never enforced."""


_lock = threading.Lock()
_last: list[int] = [0, 0]


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): sorts by the millisecond of its making.

    Ids of one process never go backwards: within a millisecond a 12-bit counter decides.
    """
    now = time.time_ns() // 1_000_000
    with _lock:
        if now > _last[0]:
            _last[0], _last[1] = now, 0
        else:
            _last[1] += 1
            if _last[1] > 0xFFF:
                _last[0], _last[1] = _last[0] + 1, 0
        stamp, counter = _last
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{stamp:012x}7{counter:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def derived_id(text: str) -> str:
    """An id made of what a row is about (a UUID of version 8, RFC 9562): the same thing never gets two rows."""
    raw = hashlib.sha256(text.encode()).hexdigest()
    text = f"{raw[:12]}8{raw[13:16]}{(int(raw[16], 16) & 3 | 8):x}{raw[17:32]}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def random_id() -> str:
    """A UUID of version 4: for what must not tell when it was made. It scatters over an index, so only for that."""
    return str(uuid.uuid4())
