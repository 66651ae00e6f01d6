"""The filter for a host's own Alembic, which would otherwise drop the tables it does not know."""

from __future__ import annotations

from typing import Any

from careplug_sqlalchemy.tables import PREFIX

__all__ = ["include_object"]


def include_object(
    item: Any,
    name: str | None,
    type_: str,
    reflected: bool,  # noqa: FBT001  Alembic's signature
    compare_to: Any,
) -> bool:
    """False for careplug's tables and everything on them: give it to ``context.configure(include_object=…)``.

    A host with a filter of its own asks both.
    """
    del reflected, compare_to
    owner = name if type_ == "table" else getattr(getattr(item, "table", None), "name", None)
    return not (owner or "").startswith(PREFIX)
