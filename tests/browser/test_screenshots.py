"""Pictures of a matrix: their files, their findings, the exit code."""

from __future__ import annotations

import contextlib
import struct

import attrs
import pytest

from tests.browser import kit, scenes, screenshots
from tests.browser.scenes import Entry, Scene
from tests.browser.site import application


@attrs.frozen
class Site:
    url: str
    word: str = "right"


@pytest.fixture(scope="module")
def site(chromium):
    with kit.serve(application()) as url:
        yield Site(url)


ROWS = (
    Scene("case", "engineer", lambda site: f"/{site.word}/zh", wait="h1"),
    Scene("wide", "customer", "/wrong/wide"),
    Scene("lost", "customer", "/nowhere", status=404),
)


def take(chromium, site, folder, rows, languages=("zh",), **more):
    shots = screenshots.matrix(rows, languages=languages, **more)
    return screenshots.run(chromium, shots, site, folder, lambda *who: Entry())


def size(file):
    return struct.unpack(">II", file.read_bytes()[16:24])


def test_pictures_and_findings(chromium, site, tmp_path):
    found = take(chromium, site, tmp_path, ROWS[:2])
    assert {file.stem for file in tmp_path.iterdir()} == set(found) == {
        *("case-engineer-zh-390", "case-engineer-zh-1280", "wide-customer-zh-390", "wide-customer-zh-1280"),
    }  # fmt: skip
    assert {name for name, findings in found.items() if findings} == {"wide-customer-zh-390"}
    assert size(tmp_path / "case-engineer-zh-390.png")[0] == 390
    assert size(tmp_path / "case-engineer-zh-1280.png")[0] == 1280
    told = screenshots.report(found)
    assert "| wide-customer-zh-390 | wide | div#w.wide |" in told
    assert told.endswith("4 pictures, 2 findings")


def test_a_page_in_the_wrong_language(chromium, site, tmp_path):
    found = take(chromium, site, tmp_path, ROWS[:1], languages=("en",), widths=(1280,))
    assert "language" in {each.check for each in found["case-engineer-en-1280"]}


def test_an_answer_that_is_expected_and_one_that_is_not(chromium, site, tmp_path):
    rows = (ROWS[2], Scene("gone", "customer", "/nowhere"))
    found = take(chromium, site, tmp_path, rows, widths=(1280,))
    checks = {name: {each.check for each in findings} for name, findings in found.items()}
    # Werkzeug's own page says no language, which is a finding by itself.
    assert not checks["lost-customer-zh-1280"] & {"status", "console"}
    assert checks["gone-customer-zh-1280"] >= {"status", "console"}


def test_one_failure_does_not_keep_the_others_away(chromium, site, tmp_path):
    rows = (Scene("broken", "customer", lambda site: site.nothing), *ROWS[:1])
    found = take(chromium, site, tmp_path, rows, widths=(1280,))
    assert [each.check for each in found["broken-customer-zh-1280"]] == ["failed"]
    assert found["case-engineer-zh-1280"] == []


def test_the_matrix():
    names = [shot.name for shot in screenshots.matrix(ROWS, "wide")]
    assert names == [f"wide-customer-{language}-{width}" for language in ("zh", "en") for width in (390, 1280)]
    assert screenshots.matrix([Scene("a/b-e", "c d", "/")])[0].name == "a_b-e-c_d-zh-390"
    with pytest.raises(ValueError, match="case-engineer-en-1280"):
        screenshots.matrix([*ROWS, ROWS[0]])


@pytest.mark.parametrize(("only", "code"), [("case-engineer-zh", 0), ("wide-customer-zh-390", 1), ("nothing", 2)])
def test_the_command(chromium, site, tmp_path, monkeypatch, capsys, only, code):
    @contextlib.contextmanager
    def server():
        yield site

    monkeypatch.setattr(scenes, "SCENES", ROWS)
    monkeypatch.setattr(scenes, "server", server)
    monkeypatch.setattr(scenes, "entry", lambda *who: Entry())
    monkeypatch.setattr(screenshots, "FOLDER", tmp_path / "pictures")
    assert screenshots.main(["--only", only]) == code
    out, err = capsys.readouterr()
    assert "findings" in out if code < 2 else "nothing" in err


def test_the_command_without_a_browser(monkeypatch, capsys):
    monkeypatch.setattr(scenes, "SCENES", ROWS)
    monkeypatch.setattr(kit, "missing", lambda: "no browser here")
    assert screenshots.main([]) == 2
    assert "no browser here" in capsys.readouterr().err
