"""Retention by rules, legal holds, the journal, plugins' entities that say whom they are about, and who may do it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from careplug import Actor, Care, Ref, Worker
from careplug.audit import rebuild, verify
from careplug.cli.main import main
from careplug.clock import ManualClock
from careplug.contributions import Denied, FactType
from careplug.criteria import Is
from careplug.definitions import Definition, restamp
from careplug.entity import EntitySpec, column
from careplug.errors import Invalid, Refused
from careplug.feedback.entities import Attachment
from careplug.feedback.service import FeedbackService
from careplug.messages.entities import Message
from careplug.plugin import hookimpl
from careplug.privacy import entries, erase_contact, export_contact, plan_retention, run_retention
from careplug.privacy.retention import _Run, retain
from careplug.privacy.rules import Rule
from careplug.refs import new_id
from careplug.storage.files import FolderFiles
from careplug.text import Text
from careplug.timeline.story import Timeline

LI, BOSS = Ref("person", "c-17"), Actor.engineer("zhao", "manager")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Visit:
    """A plugin's row about a person, and about a case."""

    id: str
    tenant: str = ""
    guest: Ref | None = None
    feedback_id: str = column(length=36, default="")
    address: str = column(length=200, personal=True, default="")
    doors: dict[str, Any] = attrs.field(factory=dict, metadata={"personal": True})
    minutes: int = 0
    version: int = 1


@attrs.frozen(kw_only=True)
class Loan:
    """A plugin's row with a story of its own."""

    id: str
    tenant: str = ""
    borrower: Ref | None = None
    said: str = column(length=200, personal=True, default="")
    sequence: int = 0
    head: str = column(length=64, default="")
    last_at: datetime | None = None


class Yard:
    """Brings both."""

    @hookimpl
    def careplug_entities(self):
        """Two entities about people."""
        return (
            EntitySpec(name="visit", cls=Visit, indexes=(("guest",), ("feedback_id",)), about=("guest", "feedback_id")),
            EntitySpec(name="loan", cls=Loan, indexes=(("borrower",),), about=("borrower",)),
            FactType("lent", "loan", personal=("said",), fold=lambda was, data, fact: {"said": data.get("said", "")}),
            FactType("erased", "loan", final=True),
        )


@pytest.fixture
def care(database_url):
    care = Care(database_url, plugins=[Yard()], clock=ManualClock(START), environ={})
    care.upgrade()
    yield care
    care.close()


@pytest.fixture
def small():
    """In memory."""
    care = Care(plugins=[Yard()], clock=ManualClock(START), environ={})
    yield care
    care.close()


def settled(care: Care, *, kind: str = "fault", ends: str = "close", file: bool = True) -> str:
    """A case that ended; its id."""
    with care.unit(actor=Actor.customer("c-17")) as unit:
        case = unit.feedback.submit(kind, "欧阳的打印机", contact_name="欧阳", contact_phone="13912345678")
    with care.unit(actor=BOSS) as unit:
        if file:
            stored = care.setup.files.put(io.BytesIO(b"x"), name="欧阳.png", media_type="image/png", tenant="")
            unit.feedback.attach(case.id, stored)
        if ends:
            unit.feedback.step(case.id, "confirm")
            unit.feedback.step(case.id, "handle")
            unit.feedback.step(case.id, "resolve", measure="换了", result="好了")
            unit.feedback.step(case.id, "close")
    return case.id


def rule(care: Care, name: str, **data: Any) -> None:
    with care.unit(actor=BOSS) as unit:
        unit.definitions.put("retention", name, data)


def fact_types(care: Care, ident: str) -> list[str]:
    with care.read(actor=BOSS) as unit:
        return [fact.type for fact in unit.feedback.facts(ident)]


