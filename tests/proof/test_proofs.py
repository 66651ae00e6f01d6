"""Every proof at one per cent (CAREPLUG_PROOF_SCALE), and the runner itself."""

from __future__ import annotations

import os

import pytest

from tests import proof
from tests.proof import __main__ as runner

SCALE = float(os.environ.get("CAREPLUG_PROOF_SCALE", "0.01"))


@pytest.mark.parametrize("name", proof.names())
def test_the_proof_holds(name):
    run, about = proof.load(name)
    assert about, f"tests/proof/{name}.py must say in its docstring what it proves"
    figures = run(SCALE)
    assert figures, "a proof returns its figures"
    assert proof.trouble(figures) == []


def test_slices_add_up():
    one = {"cases": 3, "seconds": 0.5, "max_delay": 2.0, "engine": "a", "all": True}
    two = {"cases": 4, "seconds": 0.25, "max_delay": 1.0, "engine": "b", "all": False, "mismatches": 1}
    assert proof.merged(one, two) == {
        "cases": 7, "seconds": 0.75, "max_delay": 2.0, "engine": "b", "all": False, "mismatches": 1,
    }  # fmt: skip


def test_a_mismatch_is_a_failure():
    assert proof.trouble({"mismatches": 2}) == ["mismatches = 2, not 0"]
    assert proof.trouble({"mismatches": 0, "cases": 9}) == []
    assert proof.trouble({"cases": 9}) == []


def test_a_stopped_proof_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "STATES", tmp_path)
    seen = []

    def run(scale, *, seed=0):
        if seed == 2 and seen.count(2) == 0:
            seen.append(2)
            raise KeyboardInterrupt
        seen.append(seed)
        return {"cases": round(scale * 100), "mismatches": 0}

    with pytest.raises(KeyboardInterrupt):
        runner._slices("example", run, 0.04, 0.01)
    assert (tmp_path / "example.json").exists()
    figures = runner._slices("example", run, 0.04, 0.01)
    assert seen == [0, 1, 2, 2, 3]
    assert figures["cases"] == 4
    assert not (tmp_path / "example.json").exists()


def test_a_state_of_other_code_is_not_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "STATES", tmp_path)
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    runner._save(tmp_path / "example.json", {"key": {"commit": "other"}, "done": 1, "figures": {"cases": 99}})
    assert runner._slices("example", lambda scale, *, seed: {"cases": 1}, 0.02, 0.01)["cases"] == 2


def test_the_figures_are_appended_with_their_verdict(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "PAGES", tmp_path)
    runner._write("example", "Says what.", 1.0, {"cases": 20000, "mismatches": 0})
    runner._write("example", "Says what.", 0.5, {"cases": 10000, "mismatches": 3})
    text = (tmp_path / "example.md").read_text(encoding="utf-8")
    assert text.count("# Example\n") == 1
    assert "| cases | 20,000 |" in text
    assert "100% of the whole: holds" in text
    assert "50% of the whole: mismatches = 3, not 0" in text
