"""``careplug …``: the command line. Needs the extra ``cli`` (click, rich); one module a subject."""

from __future__ import annotations

__all__: list[str] = []