def test_a_rule_takes_what_ended_long_enough_ago_and_the_plan_says_so_before(care):
    old, open_, young = settled(care), settled(care, ends=""), None
    rule(care, "two_years", after={"years": 2}, do=["erase"])
    care.clock.move(timedelta(days=730))
    young = settled(care)
    assert plan_retention(care, actor=BOSS).rules[0].rows == 0, "not old enough by a day"
    care.clock.move(timedelta(days=2))
    plan = plan_retention(care, actor=BOSS).rules[0]
    assert (plan.rows, plan.held, plan.files, plan.examples) == (1, 0, 1, ("CP-2026-000001",))
    assert plan.personal == 3
    assert "erased" not in fact_types(care, old)
    done = run_retention(care, actor=BOSS)
    assert (done.rules[0].rows, done.rules[0].personal, done.traces) == (1, 3, True)
    assert fact_types(care, old)[-1] == "erased"
    assert "erased" not in fact_types(care, open_) + fact_types(care, young)
    assert run_retention(care, actor=BOSS).rules[0].rows == 0
    assert len(list(care.setup.files.keys())) == 2
    assert verify(care).whole
    assert rebuild(care, write=False).whole
    with care.read(actor=BOSS) as unit:
        assert unit.feedback.get(old).subject == "███"
        (entry,) = entries(unit)
        assert (entry.type, entry.data["rule"], entry.data["rows"]) == ("retention_applied", "two_years", 1)


def test_the_contact_alone_is_made_anonymous_and_the_words_stay(care):
    ident = settled(care)
    rule(care, "callers", after={"days": 30}, do=["anonymise"])
    care.clock.move(timedelta(days=31))
    assert run_retention(care, actor=BOSS).rules[0].rows == 1
    with care.read(actor=BOSS) as unit:
        case = unit.feedback.get(ident)
        assert (case.contact_name, case.contact_phone, case.subject) == ("███", "███", "欧阳的打印机")
        assert unit.feedback.facts(ident)[-1].data["fields"] == ["contact_name", "contact_phone", "contact_mail"]
    assert verify(care).whole
    assert rebuild(care, write=False).whole
    assert plan_retention(care, actor=BOSS).rules[0].rows == 0
    assert len(list(care.setup.files.keys())) == 1


def test_files_and_messages_go_by_rules_of_their_own(care):
    ident = settled(care)
    Worker(care).run_due()
    rule(care, "files", after={"days": 10}, do=["attachments"])
    rule(care, "outbox", entity="message", after={"days": 10}, do=["delete"])
    care.clock.move(timedelta(days=11))
    with care.unit(actor=BOSS) as unit:
        unit.feedback.reply(ident, "来了")
        pending = {message.id for message in unit.store.find(Message, Is("state", "eq", "pending"))}
        assert pending
    files, outbox = run_retention(care, actor=BOSS).rules
    assert (files.rows, files.files) == (1, 1)
    assert outbox.rows > 0
    assert list(care.setup.files.keys()) == []
    with care.read(actor=BOSS) as unit:
        assert {message.id for message in unit.store.find(Message)} == pending
        assert unit.feedback.get(ident).subject == "欧阳的打印机"
    assert [line.rows for line in plan_retention(care, actor=BOSS).rules] == [0, 0]
    assert verify(care).whole


@pytest.mark.parametrize("action", ["erase", "attachments"])
def test_a_run_that_broke_behind_the_files_is_finished_by_the_next_one(small, monkeypatch, action):
    ident = settled(small)
    rule(small, "files", after={"days": 10}, do=[action])
    small.clock.move(timedelta(days=11))

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FeedbackService, "detach", dies)
        with pytest.raises(KeyboardInterrupt):
            run_retention(small, actor=BOSS)
    assert list(small.setup.files.keys()) == []
    assert run_retention(small, actor=BOSS).rules[0].files == 1
    with small.read(actor=BOSS) as unit:
        assert unit.store.find(Attachment, Is("feedback_id", "eq", ident)) == []


def test_files_of_a_case_under_hold_are_neither_named_nor_forgotten(small):
    ident = settled(small)
    with small.unit(actor=BOSS) as unit:
        unit.feedback.place_hold(ident, reason="court file 7")
    with small.unit(actor=BOSS) as unit:
        assert unit.get(FeedbackService).files([ident]) == []
        with pytest.raises(Refused) as caught:
            unit.get(FeedbackService).detach(ident)
    assert caught.value.code == "feedback.held"
    with small.unit(actor=BOSS) as unit:
        unit.feedback.lift_hold(ident, reason="settled")
    with small.read(actor=Actor.engineer("wang")) as unit, pytest.raises(Refused):
        unit.get(FeedbackService).files([ident])


