"""The core's own contributions, through the same door as every vendor's."""

from __future__ import annotations
