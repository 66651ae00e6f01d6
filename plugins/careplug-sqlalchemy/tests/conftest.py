"""Makes `sqlalchemy_kit` importable: in importlib mode the tests of a plugin are no package."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