def test_a_message_that_is_sent_again_meanwhile_is_not_deleted(small, monkeypatch):
    ident = settled(small)
    Worker(small).run_due()
    rule(small, "outbox", entity="message", after={"days": 10}, do=["delete"])
    small.clock.move(timedelta(days=11))
    with small.read(actor=BOSS) as unit:
        first, *others = unit.store.find(Message, Is("subject_id", "eq", ident))
    assert others
    found = _Run._messages

    def meanwhile(run: _Run):
        for page in found(run):
            with small.unit(actor=BOSS) as unit:
                old = unit.store.get(Message, first.id)
                unit.store.save(attrs.evolve(old, state="pending"), was=old)
            yield page

    monkeypatch.setattr(_Run, "_messages", meanwhile)
    run_retention(small, actor=BOSS)
    with small.read(actor=BOSS) as unit:
        assert [each.id for each in unit.store.find(Message)] == [first.id]


def test_a_rule_can_be_about_some_kinds_alone(small):
    settled(small, kind="complaint")
    ident = settled(small, kind="question")
    rule(small, "questions", kinds=["question"], after={"days": 1}, do=["erase"])
    small.clock.move(timedelta(days=2))
    assert run_retention(small, actor=BOSS).rules[0].examples == ("CP-2026-000002",)
    assert fact_types(small, ident)[-1] == "erased"


def test_a_legal_hold_keeps_a_case_from_rules_and_requests_until_it_is_lifted(care):
    ident = settled(care)
    Worker(care).run_due()
    with care.unit(actor=BOSS) as unit:
        assert unit.feedback.place_hold(ident, reason="诉讼").flags == ("legal_hold",)
        unit.feedback.place_hold(ident, reason="once more")
    assert fact_types(care, ident).count("hold_placed") == 1
    rule(care, "old", after={"days": 1}, do=["erase"])
    rule(care, "outbox", entity="message", after={"days": 1}, do=["delete"])
    care.clock.move(timedelta(days=3))
    told = _words(care)
    assert told
    done = run_retention(care, actor=BOSS).rules
    assert [(line.rule, line.rows, line.held > 0) for line in done] == [
        ("old", 0, True),
        ("outbox", 0, True),
    ]
    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (report.cases, report.held, report.values, report.messages) == (0, 1, 0, 0)
    assert _words(care) == told
    assert "legal hold" in report.text("en")
    assert "法律保全" in report.text("zh")
    with care.unit(actor=BOSS) as unit, pytest.raises(Refused) as caught:
        unit.feedback.erase(ident, request="letter 7")
    assert caught.value.code == "feedback.held"
    with care.unit(actor=BOSS) as unit:
        assert unit.feedback.lift_hold(ident, reason="settled").flags == ()
    assert erase_contact(care, LI, request="letter 7", actor=BOSS).cases == 1
    assert verify(care).whole
    assert rebuild(care, write=False).whole


def _words(care: Care) -> list[str]:
    with care.read(actor=BOSS) as unit:
        return sorted(message.body for message in unit.store.find(Message))


def test_the_worker_applies_active_rules_every_day_and_there_are_none_at_first(small):
    ident = settled(small)
    small.clock.move(timedelta(days=400))
    Worker(small).run_due()
    assert "erased" not in fact_types(small, ident)
    rule(small, "old", after={"months": 12}, do=["erase"])
    small.clock.move(timedelta(days=1, minutes=1))
    Worker(small).run_due()
    assert fact_types(small, ident)[-1] == "erased"


def test_a_tenant_whose_rules_cannot_be_read_stops_no_other(small):
    ident = settled(small)
    rule(small, "old", after={"days": 1}, do=["erase"])
    with small.unit(actor=BOSS, tenant="later") as unit:
        other = unit.feedback.submit("fault", "欧阳的打印机", contact_name="欧阳")
        unit.feedback.step(other.id, "reject", reason="无关")
    for tenant in ("!broken", "later"):  # the broken one is the second in order
        with small.unit(actor=BOSS, tenant=tenant) as unit:
            unit.definitions.put("retention", "old", {"after": {"days": 1}, "do": ["erase"]})
    with small.transaction(tenant="!broken") as store:
        (row,) = store.find(Definition, Is("kind", "eq", "retention"))
        store.save(attrs.evolve(row, data={**row.data, "kinds": ["gone"]}, digest="0" * 32), was=row)
        restamp(store, "!broken")
    small.clock.move(timedelta(days=3))
    with pytest.raises(Invalid) as caught:
        retain(small, small.clock())
    assert (caught.value.code, caught.value.__notes__) == ("retention.kind", ["in tenant '!broken'"])
    assert fact_types(small, ident)[-1] == "erased"
    with small.read(actor=BOSS, tenant="later") as unit:
        assert unit.feedback.facts(other.id)[-1].type == "erased"


