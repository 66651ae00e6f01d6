"""Running an import: what is rejected, what is kept with a warning, what is known the second time, what goes on."""

from __future__ import annotations

import gzip
import lzma
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from careplug import Actor, Care, Worker
from careplug.clock import ManualClock
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.feedback.entities import RequestKey
from careplug.imports import fields_of
from careplug.refs import SYSTEM
from tests.unit.imports import logs

HEAD = ("No", "In", "Out", "What")


def cases(care):
    with care.read(actor=SYSTEM) as unit:
        return {case.subject: case for case in unit.feedback.find(limit=100)}


def story(care, ident):
    with care.read(actor=SYSTEM) as unit:
        return [(fact.type, fact.at, fact.data) for fact in unit.feedback.facts(ident)]


def types(care, ident):
    return [kind for kind, _, _ in story(care, ident) if kind not in ("policy_decided", "verdict")]


def trouble(found):
    return [(item.row, item.code, item.column) for item in found]


def test_rows_that_cannot_be_understood_are_rejected_by_number_and_the_rest_is_stored(tmp_path):
    rows = [
        ("1", "03.02.2026 09:00", "", "fine"),
        ("", "03.02.2026 09:00", "", "no key"),
        ("3", "", "", "no time"),
        ("4", "30.02.2026 09:00", "", "no such day"),
        ("5", "03.02.2026 09:00", "", "a cell too many", "x"),
        ("6", "03.02.2026 09:00", "soon", "no time of the step"),
        ("7", "03.02.2026 09:00", "", "nul\0"),
        ("8", "03.02.2026 09:00", "04.02.2026 09:00", "fine too"),
    ]
    care, report = logs.imported(logs.map_of(logs.CASES), logs.write(tmp_path / "log.csv", HEAD, rows))
    assert trouble(report.rejected) == [
        (3, "empty", "No"),
        (4, "empty", "In"),
        (5, "time", "In"),
        (6, "columns", ""),
        (7, "time", "Out"),
        (8, "encoding", ""),
    ]
    assert set(cases(care)) == {"fine", "fine too"}
    assert (report.rows, report.rows_rejected, report.counts["cases"]) == (8, 6, 2)
    assert report.to_data()["rejected"][2]["value"] == "30.02.2026 09:00"


def test_bytes_that_are_no_text_cost_their_row_only(tmp_path):
    log = tmp_path / "log.csv"
    log.write_bytes(b"No,In,Out,What\n1,03.02.2026 09:00,,caf\xe9\n2,03.02.2026 09:00,,ok\n")
    care, report = logs.imported(logs.map_of(logs.CASES), log)
    assert trouble(report.rejected) == [(2, "encoding", "")]
    assert set(cases(care)) == {"ok"}


def test_oddities_are_kept_with_a_warning_on_the_fact_and_in_the_flags(tmp_path):
    rows = [
        ("1", "03.02.2026 09:00", "02.02.2026 09:00", "ends before it begins"),
        ("2", "03.02.2099 09:00", "04.02.2099 09:00", "to come"),
        ("3", "03.02.2026 09:00", "", "x" * 600),
    ]
    care, report = logs.imported(logs.map_of(logs.CASES), logs.write(tmp_path / "log.csv", HEAD, rows))
    assert [(item.row, item.code, item.case) for item in report.warned] == [
        (2, "before_received", "1"),
        (3, "future", "2"),
        (4, "subject_long", "3"),
    ]
    found = cases(care)
    assert found["ends before it begins"].flags == ("before_received",)
    assert found["ends before it begins"].handled_at == datetime(2026, 2, 2, 8, tzinfo=UTC)
    assert found["x" * 500].body == "x" * 600
    assert types(care, found["to come"].id) == ["submitted", "closed", "warned"]


def test_guards_are_noted_and_no_words_are_invented(tmp_path):
    rows = [("1", "03.02.2026 09:00", "04.02.2026 09:00", "closed at once")]
    care, report = logs.imported(logs.map_of(logs.CASES), logs.write(tmp_path / "log.csv", HEAD, rows))
    case = cases(care)["closed at once"]
    (closed,) = [data for kind, _, data in story(care, case.id) if kind == "closed"]
    assert closed["violations"] == ["step.state:received→closed"]
    assert (case.measure, case.result, case.cause) == ("", "", "")
    assert report.violations == {"step.state:received→closed": 1}


@pytest.mark.parametrize(
    ("said", "utc"),
    [("29.03.2026 02:30", "01:30"), ("25.10.2026 02:30", "00:30"), ("01.07.2026 12:00", "10:00")],
    ids=["skipped: forward", "twice: the first", "once"],
)
def test_wall_clock_of_the_zone(tmp_path, said, utc):
    log = logs.write(tmp_path / "log.csv", HEAD, [("1", said, "", "x")])
    care, _ = logs.imported(logs.map_of(logs.CASES), log)
    assert cases(care)["x"].received_at.strftime("%H:%M") == utc


