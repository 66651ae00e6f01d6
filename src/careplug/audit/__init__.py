"""Trust: verify chains, sign checkpoints, rebuild projections from facts, erase a person everywhere."""

from __future__ import annotations

from careplug.audit.checkpoint import CheckpointReport, checkpoint
from careplug.audit.findings import RebuildReport
from careplug.audit.rebuild import rebuild
from careplug.audit.verify import VerifyReport, verify
from careplug.privacy.erase import EraseReport, erase_contact

__all__ = [
    "CheckpointReport",
    "EraseReport",
    "RebuildReport",
    "VerifyReport",
    "checkpoint",
    "erase_contact",
    "rebuild",
    "verify",
]
