"""Reading maps: every mistake names its key, and no two mistakes look alike."""

from __future__ import annotations

import json
import re

import pytest

from careplug.errors import CareError
from careplug.imports import ImportMap, read_map
from careplug.text import catalogue
from tests.housekeeping import ROOT
from tests.unit.imports import logs

BASE = {"name": "x", "columns": {"case": "No", "received": "In"}}
WEEK = {"mon": [["08:00", "12:00"]]}
RULES = {
    "file": "rules.csv", "asks": "custom.kind", "value": "type", "kind": "how", "n": "n", "metric": "resolution",
    "calendar": "office", "kinds": {"days": {"type": "working_days"}, "hours": {"type": "calendar_days", "per": 24}},
}  # fmt: skip
TABLE = "type,how,n\nlamp,days,10\nsign,days,10\ntree,hours,720\n"

BAD = [
    ({"nmae": "x"}, "import.key", "map.nmae"),
    ({"name": None}, "import.lacking", "map.name"),
    ({"name": 3}, "import.text", "map.name"),
    ({"name": "x" * 41}, "import.name", "map.name.length"),
    ({"title": 3}, "import.words", "map.title"),
    ({"log": 3}, "import.table", "map.log"),
    ({"log": {"shape": "rows"}}, "import.choice", "map.log.shape"),
    ({"log": {"delimiter": "::"}}, "import.delimiter", "map.log.delimiter"),
    ({"log": {"encoding": "latin-99"}}, "import.encoding", "map.log.encoding"),
    ({"log": {"zone": "Mars/Base"}}, "import.zone", "map.log.zone"),
    ({"log": {"times": ["%d.%m."]}}, "import.times", "map.log.times"),
    ({"log": {"missing": 3}}, "import.names", "map.log.missing"),
    ({"log": {"unknown_time": "never"}}, "import.choice", "map.log.unknown_time"),
    ({"columns": {"case": "No"}}, "import.lacking", "map.columns.received"),
    ({"columns": {"case": "No", "received": "In", "opened": "In"}}, "import.key", "map.columns.opened"),
    ({"log": {"shape": "events"}}, "import.lacking", "map.columns.at"),
    ({"refs": {"owner": {}}}, "import.key", "map.refs.owner"),
    ({"refs": {"site": {"kind": "place"}}}, "import.lacking", "map.refs.site.columns"),
    ({"refs": {"site": {"columns": "a"}}}, "import.lacking", "map.refs.site.kind"),
    ({"refs": {"site": {"kind": "a:b", "columns": "a"}}}, "import.ref_kind", "map.refs.site.kind"),
    ({"custom": {"c": {}}}, "import.lacking", "map.custom.c.column"),
    ({"custom": {"c": {"column": "a", "type": "float"}}}, "import.choice", "map.custom.c.type"),
    ({"custom": {"c": {"column": "a", "type": "choice"}}}, "import.choices", "map.custom.c.choices"),
    ({"custom": {"c": {"column": "a", "indexed": 1}}}, "import.flag", "map.custom.c.indexed"),
    ({"custom": {"c": {"column": "a", "minimum": "0"}}}, "import.number", "map.custom.c.minimum"),
    ({"defaults": {"kind": "bug"}}, "import.choice", "map.defaults.kind"),
    ({"defaults": {"impact": 4}}, "import.level", "map.defaults.impact"),
    (
        {"log": {"shape": "events"}, "columns": {"case": "a", "at": "b"}, "steps": {"closed": "c"}},
        "import.steps",
        "map.steps",
    ),
    ({"states": {"Open": 3}}, "import.act", "map.states.Open"),
    ({"states": {"Open": {"pause": "x", "party": "us"}}}, "import.choice", "map.states.Open.party"),
    ({"activities": {"talk": {"fact": "verdict"}}}, "import.choice", "map.activities.talk.fact"),
    ({"kinds": {"BUG": "bug"}}, "import.kind", "map.kinds.BUG"),
    ({"impacts": {"high": 0}}, "import.level", "map.impacts.high"),
    ({"urgencies": {"high": "1"}}, "import.level", "map.urgencies.high"),
    ({"priorities": {"P1": 5}}, "import.priority", "map.priorities.P1"),
    ({"priorities": {"P1": [1, 5]}}, "import.level", "map.priorities.P1.urgency"),
    ({"pause_reasons": {"w": {"party": "us"}}}, "import.choice", "map.pause_reasons.w.party"),
    ({"calendars": {"c": {"zone": "UTC"}}}, "calendar.missing_key", "map.calendars.c.week"),
    ({"calendars": {"c": {"zone": "UTC", "week": {"mo": []}}}}, "calendar.weekday", "map.calendars.c.week.mo"),
    (
        {"calendars": {"c": {"zone": "UTC", "week": WEEK, "holidays": {"file": "no.json"}}}},
        "import.table_file",
        "map.calendars.c.holidays.file",
    ),
    (
        {"calendars": {"c": {"zone": "UTC", "week": WEEK, "holidays": {"file": "rules.csv"}}}},
        "import.json",
        "map.calendars.c.holidays.file.json",
    ),
    (
        {"calendars": {"c": {"zone": "UTC", "week": WEEK, "holidays": {"file": "days.json", "key": "off"}}}},
        "import.json_key",
        "map.calendars.c.holidays.key",
    ),
    ({"policies": "none"}, "import.tables", "map.policies"),
    ({"policies": [{}]}, "import.lacking", "map.policies.0.name"),
    ({"policies": [{"name": "p", "calendar": "office"}]}, "policy.targets", "map.policies.0.targets"),
    ({"rules": [RULES | {"file": "no.csv"}]}, "import.table_file", "map.rules.0.file"),
    ({"rules": [RULES | {"value": "typ"}]}, "import.rules_column", "map.rules.0.value"),
    ({"rules": [RULES | {"kinds": {"days": {"type": "working_days"}}}]}, "import.rule_kind", "map.rules.0.row.4.kind"),
    (
        {"rules": [RULES | {"kinds": {**RULES["kinds"], "hours": {"type": "calendar_days", "per": 7}}}]},
        "import.rule_n",
        "map.rules.0.row.4.n",
    ),
    ({"rules": [RULES, RULES]}, "import.policy_twice", "map.policies.x: 10 days"),
    ({"check": {}}, "import.lacking", "map.check.metric"),
    ({"check": {"metric": "m", "within": -1}}, "import.number", "map.check.within"),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "days.json").write_text(json.dumps({"holidays": ["2026-01-01"]}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("change", "code", "field"), BAD, ids=[f"{field}-{code}" for _, code, field in BAD])
def test_every_mistake_names_its_key(folder, change, code, field):
    data = {key: value for key, value in {**BASE, **change}.items() if value is not None}
    with pytest.raises(CareError) as raised:
        logs.map_of("", folder=folder, **{"name": None, **data} if "name" in data else data)
    assert (raised.value.code, raised.value.field) == (code, field)
    for language in ("en", "zh"):
        assert field in raised.value.text(language)
        assert "{" not in raised.value.text(language)


def test_no_two_mistakes_look_alike():
    seen = [(code, field) for _, code, field in BAD]
    assert len(set(seen)) == len(seen)


def test_a_table_of_rules_becomes_a_policy_for_each_target(folder):
    found = logs.map_of("", folder=folder, **BASE, rules=[RULES])
    assert found.policies == ("x: 10 days", "x: 30 hours")
    (ten, thirty) = [data for kind, _, data in found.definitions if kind == "policy"]
    assert ten["when"] == {"field": "custom.kind", "op": "in", "value": ["lamp", "sign"]}
    assert ten["targets"][0]["target"] == {"type": "working_days", "days": 10, "ends": "same_time"}
    assert thirty["targets"][0]["target"] == {"type": "calendar_days", "days": 30, "ends": "same_time"}


def test_holidays_are_read_from_a_file_beside_the_map(folder):
    (folder / "map.toml").write_text(
        'name = "x"\n[columns]\ncase = "a"\nreceived = "b"\n[calendars.c]\nzone = "UTC"\n'
        'holidays = { file = "days.json", key = "holidays" }\n[calendars.c.week]\nmon = [["08:00", "12:00"]]\n',
        encoding="utf-8",
    )
    found = read_map(folder / "map.toml")
    assert isinstance(found, ImportMap)
    assert found.definitions[0][2]["holidays"] == ["2026-01-01"]
    assert found.policies is None  # it brings none, so the stored ones apply


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(CareError) as missing:
        read_map(tmp_path / "none.toml")
    assert (missing.value.code, missing.value.field) == ("import.map_file", "map")
    (tmp_path / "bad.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(CareError) as bad:
        read_map(tmp_path / "bad.toml")
    assert (bad.value.code, bad.value.field) == ("import.toml", "map.toml")


def test_every_code_of_a_rejected_row_or_warning_has_its_words():
    source = "".join((ROOT / f"src/careplug/imports/{name}.py").read_text("utf-8") for name in ("rows", "cases"))
    codes = set(re.findall(r"""(?:Rejected\(|append\(\()"([a-z_]+)\"""", source))
    assert {"columns", "before_received", "range"} < codes
    codes |= {"state", "activity", "kind", "impact", "urgency", "priority_unknown", "refused"}
    assert [code for code in sorted(codes) if f"import.trouble.{code}" not in catalogue()] == []
