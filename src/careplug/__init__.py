"""careplug: after-sales and maintenance service, embedded into the system you already have.

Importing this package is cheap: it pulls in neither a command line nor a database nor a plugin.
"""

from __future__ import annotations

__all__: list[str] = []