def test_rows_of_plugins_are_erased_and_exported_by_what_they_say(care, tmp_path):
    ident = settled(care)
    with care.unit(actor=BOSS) as unit:
        visits = [
            Visit(id=new_id(), guest=LI, address="朝阳路 1", doors={"code": "4711"}, minutes=20),
            Visit(id=new_id(), feedback_id=ident, address="朝阳路 1", minutes=30),
            Visit(id=new_id(), guest=Ref("person", "c-18"), address="朝阳路 2", minutes=40),
        ]
        for visit in visits:
            unit.store.add(visit)
        timeline = unit.get(Timeline)
        loan = timeline.new("loan", Loan(id=new_id(), borrower=LI))
        timeline.append("loan", loan.id, "lent", {"said": "欧阳借走"})
    exported = export_contact(care, LI, tmp_path / "li.zip", actor=BOSS)
    assert (exported.rows["visit"], exported.rows["loan"]) == (2, 1)
    report = erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert report.rows == 3
    with care.read(actor=BOSS) as unit:
        found = [unit.store.get(Visit, visit.id) for visit in visits]
        assert [(v.address, v.doors, v.minutes, v.version) for v in found] == [
            ("", {}, 20, 2),
            ("", {}, 30, 2),
            ("朝阳路 2", {}, 40, 1),
        ]
        assert unit.store.get(Loan, loan.id).said == ""
        facts = unit.get(Timeline).facts("loan", loan.id)
        assert [(fact.type, fact.data.get("said")) for fact in facts] == [("lent", "███"), ("erased", None)]
    assert verify(care).whole
    assert erase_contact(care, LI, request="letter 7", actor=BOSS).rows == 0
    with care.unit(actor=BOSS) as unit:
        unit.store.add(Visit(id=new_id(), feedback_id=ident, address="朝阳路 1"))
    again = erase_contact(care, LI, request="letter 8", actor=BOSS)
    assert (again.before, again.rows) == (1, 1)  # what came after the case was erased goes too


