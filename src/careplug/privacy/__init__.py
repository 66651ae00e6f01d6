"""Privacy: everything about a contact exported or erased, and nothing kept longer than a rule says."""

from __future__ import annotations

from careplug.privacy.erase import EraseReport, erase_contact
from careplug.privacy.export import ExportReport, export_contact
from careplug.privacy.journal import entries
from careplug.privacy.retention import RetentionReport, plan_retention, run_retention

__all__ = [
    "EraseReport",
    "ExportReport",
    "RetentionReport",
    "entries",
    "erase_contact",
    "export_contact",
    "plan_retention",
    "run_retention",
]
