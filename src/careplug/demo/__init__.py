"""A story of two months of service: who is in it, what happens, and the stage it is played on."""

from __future__ import annotations

from careplug.demo.stage import Played, play

__all__ = ["Played", "play"]
