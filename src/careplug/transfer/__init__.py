"""Carrying everything away and bringing it back: export, restore, backup, and a drill that tries them."""

from __future__ import annotations

from careplug.transfer.backup import backup
from careplug.transfer.drill import drill
from careplug.transfer.export import export
from careplug.transfer.reports import BackupReport, DrillReport, ExportReport, RestoreReport
from careplug.transfer.restore import restore

__all__ = [
    "BackupReport",
    "DrillReport",
    "ExportReport",
    "RestoreReport",
    "backup",
    "drill",
    "export",
    "restore",
]