@pytest.mark.parametrize("pack", [None, gzip, lzma])
def test_packed_logs(tmp_path, pack):
    log = logs.write(tmp_path / "log.csv", HEAD, [("1", "03.02.2026 09:00", "", "x")])
    if pack is not None:
        packed = tmp_path / ("log.csv.gz" if pack is gzip else "log.csv.xz")
        packed.write_bytes(pack.compress(log.read_bytes()))
        log = packed
    care, _ = logs.imported(logs.map_of(logs.CASES), log)
    assert set(cases(care)) == {"x"}


def test_a_damaged_pack_stores_what_it_could_and_goes_on_later(tmp_path):
    rows = [(n, "03.02.2026 09:00", "", f"case {n} {'ä' * 200}") for n in range(3000)]
    whole = gzip.compress(logs.write(tmp_path / "log.csv", HEAD, rows).read_bytes())
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(whole[: len(whole) // 2])
    found = logs.map_of(logs.CASES)
    care = Care(plugins=[])
    with pytest.raises(Invalid) as raised:
        logs.imported(found, packed, care=care)
    assert raised.value.code == "import.log_damaged"
    packed.write_bytes(whole)
    _, report = logs.imported(found, packed, care=care)
    assert report.counts["known"] > 0
    assert report.counts["known"] + report.counts["cases"] == 3000


def test_a_case_list_imported_again_adds_nothing_and_a_later_one_what_is_new(tmp_path):
    found = logs.map_of(logs.CASES)
    rows = [("1", "03.02.2026 09:00", "", "open"), ("2", "03.02.2026 09:00", "04.02.2026 09:00", "done")]
    care, _ = logs.imported(found, logs.write(tmp_path / "a.csv", HEAD, rows))
    before = {name: story(care, case.id) for name, case in cases(care).items()}
    _, again = logs.imported(found, tmp_path / "a.csv", care=care)
    assert again.counts == {"known": 2}
    assert {name: story(care, case.id) for name, case in cases(care).items()} == before
    rows[0] = ("1", "03.02.2026 09:00", "05.02.2026 10:00", "open")
    _, later = logs.imported(
        found, logs.write(tmp_path / "b.csv", HEAD, [*rows, ("3", "06.02.2026 09:00", "", "new")]), care=care
    )
    assert (later.counts["known"], later.counts["updated"], later.counts["cases"]) == (1, 1, 1)
    assert types(care, cases(care)["open"].id) == ["submitted", "closed"]
    with care.read(actor=SYSTEM) as unit:
        assert all(key.expires_at is None for key in unit.store.find(RequestKey))


EVENTS = [
    ("A", "2026-02-03 09:00", "New", "2", "2", "?", "0"),
    ("A", "2026-02-03 09:00", "Work", "2", "2", "li", "1"),
    ("A", "2026-02-03 09:00", "Awaiting user", "2", "2", "li", "2"),
    ("A", "2026-02-03 10:00", "Awaiting user", "2", "2", "li", "3"),
    ("A", "2026-02-03 11:00", "Awaiting maker", "1", "1", "li", "4"),
    ("A", "2026-02-03 12:00", "Done", "1", "1", "li", "5"),
    ("A", "2026-02-03 13:00", "Awaiting user", "1", "1", "li", "6"),
    ("A", "2026-02-03 14:00", "Filed", "1", "1", "li", "7"),
]
LIFE = [
    "submitted", "assigned", "handling", "paused", "prioritised", "resumed", "paused", "resumed", "resolved",
    "reopened", "paused", "resumed", "closed",
]  # fmt: skip


def test_an_event_log_is_a_timeline_and_waiting_is_a_pause(tmp_path):
    care, report = logs.imported(logs.map_of(logs.EVENTS), logs.write(tmp_path / "log.csv", logs.HEAD, EVENTS))
    (case,) = cases(care).values()
    assert types(care, case.id) == LIFE
    paused = [(data["reason"], data["party"]) for kind, _, data in story(care, case.id) if kind == "paused"]
    assert paused == [("waiting_customer", "customer"), ("waiting_vendor", "vendor"), ("waiting_customer", "customer")]
    assert (case.state, case.priority, case.cycle, case.pauses) == ("closed", 1, 2, ())
    kept = ("state_changes", "priority_changes", "reopens", "silent", "updates")
    assert [report.counts[key] for key in kept] == [6, 1, 1, 1, 7]


def test_a_longer_event_log_appends_what_is_new(tmp_path):
    found = logs.map_of(logs.EVENTS)
    care, _ = logs.imported(found, logs.write(tmp_path / "a.csv", logs.HEAD, EVENTS[:4]))
    _, later = logs.imported(found, logs.write(tmp_path / "b.csv", logs.HEAD, EVENTS), care=care)
    assert (later.counts["known"], later.counts["updated"]) == (4, 1)
    (case,) = cases(care).values()
    assert types(care, case.id) == LIFE
    assert logs.imported(found, tmp_path / "b.csv", care=care)[1].counts == {"known": 8}


@pytest.mark.parametrize("batch", [1, 3, 250])
def test_rows_of_a_case_may_stand_apart(tmp_path, batch):
    others = [(case, *row[1:]) for row in EVENTS for case in ("B", "C")]
    rows = [row for pair in zip(EVENTS, others[::2], others[1::2], strict=True) for row in pair]
    log = logs.write(tmp_path / "log.csv", logs.HEAD, rows)
    care, report = logs.imported(logs.map_of(logs.EVENTS), log, batch=batch)
    with care.read(actor=SYSTEM) as unit:
        found = unit.feedback.find()
    assert [types(care, case.id) for case in found] == [LIFE] * 3
    kept = ("state_changes", "priority_changes", "reopens", "silent", "updates")
    assert [report.counts[key] for key in kept] == [18, 3, 3, 3, 21]


def test_a_row_the_services_refuse_does_not_hold_up_its_batch(tmp_path):
    rows = [("A", "2026-02-03 09:00", "New", "2", "2", "?", "0"), ("B", "2026-02-03 09:00", "New", "9", "2", "?", "0")]
    care, report = logs.imported(logs.map_of(logs.EVENTS), logs.write(tmp_path / "log.csv", logs.HEAD, rows))
    assert [(item.row, item.code) for item in report.rejected] == [(3, "refused")]
    assert len(cases(care)) == 1


def test_who_may_import_and_what_is_asked_before_the_first_row(tmp_path):
    log = logs.write(tmp_path / "log.csv", HEAD, [("1", "03.02.2026 09:00", "", "x")])
    found = logs.map_of(logs.CASES)
    with pytest.raises(Refused):
        logs.imported(found, log, actor=Actor.engineer("wang"))
    with pytest.raises(NotFound) as missing:
        logs.imported(found, tmp_path / "none.csv")
    assert missing.value.field == "log"
    with pytest.raises(Invalid) as column:
        logs.imported(logs.map_of(logs.CASES, steps={"closed": "Off"}), log)
    assert (column.value.code, column.value.field) == ("import.column", "map.steps.closed")
    custom = logs.map_of(logs.CASES, custom={"what": {"column": "What"}})
    with pytest.raises(Invalid) as undeclared:
        logs.imported(custom, log, care=Care(plugins=[]))
    assert undeclared.value.field == "map.custom.what"


def test_a_definition_that_a_person_wrote_is_not_replaced(tmp_path):
    log = logs.write(tmp_path / "log.csv", HEAD, [("1", "03.02.2026 09:00", "", "x")])
    week = {"mon": [["08:00", "12:00"]]}
    found = logs.map_of(logs.CASES, calendars={"office": {"zone": "Europe/Berlin", "week": week}})
    with pytest.raises(Conflict) as raised:
        logs.imported(found, log)
    assert raised.value.field == "map.calendars.office"


def test_progress_is_told_and_the_tenant_is_kept(tmp_path):
    rows = [(n, "03.02.2026 09:00", "", f"case {n}") for n in range(10)]
    told = []
    care, _ = logs.imported(
        logs.map_of(logs.CASES),
        logs.write(tmp_path / "log.csv", HEAD, rows),
        batch=4,
        tenant="north",
        progress=lambda done, share: told.append((done, share)),
    )
    assert [done for done, _ in told] == [4, 8, 10]
    assert told[-1][1] == 1.0
    assert cases(care) == {}
    with care.read(actor=SYSTEM, tenant="north") as unit:
        assert unit.feedback.count() == 10


def test_memory_does_not_grow_with_the_log(tmp_path):
    found = logs.map_of(logs.CASES)

    def peak(count):
        log = logs.write(
            tmp_path / f"{count}.csv",
            HEAD,
            ((n, "03.02.2026 09:00", "", f"case {n} {'x' * 400}") for n in range(count)),
        )
        with Care(f"sqlite:///{tmp_path}/{count}.db", plugins=[fields_of(found)]) as care:
            logs.imported(found, log, care=care, batch=50)  # what is loaded on first use
            tracemalloc.start()
            logs.imported(logs.map_of(logs.CASES, name="again"), log, care=care, batch=50)
            try:
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    assert peak(800) < 1.5 * peak(200)


def test_nobody_is_told_of_history(tmp_path):
    """No message of an imported fact, no alarm for what was late years ago; an alarm that is still to come fires."""
    clock = ManualClock(datetime(2026, 2, 6, 8, 0, tzinfo=UTC))
    care = Care(clock=clock, plugins=[])
    rows = [("1", "03.02.2019 09:00", "", "old"), ("2", "06.02.2026 08:59", "", "now")]
    found = logs.map_of(logs.CASES, apply="all")
    _, report = logs.imported(found, logs.write(tmp_path / "log.csv", HEAD, rows), care=care)
    assert report.warnings == {}
    with care.read(actor=SYSTEM) as unit:
        assert len(unit.sla.clocks([cases(care)["old"].id])) >= 2
    first = Worker(care).run_due()
    assert (first.levels, first.closed, first.tasks, first.messages.total) == (0, 0, 0, 0)
    clock.move(timedelta(hours=30))
    fired = Worker(care).run_due()
    assert fired.levels > 0
    assert "escalated" in types(care, cases(care)["now"].id)
    assert "escalated" not in types(care, cases(care)["old"].id)


def test_states_without_a_time_of_their_own(tmp_path):
    columns = {"case": "No", "received": "In", "subject": "What", "state": "Now"}
    states = {"new": "received", "at work": "handling", "done": "closed", "asked": {"pause": "waiting_customer"}}
    head = (*HEAD, "Now")
    rows = [
        ("1", "03.02.2026 09:00", "", "a", "new"),
        ("2", "03.02.2026 09:00", "", "b", "at work"),
        ("3", "03.02.2026 09:00", "04.02.2026 09:00", "c", "at work"),
        ("4", "03.02.2026 09:00", "", "d", "asked"),
        ("5", "03.02.2026 09:00", "", "e", "unheard of"),
    ]
    log = logs.write(tmp_path / "log.csv", head, rows)
    care, report = logs.imported(logs.map_of(logs.CASES, columns=columns, states=states), log)
    assert trouble(report.rejected) == [(3, "state_time", "Now"), (5, "state_time", "Now"), (6, "state", "Now")]
    assert report.warnings == {"state_differs": 1}
    assumed = {"zone": "Europe/Berlin", "times": ["%d.%m.%Y %H:%M"], "unknown_time": "received"}
    care, report = logs.imported(logs.map_of(logs.CASES, columns=columns, states=states, log=assumed), log)
    assert {name: case.state for name, case in cases(care).items()} == {
        "a": "received", "b": "handling", "c": "closed", "d": "received",
    }  # fmt: skip
    assert [pause.reason for pause in cases(care)["d"].pauses] == ["waiting_customer"]
    (entered,) = [data for kind, _, data in story(care, cases(care)["b"].id) if kind == "handling"]
    assert entered["violations"] == ["time.assumed"]


def test_values_are_mapped_and_priority_is_checked_or_read(tmp_path):
    columns = {"case": "No", "received": "In", "subject": "What", "priority": "P", "kind": "K"}
    rows = [("1", "03.02.2026 09:00", "", "a", "P1", "BUG"), ("2", "03.02.2026 09:00", "", "b", "P9", "BUG")]
    log = logs.write(tmp_path / "log.csv", (*HEAD, "P", "K"), rows)
    pairs = {"priorities": {"P1": [1, 2]}, "kinds": {"BUG": "fault"}}
    care, report = logs.imported(logs.map_of(logs.CASES, columns=columns, **pairs), log)
    assert trouble(report.rejected) == [(3, "priority_unknown", "P")]
    assert (cases(care)["a"].priority, cases(care)["a"].impact, cases(care)["a"].kind) == (2, 1, "fault")
    numbers = {"priorities": {"P1": 1, "P9": 4}, "kinds": {"BUG": "question"}}
    care, report = logs.imported(logs.map_of(logs.CASES, columns=columns, **numbers), log)
    assert report.checks == {"priority_same": 1, "priority_different": 1}
    assert [(item.row, item.code, item.value) for item in report.warned] == [(2, "priority", "1 ≠ 4")]
    assert (cases(care)["a"].priority, cases(care)["a"].flags) == (4, ("priority",))


def test_rows_out_of_order_are_kept_with_a_warning(tmp_path):
    rows = [EVENTS[0], EVENTS[5], ("A", "2026-02-03 08:59", "Filed", "1", "1", "li", "9")]
    rows += [("A", "2026-02-03 11:30", "Filed", "1", "1", "li", "8")]
    care, report = logs.imported(logs.map_of(logs.EVENTS), logs.write(tmp_path / "log.csv", logs.HEAD, rows))
    assert [(item.row, item.code) for item in report.warned] == [(4, "before_received"), (5, "out_of_order")]
    (case,) = cases(care).values()
    assert case.flags == ("before_received", "out_of_order")
