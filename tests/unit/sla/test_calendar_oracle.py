"""The calendar against a walk minute by minute, over random calendars on the days on which calendars go wrong.

``CAREPLUG_PROOF_SCALE`` says which part of the whole proof runs (1.0: 20,000 examples a property).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings

from tests.unit.sla.agreement import ALL, Check
from tests.unit.sla.strategies import Case, cases

SCALE = float(os.environ.get("CAREPLUG_PROOF_SCALE", "0.01"))
EXAMPLES = max(50, int(20_000 * SCALE))


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_calendar_and_oracle_agree(check: Check) -> None:
    @settings(max_examples=EXAMPLES)
    @given(case=cases())
    def agrees(case: Case) -> None:
        for what, ours, theirs in check(case):
            assert ours == theirs, f"{what} on {case.calendar.to_data()}"

    agrees()
