"""Conformance suites for vendors: subclass one in your tests, give it one fixture, and run pytest.

``careplug.testing.storage.StorageSuite`` for a ``ports.Storage``, ``careplug.testing.channels.ChannelSuite``
for a ``ports.Channel``. Needs pytest and hypothesis, which careplug itself does not.
"""

from __future__ import annotations

import pytest

__all__: list[str] = []

# before the suites are imported, so that their asserts show values
pytest.register_assert_rewrite(
    "careplug.testing.storage",
    "careplug.testing.channels",
    "careplug.testing._claims",
    "careplug.testing._concurrency",
    "careplug.testing._queries",
    "careplug.testing._round_trip",
    "careplug.testing._support",
    "careplug.testing._transactions",
)