def test_an_entity_whose_story_cannot_say_that_it_was_erased_is_named_before_anything_is_done():
    class Careless:
        @hookimpl
        def careplug_entities(self):
            return (
                EntitySpec(name="loan", cls=Loan, about=("borrower",)),
                FactType("lent", "loan", personal=("said",)),
            )

    care = Care(plugins=[Careless()], clock=ManualClock(START), environ={})
    ident = settled(care)
    with pytest.raises(Invalid) as caught:
        erase_contact(care, LI, request="letter 7", actor=BOSS)
    assert (caught.value.code, caught.value.field) == ("privacy.no_erased", "erase.loan")
    assert "erased" not in fact_types(care, ident)
    care.close()


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"after": {"days": 1}, "do": ["erase"], "when": 1}, "definition.keys", "retention.x.when"),
        ({"after": {"days": 1}, "do": ["erase"], "entity": "clock"}, "retention.entity", "retention.x.entity"),
        ({"after": {"days": 1}, "do": ["delete"]}, "retention.action", "retention.x.do.action"),
        ({"after": {"days": 1}, "do": []}, "retention.action", "retention.x.do.action"),
        ({"after": {"days": 1}, "do": "erase"}, "retention.list", "retention.x.do"),
        ({"after": {"days": 1}, "do": ["erase"], "kinds": [1]}, "retention.list", "retention.x.kinds"),
        ({"after": {"days": 1}, "do": ["erase"], "kinds": ["fautl"]}, "retention.kind", "retention.x.kinds.kind"),
        (
            {"after": {"days": 1}, "do": ["delete"], "entity": "message", "kinds": ["fault"]},
            "retention.kinds",
            "retention.x.kinds.entity",
        ),
        ({"do": ["erase"]}, "retention.after", "retention.x.after"),
        ({"after": {"days": 0}, "do": ["erase"]}, "retention.after", "retention.x.after"),
        ({"after": {"days": True}, "do": ["erase"]}, "retention.after", "retention.x.after"),
        ({"after": {"weeks": 3}, "do": ["erase"]}, "retention.after", "retention.x.after"),
        ({"after": {"days": 3, "months": 1}, "do": ["erase"]}, "retention.after", "retention.x.after"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_key(small, data, code, field):
    with small.unit(actor=BOSS) as unit, pytest.raises(Invalid) as caught:
        unit.definitions.put("retention", "x", data)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("after", "now", "cutoff"),
    [
        ({"days": 30}, "2026-03-31", "2026-03-01"),
        ({"months": 1}, "2026-03-31", "2026-02-28"),
        ({"months": 13}, "2026-03-31", "2025-02-28"),
        ({"months": 3}, "2026-03-31", "2025-12-31"),
        ({"years": 2}, "2024-02-29", "2022-02-28"),
        ({"years": 4}, "2024-02-29", "2020-02-29"),
        ({"years": 3000}, "2024-02-29", "0001-01-01"),
    ],
)
def test_months_and_years_go_by_the_calendar(after, now, cutoff):
    found = Rule.parse("x", {"after": after, "do": ["erase"]}).cutoff(datetime.fromisoformat(f"{now}T00:00:00+00:00"))
    assert found.date().isoformat() == cutoff


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "about person:c-17, request letter 1, facts 8, stored files 1, Files 1, Cases 1, Messages 3",
                "rule old, revision ",
            ],
        ),
        ("zh", ["对象 person:c-17、依据 letter 1、事实 8、存储的文件 1、文件 1、反馈 1、消息 3", "规则 old、修订 "]),
    ],
)
def test_the_journal_is_printed_in_words(tmp_path, capsys, language, words):
    url = f"sqlite:///{tmp_path}/care.db"
    with Care(url, clock=ManualClock(START), files=FolderFiles(tmp_path / "files"), environ={}) as care:
        settled(care)
        export_contact(care, LI, tmp_path / "li.zip", actor=BOSS, request="letter 1")
        rule(care, "old", after={"days": 10}, do=["erase"])
        care.clock.move(timedelta(days=11))
        run_retention(care, actor=BOSS)
    with pytest.raises(SystemExit):
        main(["--lang", language, "--zone", "UTC", "-d", url, "privacy", "journal"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(each in told for each in words)
    assert "{" not in told


def test_who_may_do_a_part_of_it_alone_erases_nothing():
    class Strict:
        """Denies the last step."""

        @hookimpl
        def careplug_allow(self, actor, action, subject):
            """The directory is somebody else's."""
            return Denied(Text("no", "否")) if action == "parties.manage" else None

    with Care(plugins=[Strict()], clock=ManualClock(START), environ={}) as care:
        ident = settled(care)
        with pytest.raises(Refused):
            erase_contact(care, LI, request="letter 7", actor=BOSS)
        assert "erased" not in fact_types(care, ident)


def test_who_may_not_is_refused_and_nothing_is_written(small, tmp_path):
    settled(small)
    engineer = Actor.engineer("wang")
    attempts = (
        lambda: export_contact(small, LI, tmp_path / "x.zip", actor=engineer),
        lambda: erase_contact(small, LI, request="x", actor=engineer),
        lambda: plan_retention(small, actor=engineer),
        lambda: run_retention(small, actor=engineer),
    )
    for attempt in attempts:
        with pytest.raises(Refused):
            attempt()
    with small.read(actor=engineer) as unit, pytest.raises(Refused):
        entries(unit)
    assert list(tmp_path.iterdir()) == []
    with small.read(actor=BOSS) as unit:
        assert entries(unit) == []


def test_an_archive_that_cannot_be_written_leaves_nothing_and_no_entry(small, tmp_path):
    settled(small)
    with pytest.raises(Invalid) as caught:
        export_contact(small, LI, tmp_path / "none" / "x.zip", actor=BOSS)
    assert (caught.value.code, caught.value.field) == ("privacy.file", "export.file")
    with small.read(actor=BOSS) as unit:
        assert entries(unit) == []


def test_a_file_that_is_no_longer_kept_is_counted_and_the_rest_is_written(small, tmp_path):
    settled(small)
    settled(small)
    small.setup.files.delete(next(iter(small.setup.files.keys())), tenant="")
    report = export_contact(small, LI, tmp_path / "x.zip", actor=BOSS)
    assert (report.files, report.missing) == (1, 1)
    assert "no longer kept" in report.text("en")
