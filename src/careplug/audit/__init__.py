"""Trust: verify chains, sign checkpoints, rebuild projections from facts, erase a person everywhere."""

from __future__ import annotations

from careplug.audit.checkpoint import CheckpointReport, checkpoint
from careplug.audit.verify import VerifyReport, verify

__all__ = ["CheckpointReport", "VerifyReport", "checkpoint", "verify"]
