"""The browser and its visitors, for every test of this folder."""

from __future__ import annotations

from tests.browser.kit import chromium, visitor

__all__ = ["chromium", "visitor"]
