"""What the tests of the core share; databases and data folders are in tests/services.py, for plugins too."""

from __future__ import annotations
