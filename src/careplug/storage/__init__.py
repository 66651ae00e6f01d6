"""The room of storage: the reference in memory, and the file stores. Import the module you need."""

from __future__ import annotations

__all__: list[str] = []
