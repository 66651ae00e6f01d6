"""From the end of a case to what follows from the answer, on the memory storage."""

from __future__ import annotations

import pytest

from careplug import Ref
from careplug.audit import rebuild
from careplug.contributions import Denied
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.plugin import hookimpl
from careplug.survey import tokens
from careplug.survey.base import seconds
from careplug.survey.entities import Invitation, Response, Score
from careplug.survey.scoring import cronbach_alpha
from careplug.text import Text
from tests.unit.survey_life.bureau import DAY, HAN, HOUR, KEY, LI, START, TEAM, VISITOR, WANG, ZHAO, Bureau

HAPPY, SAD = {"satisfaction": 5}, {"satisfaction": 1, "comment": "拖了三天"}


@pytest.fixture
def bureau():
    made = Bureau()
    yield made
    report = rebuild(made.care, write=False)
    assert report.whole, report.text()
    made.care.close()


def test_nobody_is_asked_until_a_trigger_is_switched_on(bureau):
    bureau.done()
    bureau.later(60 * DAY)
    assert bureau.rows(Invitation) == []
    assert bureau.messages() == []


def test_a_closed_case_is_asked_about_a_working_day_later_and_once(bureau):
    bureau.ask()
    case = bureau.done()
    planned = bureau.only()
    assert (planned.state, planned.feedback_id, planned.cycle, planned.contact) == ("scheduled", case.id, 1, LI.ref)
    assert (planned.kind, planned.assignee, planned.number) == ("fault", WANG.ref, case.number)
    assert planned.send_at == START + DAY
    assert bureau.later(DAY - HOUR).messages.sent > 0
    assert bureau.messages() == []
    bureau.later(HOUR)
    bureau.later(HOUR)
    assert bureau.messages() == ["survey_invited"]
    assert bureau.only().state == "sent"


