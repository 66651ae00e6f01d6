"""Whole lives of cases by a state machine: whatever happens in whatever order, the facts and what is stored agree."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.lives import WAITS, House

SCALE = float(os.environ.get("CAREPLUG_PROOF_SCALE", "0.01"))
LIVES = 4_000
"""Lives of the whole, on memory."""

TOTAL: Counter[str] = Counter()
"""What the lives of this process were made of."""

case = st.integers(0, 2)
level = st.integers(1, 3)
mode = st.sampled_from(["", "keep", "restart", "from_now"])
ago = st.sampled_from([0, 0, 0, 5, 45, 600, 4000])
reason = st.sampled_from(WAITS)


class Lives(RuleBasedStateMachine):
    """Cases on memory."""

    def __init__(self):
        super().__init__()
        self.house = self.build()

    def build(self):
        return House()

    def teardown(self):
        try:
            self.house.check_all()
            TOTAL.update(self.house.done)
            TOTAL["lives"] += 1
        finally:
            self.house.close()

    @initialize(impact=level, urgency=level, site=st.booleans())
    def first(self, impact, urgency, site):
        self.house.submit(impact=impact, urgency=urgency, site=site, answered=False)

    @precondition(lambda self: len(self.house.cases) < 3)
    @rule(impact=level, urgency=level, site=st.booleans(), answered=st.booleans())
    def submit(self, impact, urgency, site, answered):
        self.house.submit(impact=impact, urgency=urgency, site=site, answered=answered)

    @rule(minutes=st.sampled_from([1, 20, 90, 500, 1440, 4 * 1440]))
    def wait(self, minutes):
        self.house.wait(minutes)

    @rule(index=case, number=st.integers(0, 7), ago=ago)
    def go(self, index, number, ago):
        self.house.go(index, number, ago)

    @rule(index=case, ago=ago)
    def resolve(self, index, ago):
        self.house.step(index, "confirm", 0)
        self.house.step(index, "resolve", ago)

    @rule(index=case, name=st.sampled_from(["reject", "withdraw", "merge", "close"]), ago=ago)
    def end(self, index, name, ago):
        self.house.step(index, name, ago)

    @rule(index=case, ago=ago)
    def reopen(self, index, ago):
        self.house.step(index, "reopen", ago)

    @rule(index=case, reason=reason, ago=ago)
    def pause(self, index, reason, ago):
        self.house.pause(index, reason, ago)

    @rule(index=case, one=reason, other=reason)
    def pause_twice(self, index, one, other):
        self.house.pause(index, one, 0)
        self.house.wait(20)
        self.house.pause(index, other, 0)

    @rule(index=case, reason=reason, ago=ago)
    def resume(self, index, reason, ago):
        self.house.resume(index, reason, ago)

    @rule(index=case, customer=st.booleans())
    def reply(self, index, customer):
        self.house.reply(index, customer=customer)

    @rule(index=case, ago=ago)
    def call(self, index, ago):
        self.house.call(index, ago)

    @rule(index=case)
    def appoint(self, index):
        self.house.appoint(index)

    @rule(index=case, kind=st.sampled_from(["arrived", "factory_arrived", "factory_returned"]))
    def record(self, index, kind):
        self.house.record(index, kind)

    @rule(index=case, impact=level, urgency=level, mode=mode)
    def prioritise(self, index, impact, urgency, mode):
        self.house.prioritise(index, impact, urgency, mode)

    @rule(index=case, kind=st.sampled_from(["fault", "question"]))
    def edit(self, index, kind):
        self.house.edit(index, kind)

    @rule(index=case, number=st.integers(0, 40))
    def void(self, index, number):
        self.house.void(index, number)

    @rule(index=case, state=st.sampled_from(["handling", "resolved", "closed", "withdrawn"]))
    def override(self, index, state):
        self.house.override(index, state)

    @precondition(lambda self: self.house.done["erase"] == 0)
    @rule(index=case)
    def erase(self, index):
        self.house.erase(index)

    @rule(
        amount=st.sampled_from([2, 8, 16]),
        reopen=st.sampled_from(["continue", "restart", "new", "none"]),
        on_change=st.sampled_from(["keep", "restart", "from_now"]),
        mode=st.sampled_from(["keep", "restart", "from_now"]),
    )
    def change(self, amount, reopen, on_change, mode):
        self.house.change(amount, reopen, on_change, mode)

    @rule()
    def work(self):
        self.house.work()

    @invariant()
    def facts_and_rows_agree(self):
        self.house.check()


class LoggedLives(Lives):
    """Lives that a log can tell: nothing is voided, erased or promised anew. Back-dated facts carry their sequence."""

    def void(self):
        """No rule here."""

    change = erase = void

    def teardown(self):
        self.house.check_import()
        super().teardown()


class StoredLives(Lives):
    """The same on an SQLite file."""

    def build(self):
        self.folder = tempfile.TemporaryDirectory()
        return House(f"sqlite:///{Path(self.folder.name) / 'lives.db'}")

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


def _settings(examples, steps=40):
    return settings(
        max_examples=max(1, examples),
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.reuse, Phase.generate] if os.environ.get("CAREPLUG_NO_SHRINK") else list(Phase),
    )


def test_lives_on_memory():
    run_state_machine_as_test(Lives, settings=_settings(round(LIVES * SCALE)))


def test_a_live_run_and_an_import_of_it_give_equal_receipts():
    run_state_machine_as_test(LoggedLives, settings=_settings(round(LIVES * SCALE / 2)))


def test_lives_on_sqlite():
    run_state_machine_as_test(StoredLives, settings=_settings(round(400 * SCALE), 25))
