"""Append-only stories of subjects: facts, their hash chain, and the unit's timeline."""