def test_the_message_holds_the_link_in_the_readers_language(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    with bureau.unit() as unit:
        (message,) = unit.messages.find(subject="invitation")
        link = unit.surveys.link(bureau.only().id)
    assert link in message.body
    assert "满意度" in message.body
    assert (message.recipient, message.state) == (LI.ref, "sent")


def test_one_reminder_goes_out_then_the_link_ends(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    token = bureau.token()
    bureau.later(6 * DAY)
    bureau.later(2 * DAY)
    assert bureau.messages() == ["survey_invited", "survey_reminder"]
    bureau.later(14 * DAY)
    assert bureau.only().state == "expired"
    assert bureau.messages() == ["survey_invited", "survey_reminder"]
    with pytest.raises(Refused) as refused:
        bureau.answer(token, HAPPY)
    assert refused.value.code == "survey.token_expired"


def test_after_an_outage_one_reminder_goes_out_for_all_that_were_missed(bureau):
    bureau.ask(reminders=[{"type": "working_days", "days": days} for days in (1, 2, 3)])
    bureau.done()
    bureau.later()
    bureau.later(8 * DAY)
    assert bureau.messages() == ["survey_invited", "survey_reminder"]
    assert bureau.only().reminders == 3


def test_an_answer_is_taken_once_and_counted(bureau):
    bureau.ask()
    case = bureau.done()
    bureau.later()
    token = bureau.token()
    opened = bureau.open(token)
    assert (opened.language, opened.anonymous, opened.form.name) == ("zh_CN", "no", "csat")
    made = bureau.answer(token, HAPPY, digest=opened.digest)
    assert (made.feedback_id, made.contact, made.cycle, made.low, made.month) == (case.id, LI.ref, 1, False, "2026-03")
    assert [(row.question, row.value, row.assignee) for row in bureau.rows(Score)] == [("satisfaction", 5, WANG.ref)]
    assert bureau.only().state == "answered"
    for again in (bureau.open, lambda token: bureau.answer(token, SAD)):
        with pytest.raises(Conflict) as refused:
            again(token)
        assert refused.value.code == "survey.answered"
        assert "2026-03-04" in refused.value.text("zh_CN")
    assert len(bureau.rows(Response)) == 1
    assert bureau.later(30 * DAY).messages.sent == 0  # no reminder of what was answered


@pytest.mark.parametrize(
    "answers", [{}, {"satisfaction": 6}, {"satisfaction": "5"}, {"satisfaction": 5, "colour": "red"}]
)
def test_wrong_answers_leave_the_link_as_it_is(bureau, answers):
    bureau.ask()
    bureau.done()
    bureau.later()
    token = bureau.token()
    with pytest.raises(Invalid):
        bureau.answer(token, answers)
    assert bureau.only().state == "sent"
    assert bureau.answer(token, HAPPY).low is False


def test_answers_to_another_revision_are_refused_and_the_asked_one_stays_readable(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    token = bureau.token()
    with bureau.unit() as unit:
        line = unit.surveys.form("csat")
        data = line.form.to_data()
        data["questions"][0]["key"] = "happy"
        newer = unit.surveys.put_form("csat", {**data, "low": {"field": "happy", "op": "le", "value": 2}}, expected=1)
    with pytest.raises(Conflict) as refused:
        bureau.answer(token, HAPPY, digest=newer.digest)
    assert refused.value.code == "survey.revision"
    made = bureau.answer(token, HAPPY, digest=line.digest)
    with bureau.unit() as unit:
        assert unit.surveys.form_of(made) == line.form
        (group,) = unit.surveys.scores("csat").groups
        assert unit.surveys.form("csat", digest=line.digest).form == line.form
    assert (group.responses, group.questions[0].answers) == (1, 0)


def test_a_stale_revision_of_a_form_is_not_overwritten(bureau):
    with bureau.unit() as unit:
        unit.surveys.put_form("team", TEAM, expected=0)
    with pytest.raises(Conflict), bureau.unit() as unit:
        unit.surveys.put_form("team", {**TEAM, "title": {"en": "Us"}}, expected=0)
    with pytest.raises(Invalid) as refused, bureau.unit() as unit:
        unit.surveys.put_form("Our Team", TEAM)
    assert refused.value.code == "survey.form_name"


def test_another_tenants_link_opens_nothing_here(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    token = bureau.token()
    assert tokens.tenant_of(token) == ""
    with pytest.raises(Refused) as refused, bureau.unit(VISITOR, tenant="other") as unit:
        unit.surveys.open(token)
    assert refused.value.code == "survey.token_tenant"


def test_a_sealed_token_of_what_was_never_asked_opens_nothing(bureau):
    claim = tokens.Claim("", "01a21dce-cac8-7002-8210-3470c1fe8081", seconds(START + DAY))
    with pytest.raises(NotFound):
        bureau.answer(tokens.sign(claim, KEY), HAPPY)


def test_a_withdrawn_invitation_says_so(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    token, ident = bureau.token(), bureau.only().id
    with bureau.unit() as unit:
        assert unit.surveys.withdraw(ident).reason == "by_hand"
    with pytest.raises(Refused) as refused:
        bureau.answer(token, HAPPY)
    assert refused.value.code == "survey.token_withdrawn"
    with pytest.raises(Refused), bureau.unit() as unit:
        unit.surveys.withdraw(ident)


def test_a_reopened_case_is_asked_about_again_and_the_first_answer_stays(bureau):
    bureau.ask(quiet_days=0)
    case = bureau.done()
    bureau.later()
    first = bureau.answer(bureau.token(), SAD)
    bureau.reopen(case)
    bureau.close(case)
    bureau.later()
    by_cycle = {each.cycle: each for each in bureau.invitations(feedback_id=case.id)}
    assert {cycle: each.state for cycle, each in by_cycle.items()} == {1: "answered", 2: "sent"}
    second = bureau.answer(bureau.token(by_cycle[2]), HAPPY)
    assert [row.id for row in bureau.rows(Response)] == [first.id, second.id]


def test_what_was_not_answered_ends_with_a_reopening_unless_the_trigger_keeps_it(bureau):
    for rule, state in (("withdraw", "withdrawn"), ("keep", "sent")):
        bureau.ask(on_reopen=rule, quiet_days=0)
        case = bureau.done()
        bureau.later()
        bureau.reopen(case)
        (found,) = bureau.invitations(feedback_id=case.id)
        assert found.state == state


def test_a_reopening_that_is_voided_plans_the_same_invitation_anew(bureau):
    bureau.ask()
    case = bureau.done()
    bureau.reopen(case)
    assert bureau.only().reason == "reopened"
    with bureau.unit() as unit:
        reopened = next(fact for fact in unit.feedback.facts(case.id) if fact.type == "reopened")
        unit.feedback.void(case.id, reopened.sequence, reason="A slip")
    assert (bureau.only().state, bureau.only().reason) == ("scheduled", "")
    bureau.later()
    assert bureau.messages() == ["survey_invited"]


def test_a_merged_case_is_not_asked_about(bureau):
    bureau.put("at_once", event="resolved", form="nps", delay={"type": "elapsed", "hours": 1})
    case, other = bureau.done(), bureau.submit()
    assert bureau.only().state == "scheduled"
    bureau.reopen(case)
    with bureau.unit() as unit:
        unit.feedback.step(case.id, "merge", into=other.id)
    bureau.later()
    assert bureau.only().state == "withdrawn"
    assert bureau.messages() == []


def test_a_form_that_is_gone_keeps_no_case_open(bureau):
    bureau.ask(form="nowhere")
    assert bureau.done().state == "closed"
    assert bureau.rows(Invitation) == []


def test_without_a_link_what_is_planned_waits(bureau):
    poor = Bureau(settings={})
    poor.ask()
    poor.done()
    poor.later(5 * DAY)
    assert (poor.only().state, poor.messages()) == ("scheduled", [])
    with pytest.raises(Refused) as refused, poor.unit() as unit:
        unit.surveys.invite(poor.only().feedback_id, form="nps")
    assert refused.value.code == "survey.not_ready"
    assert "plugins.survey.link, plugins.survey.key" in refused.value.text("en")
    with poor.unit() as unit:
        assert unit.surveys.waiting() == 1
    poor.care.close()


def test_what_is_planned_does_not_go_out_once_the_trigger_is_off(bureau):
    bureau.ask()
    bureau.done()
    bureau.put("after_closing", active=False)
    bureau.later()
    assert (bureau.only().state, bureau.only().reason, bureau.messages()) == ("skipped", "off", [])


def test_a_sample_leaves_the_others_noted(bureau):
    bureau.ask(sample=30, quiet_days=0)
    for _ in range(20):
        bureau.done()
    states = [each.state for each in bureau.rows(Invitation)]
    assert 0 < states.count("scheduled") < 20
    assert states.count("scheduled") + states.count("skipped") == 20
    assert {each.reason for each in bureau.rows(Invitation) if each.state == "skipped"} == {"sample"}


def test_nobody_is_asked_twice_within_the_quiet_period(bureau):
    bureau.ask(quiet_days=30)
    for _ in range(3):
        bureau.done()
    bureau.done(HAN)
    bureau.later()
    found = bureau.rows(Invitation)
    assert sorted((each.contact.id, each.state, each.reason) for each in found) == [
        ("han", "sent", ""),
        ("li", "sent", ""),
        ("li", "skipped", "quiet"),
        ("li", "skipped", "quiet"),
    ]
    bureau.later(40 * DAY)
    bureau.done()
    bureau.later()
    assert bureau.messages().count("survey_invited") == 3


def test_people_ask_by_hand_once_a_cycle_and_form_and_respect_the_quiet_period(bureau):
    bureau.put("asked", quiet_days=10)
    case = bureau.submit()
    with bureau.unit() as unit:
        assert unit.surveys.invite(case.id).state == "sent"
    with pytest.raises(Refused) as quiet, bureau.unit() as unit:
        unit.surveys.invite(case.id, form="nps")
    assert quiet.value.code == "survey.quiet"
    with bureau.unit() as unit:
        assert unit.surveys.invite(case.id, form="nps", anyway=True).state == "sent"
    with pytest.raises(Conflict) as twice, bureau.unit() as unit:
        unit.surveys.invite(case.id, anyway=True)
    assert twice.value.code == "survey.invited"
    with pytest.raises(Invalid) as wrong, bureau.unit() as unit:
        unit.surveys.invite(case.id, trigger="after_closing")
    assert wrong.value.code == "survey.trigger_event"


def test_somebody_can_be_asked_about_no_case(bureau):
    with bureau.unit() as unit:
        made = unit.surveys.invite(contact=LI.ref, form="nps")
    assert (made.feedback_id, made.state) == ("", "sent")
    bureau.later(HOUR)
    assert bureau.messages() == ["survey_regular"]
    answered = bureau.answer(bureau.token(), {"recommend": 9})
    assert (answered.feedback_id, answered.contact) == ("", LI.ref)


def test_paper_answers_the_invitation_and_comes_once(bureau):
    bureau.ask()
    case = bureau.done()
    bureau.later()
    token = bureau.token()
    made = bureau.enter("csat", SAD, feedback_id=case.id, at=bureau.clock() - HOUR)
    assert (made.channel, made.answered_at, made.invitation_id) == ("paper", bureau.clock() - HOUR, bureau.only().id)
    assert bureau.only().state == "answered"
    with pytest.raises(Conflict):
        bureau.answer(token, HAPPY)
    with pytest.raises(Conflict):
        bureau.enter("csat", HAPPY, feedback_id=case.id)
    (fact,) = [each for each in bureau.facts("response", made.id) if each.type == "answered"]
    assert fact.actor == WANG.key


def test_a_letter_that_has_not_gone_out_stays_when_its_invitation_is_over(bureau):
    invited = [bureau.submit(), bureau.submit(), bureau.submit()]
    with bureau.unit() as unit:
        answered, withdrawn, _ = [unit.surveys.invite(case.id, anyway=True) for case in invited]
    bureau.enter("csat", SAD, feedback_id=invited[0].id)
    with bureau.unit() as unit:
        unit.surveys.withdraw(withdrawn.id)
    bureau.later(HOUR)
    with bureau.unit() as unit:
        letters = unit.messages.find(subject="invitation")
    assert [each.state for each in letters] == ["sent", "cancelled", "cancelled"]
    assert {each.subject_id for each in letters[1:]} == {answered.id, withdrawn.id}


def test_paper_without_an_invitation_counts_as_a_response_but_not_as_sent(bureau):
    case = bureau.done()
    bureau.enter("csat", HAPPY, feedback_id=case.id)
    with bureau.unit() as unit:
        (group,) = unit.surveys.scores("csat").groups
    assert (group.responses, group.rate.of) == (1, 0)
    bureau.ask()
    bureau.reopen(case)
    bureau.close(case)
    assert sorted(each.cycle for each in bureau.rows(Invitation)) == [1, 2]


@pytest.mark.parametrize(
    ("given", "field"), [({"channel": "pigeon"}, "survey.channel"), ({"at": START + DAY}, "survey.at.future")]
)
def test_a_paper_form_is_checked(bureau, given, field):
    with pytest.raises(Invalid) as refused:
        bureau.enter("csat", HAPPY, **given)
    assert refused.value.field == field


def test_a_low_response_opens_one_feedback_linked_to_the_case(bureau):
    bureau.ask()
    case = bureau.done()
    bureau.later()
    made = bureau.answer(bureau.token(), SAD)
    bureau.later(HOUR)
    bureau.later(HOUR)
    with bureau.unit() as unit:
        found = unit.surveys.response(made.id)
        follow = unit.feedback.get(found.follow_up)
        assert unit.feedback.count() == 2
        assert {"relation": "follow_up", "id": follow.id} in unit.feedback.get(case.id).links
    assert (follow.kind, follow.requester, follow.channel) == ("complaint", LI.ref, "survey")
    assert "拖了三天" in follow.body
    assert bureau.messages("response") == ["survey_low"]


def test_a_good_response_opens_nothing_and_a_trigger_may_ask_for_nothing(bureau):
    bureau.ask(follow_up="", quiet_days=0)
    for answers in (HAPPY, SAD):
        case = bureau.done()
        bureau.later()
        (invitation,) = bureau.invitations(feedback_id=case.id)
        bureau.answer(bureau.token(invitation), answers)
    bureau.later(HOUR)
    with bureau.unit() as unit:
        assert unit.feedback.count() == 2


def test_an_anonymous_response_says_neither_whose_it_is_nor_when(bureau):
    with bureau.unit() as unit:
        data = {**unit.surveys.form("csat").form.to_data(), "anonymous": "choice"}
        unit.surveys.put_form("csat", data)
    bureau.ask()
    case = bureau.done()
    bureau.later()
    made = bureau.answer(bureau.token(), SAD, anonymous=True)
    invitation = bureau.only()
    assert made.anonymous
    assert {made.invitation_id, made.feedback_id, made.number, made.cycle} == {"", 0}
    assert {made.contact, made.organisation, made.assignee, made.team} == {None}
    assert made.answered_at.astimezone(bureau.care.clock().tzinfo).isoformat() == "2026-02-28T16:00:00+00:00"
    assert invitation.answered_at.isoformat() == "2026-03-03T16:00:00+00:00"
    facts = bureau.facts("response", made.id)
    assert [fact.type for fact in facts] == ["answered"]
    ids = [made.id, *(fact.id for fact in facts), *(row.id for row in bureau.rows(Score))]
    assert {ident[14] for ident in ids} == {"4"}  # random: no time in them
    assert {fact.recorded_at for fact in facts} == {made.answered_at}
    held = repr((made, facts, bureau.rows(Score)))
    assert not any(each in held for each in (case.id, case.number, "person:li", "'li'", "wang", invitation.id))
    assert repr(invitation).count(made.id) == 0
    bureau.later(HOUR)
    with bureau.unit() as unit:
        assert unit.feedback.count() == 1


def test_a_form_that_is_never_anonymous_takes_no_anonymous_answer(bureau):
    bureau.ask()
    bureau.done()
    bureau.later()
    with pytest.raises(Invalid) as refused:
        bureau.answer(bureau.token(), HAPPY, anonymous=True)
    assert refused.value.code == "survey.named"


def test_erasing_a_case_takes_what_was_written_and_leaves_what_was_counted(bureau):
    bureau.ask(quiet_days=0)
    case, waiting = bureau.done(), bureau.done()
    bureau.later()
    mine, other = bureau.invitations(feedback_id=case.id)[0], bureau.invitations(feedback_id=waiting.id)[0]
    made = bureau.answer(bureau.token(mine), SAD)
    token = bureau.token(other)
    with bureau.unit() as unit:
        for each in (case, waiting):
            unit.feedback.erase(each.id, request="letter 7")
    with bureau.unit() as unit:
        found = unit.surveys.response(made.id)
        assert (found.texts, found.commented, found.answers) == ({}, False, {"satisfaction": 1})
        assert unit.surveys.scores("csat").groups[0].questions[0].counts == {1: 1}
        assert {each.body for each in unit.messages.find(subject="invitation")} == {""}
    assert [fact.type for fact in bureau.facts("response", made.id)] == ["answered", "dissatisfied", "erased"]
    assert "拖了三天" not in repr(bureau.facts("response", made.id))
    with pytest.raises(Refused) as refused:
        bureau.answer(token, HAPPY)
    assert refused.value.code == "survey.token_withdrawn"


def test_results_by_engineer_product_and_period(bureau):
    bureau.ask(quiet_days=0)
    given = [(WANG, 5), (WANG, 4), (ZHAO, 1)]
    for engineer, value in given:
        case = bureau.done(assignee=engineer.ref, product=Ref("product", "erp"))
        bureau.later(3 * DAY)
        (invitation,) = bureau.invitations(feedback_id=case.id)
        bureau.answer(bureau.token(invitation), {"satisfaction": value})
    bureau.later(25 * DAY)
    bureau.done()
    bureau.later()  # sent in April, never answered
    with bureau.unit() as unit:
        by_engineer = unit.surveys.scores("csat", by="assignee").groups
        by_month = unit.surveys.scores("csat", by="month").groups
        by_quarter = unit.surveys.scores("csat", by="quarter").groups
        product = unit.surveys.scores("csat", filters={"product": "product:erp"}).groups
        late = unit.surveys.scores("csat", since=START + 5 * DAY).groups
    assert [(group.key, group.responses, group.low, group.rate.of) for group in by_engineer] == [
        (WANG.ref, 2, 0, 3),
        (ZHAO.ref, 1, 1, 1),
    ]
    assert [str(group.questions[0].score.value) for group in by_engineer] == ["1.000000", "0.000000"]
    assert [(group.key, group.responses, group.rate.of) for group in by_month] == [("2026-03", 3, 3), ("2026-04", 0, 1)]
    assert [(group.key, group.responses) for group in by_quarter] == [("2026-Q1", 3), ("2026-Q2", 0)]
    assert product[0].questions[0].counts == {5: 1, 4: 1, 1: 1}
    assert late[0].responses == 2


def test_an_engineer_sees_the_own_results_alone(bureau):
    for engineer, value in ((WANG, 5), (ZHAO, 1)):
        case = bureau.done(assignee=engineer.ref)
        with bureau.unit(WANG) as unit:
            unit.surveys.enter("csat", {"satisfaction": value}, feedback_id=case.id)
    with bureau.unit(WANG) as unit:
        assert unit.surveys.scores("csat").groups[0].questions[0].counts == {5: 1}
        assert unit.surveys.scores("csat", filters={"assignee": ZHAO.ref}).groups[0].responses == 0
    for act in (
        lambda s: s.responses(),
        lambda s: s.comments("csat"),
        lambda s: s.invite("x"),
        lambda s: s.improvements(),
    ):
        with pytest.raises(Refused), bureau.unit(WANG) as unit:
            act(unit.surveys)
    with pytest.raises(Refused), bureau.unit(LI) as unit:
        unit.surveys.scores("csat")


def test_alpha_of_a_block_counts_whole_answers_to_the_same_block(bureau):
    rows = [(1, 2, 1), (3, 3, 4), (5, 4, 5), (2, 2, 2), (4, 5, None)]
    with bureau.unit() as unit:
        unit.surveys.put_form("team", TEAM)
        for row in rows:
            answers = {key: value for key, value in zip("abc", row, strict=True) if value is not None}
            unit.surveys.enter("team", answers)
    with bureau.unit() as unit:
        (block,) = unit.surveys.scores("team").groups[0].blocks
        shorter = {**TEAM, "questions": TEAM["questions"][:2]}
        unit.surveys.put_form("team", shorter)
        unit.surveys.enter("team", {"a": 5, "b": 1})
        found = unit.surveys.scores("team").groups[0]
    assert block.alpha == cronbach_alpha(rows)
    assert (block.alpha.rows, block.alpha.incomplete) == (4, 1)
    assert (found.blocks[0].alpha.rows, found.blocks[0].alpha.incomplete) == (1, 5)
    assert [question.answers for question in found.questions] == [6, 6]


def test_answers_by_another_scale_are_left_out_and_said_to_be(bureau):
    with bureau.unit() as unit:
        unit.surveys.put_form("team", TEAM)
        unit.surveys.enter("team", {"a": 5, "b": 5})
        wider = {**TEAM, "questions": [{**TEAM["questions"][0], "high": 10}, *TEAM["questions"][1:]]}
        unit.surveys.put_form("team", wider)
        unit.surveys.enter("team", {"a": 9})
        found = unit.surveys.scores("team")
    a, b, c = found.groups[0].questions
    assert (a.counts, a.left_out, b.counts, c.counts, found.left_out) == ({9: 1}, 1, {5: 1}, {}, 1)


def test_comments_are_listed_by_page(bureau):
    with bureau.unit() as unit:
        for number in range(5):
            unit.surveys.enter("csat", {"satisfaction": 3, **({"comment": f"no. {number}"} if number != 2 else {})})
    with bureau.unit() as unit:
        first = unit.surveys.comments("csat", limit=3)
        rest = unit.surveys.comments("csat", limit=3, after=(first[-1].answered_at, first[-1].id))
    assert len({each.texts["comment"] for each in (*first, *rest)}) == 4
    assert len(rest) == 1


def test_an_improvement_closes_the_loop(bureau):
    with bureau.unit() as unit:
        for value in [1] * 30 + [5] * 10:
            unit.surveys.enter("csat", {"satisfaction": value})
    bureau.clock.move(DAY)
    with bureau.unit() as unit:
        plan = unit.surveys.plan_improvement("Call first", form="csat", owner=WANG.ref, days=30)
    assert (plan.before, plan.question, plan.state) == ({"1": 30, "5": 10}, "satisfaction", "planned")
    with pytest.raises(Refused), bureau.unit() as unit:
        unit.surveys.measure_improvement(plan.id, expected=plan.version)
    with bureau.unit() as unit:
        plan = unit.surveys.improvement_done(plan.id, expected=plan.version, result="Everybody calls")
        stale = plan.version - 1
    with pytest.raises(Conflict), bureau.unit() as unit:
        unit.surveys.drop_improvement(plan.id, expected=stale, result="No")
    with bureau.unit() as unit:
        for _ in range(40):
            unit.surveys.enter("csat", HAPPY)
    bureau.clock.move(DAY)
    with bureau.unit() as unit:
        plan, effect = unit.surveys.measure_improvement(plan.id, expected=plan.version)
        assert unit.surveys.improvements(state="measured") == [plan]
    assert (effect.verdict, str(effect.before.value), str(effect.after.value)) == ("better", "0.250000", "1.000000")


def test_a_period_asks_whoever_had_a_case_before_it_once(bureau):
    bureau.put("monthly", event="periodic", form="nps", every={"months": 1}, quiet_days=0)
    for who in (LI, LI, HAN):
        bureau.submit(who)
    bureau.later(HOUR)
    assert bureau.rows(Invitation) == []  # February had no cases
    bureau.later(31 * DAY)
    bureau.later(DAY)
    bureau.later(DAY)
    assert sorted(each.contact.id for each in bureau.rows(Invitation)) == ["han", "li"]
    assert bureau.messages().count("survey_regular") == 2
    bureau.later(31 * DAY)
    assert len(bureau.rows(Invitation)) == 2  # nobody had a case in April


def test_a_period_may_ask_one_person_of_each_organisation(bureau):
    acme = Ref("organisation", "acme")
    bureau.put("monthly", event="periodic", form="nps", every={"months": 1}, per="organisation")
    with bureau.unit() as unit:
        for who in ("li", "han", "han"):
            unit.feedback.submit("fault", "x", requester=Ref("person", who), organisation=acme)
    bureau.submit()  # of no organisation
    bureau.later(32 * DAY)
    assert [(each.contact.id, each.organisation) for each in bureau.rows(Invitation)] == [("han", acme)]


def test_the_header_of_the_opinion_form_is_filled_in(bureau):
    case = bureau.submit(contact_name="李明", contact_phone="139", product=Ref("product", "erp"))
    with bureau.unit() as unit:
        unit.surveys.invite(case.id, form="opinion")
    assert bureau.open(bureau.token()).prefill == {
        "contact": "李明",
        "phone": "139",
        "product": "erp",
        "date": "2026-03-02",
    }


class Strict:
    """A plugin that lets nobody answer."""

    careplug_name = "strict"

    @hookimpl
    def careplug_allow(self, actor, action, subject):
        return Denied(Text("no", "否")) if action == "survey.answer" else None


def test_a_plugin_may_deny_even_a_link():
    bureau = Bureau(hosted=[Strict()])
    with bureau.unit() as unit:
        unit.surveys.invite(contact=LI.ref)
    with pytest.raises(Refused):
        bureau.open(bureau.token())
    bureau.care.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"link": "service.example"},
        {"link": "https://x.example/?a=1"},
        {"key": "short"},
        {"zone": "Mars/Olympus"},
        {"linc": "x"},
    ],
)
def test_a_wrong_setting_is_said_at_once(settings):
    with pytest.raises(Invalid) as refused:
        Bureau(settings={"survey": settings})
    assert refused.value.field.startswith("plugins.survey.")
    assert "short" not in refused.value.text("en")
