"""Who may do what: every route and method of the app, six actors, the own object and a foreign one.

A line of a table is a route; its columns are what nobody known, the customer Li, the customer Chen, the engineer Wang, the
manager Zhao and the engineer Qian of another tenant are answered: `ok` (2xx, 3xx) or the status. Where the route is of an
object it is Li's; for Chen's object the columns of Li and Chen change places, nothing else. A route without a line fails.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sqlite3

import attrs
import flask_kit
import pytest
from flask import url_for
from flask_kit import CHEN, CHENS, LI, QIAN, ROOT, SECRET, WANG, ZHAO, House, state_of
from test_api_operations import EDITS, HAPPY, failed_message, first

from careplug.criteria import Is
from careplug.feedback.entities import Feedback
from careplug.refs import Ref
from careplug.resources import Resources
from careplug_flask.identity import LinkTo, sign_link
from careplug_flask.testing import client
from tests.unit.resources.workshop import plugin

ACTORS = {
    "nobody": (None, ""),
    "li": (LI, ""),
    "chen": (CHEN, ""),
    "wang": (WANG, ""),
    "zhao": (ZHAO, ""),
    "qian": (QIAN, "north"),
}

API = """
operation                    nobody li   chen wang zhao qian
submitFeedback               401    ok   ok   ok   ok   ok
listFeedback                 401    ok   ok   ok   ok   ok
searchFeedback               401    ok   ok   ok   ok   ok
getFeedback                  401    ok   404  ok   ok   404
editFeedback                 401    403  404  ok   ok   404
prioritiseFeedback           401    403  404  ok   ok   404
listFacts                    401    ok   404  ok   ok   404
listSteps                    401    ok   404  ok   ok   404
replyToFeedback              401    ok   404  ok   ok   404
noteFeedback                 401    403  404  ok   ok   404
recordCall                   401    403  404  ok   ok   404
appoint                      401    403  404  ok   ok   404
recordFact                   401    403  404  ok   ok   404
takeStep                     401    403  404  ok   ok   404
pauseFeedback                401    403  404  ok   ok   404
resumeFeedback               401    403  404  ok   ok   404
assignFeedback               401    403  404  ok   ok   404
expectFeedback               401    403  404  ok   ok   404
voidFact                     401    403  404  403  ok   404
overrideState                401    403  404  403  ok   404
linkFeedback                 401    403  404  ok   ok   404
listAttachments              401    ok   404  ok   ok   404
attachFile                   401    ok   404  ok   ok   404
getAttachment                401    ok   404  ok   ok   404
submitMany                   401    ok   ok   ok   ok   ok
exportMany                   401    ok   ok   ok   ok   ok
listClocks                   401    403  403  ok   ok   ok
listClocksOfFeedback         401    403  404  ok   ok   404
explainFeedback              401    403  404  ok   ok   404
reportAttainment             401    403  403  403  ok   403
listPolicies                 401    403  403  ok   ok   ok
getPolicy                    401    403  403  ok   ok   ok
putPolicy                    401    403  403  403  ok   403
listPolicyRevisions          401    403  403  ok   ok   ok
acceptPolicy                 401    403  403  403  ok   403
listCalendars                401    403  403  ok   ok   ok
getCalendar                  401    403  403  ok   ok   ok
putCalendar                  401    403  403  403  ok   403
listCalendarRevisions        401    403  403  ok   ok   ok
acceptCalendar               401    403  403  403  ok   403
listSubscriptions            401    403  403  ok   ok   ok
getSubscription              401    403  403  ok   ok   ok
putSubscription              401    403  403  403  ok   403
listSubscriptionRevisions    401    403  403  ok   ok   ok
acceptSubscription           401    403  403  403  ok   403
listParties                  401    403  403  ok   ok   ok
addParty                     401    403  403  403  ok   403
getParty                     401    403  403  ok   ok   404
editParty                    401    403  403  403  ok   404
forgetParty                  401    403  403  403  ok   404
listMessages                 401    403  404  ok   ok   404
getMessage                   401    403  403  ok   ok   404
retryMessage                 401    403  403  403  ok   404
cancelMessage                401    403  403  403  ok   404
listSurveyForms              401    403  403  ok   ok   ok
getSurveyForm                401    403  403  ok   ok   ok
putSurveyForm                401    403  403  403  ok   403
listSurveyInvitations        401    403  404  ok   ok   404
inviteToSurvey               401    403  404  403  ok   404
getSurveyInvitation          401    403  403  ok   ok   404
getSurveyLink                401    403  403  403  ok   404
withdrawSurveyInvitation     401    403  403  403  ok   404
listSurveyResponses          401    403  404  403  ok   404
getSurveyResponse            401    403  403  403  ok   404
enterSurveyResponse          401    403  404  ok   ok   404
reportSurveyScores           401    403  403  ok   ok   ok
listImprovements             401    403  403  403  ok   403
planImprovement              401    403  403  403  ok   403
getImprovement               401    403  403  403  ok   403
editImprovement              401    403  403  403  ok   404
finishImprovement            401    403  403  403  ok   404
dropImprovement              401    403  403  403  ok   404
measureImprovement           401    403  403  403  ok   404
openSurvey                   ok     ok   ok   ok   ok   ok
answerSurvey                 ok     ok   ok   ok   ok   ok
r_tools_list                 401    403  403  ok   ok   ok
r_tools_get                  401    403  403  ok   ok   404
r_tools_add                  401    403  403  403  ok   403
r_tools_edit                 401    403  403  ok   ok   404
r_tools_do_lend              401    403  403  ok   ok   404
r_tools_do_scrap             401    403  403  403  ok   403
r_bins_list                  401    403  403  ok   403  ok
r_bins_get                   401    403  403  ok   403  404
r_bins_add                   401    403  403  403  403  403
r_bins_edit                  401    403  403  403  403  403
r_logs_list                  401    403  403  ok   403  ok
r_logs_get                   401    403  403  ok   403  404
"""

PAGES = """
route                        nobody li   chen wang zhao qian
static:GET                   ok     ok   ok   ok   ok   ok
home:GET                     401    ok   ok   ok   ok   ok
my_cases:GET                 401    ok   ok   ok   ok   ok
search:GET                   401    ok   ok   ok   ok   ok
submit:GET                   401    ok   ok   ok   ok   ok
submit:POST                  401    ok   ok   ok   ok   ok
case:GET                     401    ok   404  ok   ok   404
case_act:GET                 401    ok   ok   ok   ok   ok
case_act:POST                401    ok   404  ok   ok   404
case_file:GET                401    ok   404  ok   ok   404
link:GET                     ok     ok   ok   ok   ok   ok
link_act:GET                 ok     ok   ok   ok   ok   ok
link_act:POST                ok     ok   ok   ok   ok   ok
link_file:GET                ok     ok   ok   ok   ok   ok
survey:GET                   ok     ok   ok   ok   ok   ok
survey:POST                  ok     ok   ok   ok   ok   ok
survey_invite:GET            ok     ok   ok   ok   ok   ok
survey_invite:POST           401    403  403  403  ok   404
survey_withdraw:GET          ok     ok   ok   ok   ok   ok
survey_withdraw:POST         401    403  403  403  ok   404
surveys:GET                  401    403  403  ok   ok   ok
survey_results:GET           401    403  403  ok   ok   ok
survey_scores_csv:GET        401    403  403  ok   ok   ok
survey_responses_csv:GET     401    403  403  403  ok   403
survey_triggers:GET          401    403  403  ok   ok   ok
survey_trigger:GET           401    403  403  403  ok   403
survey_trigger:POST          401    403  403  403  ok   403
survey_switch:GET            ok     ok   ok   ok   ok   ok
survey_switch:POST           401    403  403  403  ok   403
improvements:GET             401    403  403  403  ok   403
improvement_new:GET          401    403  403  403  ok   403
improvement_new:POST         401    403  403  403  ok   403
improvement:GET              401    403  403  403  ok   403
improvement_act:GET          ok     ok   ok   ok   ok   ok
improvement_act:POST         401    403  403  403  ok   403
survey_responses:GET         401    403  403  403  ok   403
survey_response:GET          401    403  403  403  ok   404
survey_paper:GET             401    403  403  ok   ok   ok
survey_paper:POST            401    403  403  ok   ok   404
survey_forms:GET             401    403  403  ok   ok   ok
survey_form:GET              401    403  403  403  ok   403
survey_form:POST             401    403  403  403  ok   403
survey_form_new:GET          401    403  403  403  ok   403
survey_form_new:POST         401    403  403  403  ok   403
survey_preview:GET           401    403  403  ok   ok   ok
survey_preview:POST          401    403  403  ok   ok   ok
queue:GET                    401    403  403  ok   ok   ok
all_cases:GET                401    403  403  ok   ok   ok
case_step:POST               401    403  403  ok   ok   404
case_say:POST                401    403  403  ok   ok   404
case_pause:POST              401    403  403  ok   ok   404
case_resume:POST             401    403  403  ok   ok   404
case_assign:POST             401    403  403  ok   ok   404
case_expect:POST             401    403  403  ok   ok   404
case_prioritise:POST         401    403  403  ok   ok   404
case_edit:POST               401    403  403  ok   ok   404
case_appoint:POST            401    403  403  ok   ok   404
case_record:POST             401    403  403  ok   ok   404
case_override:POST           401    403  403  403  ok   404
case_void:POST               401    403  403  403  ok   404
case_link:POST               401    403  403  ok   ok   404
resource_list:GET            401    403  403  ok   ok   ok
resource_new:GET             401    403  403  403  ok   403
resource_new:POST            401    403  403  403  ok   403
resource_item:GET            401    403  403  ok   ok   404
resource_item:POST           401    403  403  ok   ok   404
resource_action:POST         401    403  403  ok   ok   404
case_step:GET                ok     ok   ok   ok   ok   ok
case_say:GET                 ok     ok   ok   ok   ok   ok
case_pause:GET               ok     ok   ok   ok   ok   ok
case_resume:GET              ok     ok   ok   ok   ok   ok
case_assign:GET              ok     ok   ok   ok   ok   ok
case_expect:GET              ok     ok   ok   ok   ok   ok
case_prioritise:GET          ok     ok   ok   ok   ok   ok
case_edit:GET                ok     ok   ok   ok   ok   ok
case_appoint:GET             ok     ok   ok   ok   ok   ok
case_record:GET              ok     ok   ok   ok   ok   ok
case_override:GET            ok     ok   ok   ok   ok   ok
case_void:GET                ok     ok   ok   ok   ok   ok
case_link:GET                ok     ok   ok   ok   ok   ok
resource_action:GET          401    ok   ok   ok   ok   ok
reference:GET                401    ok   ok   ok   ok   ok
"""
"""What only sends on to another page (the address of a form, opened after a login) says ok to everybody: the page itself asks. A signed
link opens its case or its survey for whoever holds it, that is what it is for. A sheet of paper that is shown again repeats
the number that was typed there."""

RESOURCES = {
    "r_tools_list": ("GET", "/r/tools", {}),
    "r_tools_get": ("GET", "/r/tools/{tool}", {}),
    "r_tools_add": ("POST", "/r/tools", {"json": {"name": "new"}}),
    "r_tools_edit": ("PATCH", "/r/tools/{tool}", {"json": {"count": 2}, "headers": {"If-Match": '"1"'}}),
    "r_tools_do_lend": ("POST", "/r/tools/{tool}/actions/lend", {"json": {"to": "sun"}}),
    "r_tools_do_scrap": ("POST", "/r/tools/{tool}/actions/scrap", {}),
    "r_bins_list": ("GET", "/r/bins", {}),
    "r_bins_get": ("GET", "/r/bins/{bin}", {}),
    "r_bins_add": ("POST", "/r/bins", {"json": {"code": "n"}}),
    "r_bins_edit": ("PATCH", "/r/bins/{bin}", {"json": {"code": "m"}}),
    "r_logs_list": ("GET", "/r/logs", {}),
    "r_logs_get": ("GET", "/r/logs/{bin}", {}),
}


@attrs.frozen
class World:
    """A house with a case of either customer in each condition, and what the own one is called in the paths."""

    house: House
    li: dict[str, str]
    chen: dict[str, str]
    file: str
    dump: str
    """The whole database as text, before anybody asked."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """The world as it is put back for every cell of the table."""
    folder = tmp_path_factory.mktemp("permissions")
    house = House(f"sqlite:///{folder / 'world.db'}", plugins=[plugin()])
    seen = flask_kit.seed(house.app)
    chens = _of_chen(house)
    with house.care.unit(actor=ROOT) as unit:
        tool = unit.get(Resources).add("tools", {"name": "saw"}).id
        bin_ = unit.get(Resources).add("bins", {"code": "a"}).id
    shared = {
        "party": seen.party,
        "message": seen.message,
        "failed": failed_message(_as_seen(house, seen)),
        "tool": tool,
        "bin": bin_,
        "calendar": first(house.api(ROOT), "calendars"),
        "subscription": first(house.api(ROOT), "subscriptions"),
    }
    for kind, name in (
        ("policies", "standard"),
        ("calendars", shared["calendar"]),
        ("subscriptions", shared["subscription"]),
    ):
        shared[f"digest_{kind}"] = house.api(ROOT).get(f"/{kind}/{name}").get_json()["digest"]
    lis = {"fresh": seen.fresh, "busy": seen.busy, "attachment": seen.attachment}
    for each in (lis, chens):
        each |= {**flask_kit.surveyed(house.care, each["busy"]), **flask_kit.improvements(house.care)}
        each["survey_token"] = each["token"]
    with house.care.read(actor=ROOT) as unit:
        rows = {row.id: row.number for row in unit.feedback.find(limit=100)}
    for each in (lis, chens):
        each |= {f"{name}_number": rows[each[name]] for name in ("fresh", "busy")}
    files = dict(house.files._kept)
    copy = str(folder / "kept.db")
    _put(folder / "world.db", copy)
    world = World(house, {**shared, **lis}, {**shared, **chens}, copy, _dump(copy))
    yield world, files, folder / "world.db"
    house.close()


def _as_seen(house, seen):
    house.seen = seen
    return house


def _of_chen(house):
    """A case of Chen's in the condition of Li's busy one."""
    care = house.care
    with care.unit(actor=CHEN) as unit:
        fresh = unit.feedback.submit("fault", f"{CHENS} one", f"{CHENS} body", impact=1, urgency=1)
        busy = unit.feedback.submit("question", f"{CHENS} two", f"{CHENS} body")
    stored = house.files.put(io.BytesIO(CHENS.encode()), name="giraffe.txt", media_type="text/plain", tenant="")
    with care.unit(actor=WANG) as unit:
        unit.feedback.step(busy.id, "confirm")
        unit.feedback.step(busy.id, "dispatch", assignee=Ref("person", "wang"))
        unit.feedback.reply(busy.id, f"{CHENS} answer")
        unit.feedback.note(busy.id, f"{CHENS} note")
        unit.feedback.pause(busy.id, "waiting_customer")
        attachment = unit.feedback.attach(busy.id, stored)
    return {"fresh": fresh.id, "busy": busy.id, "attachment": attachment.id}


def _put(source, target):
    """Make one database what the other is, also while somebody has it open."""
    with contextlib.closing(sqlite3.connect(source)) as there, contextlib.closing(sqlite3.connect(target)) as here:
        there.backup(here)


def _dump(file):
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return "\n".join(connection.iterdump())


@pytest.fixture
def world(standing):
    made, files, live = standing
    _put(made.file, live)
    made.house.reset()
    made.house.files._kept = dict(files)
    return made


def rows(text):
    """The lines of a table: route → actor → what is expected."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    return {line[0]: dict(zip(head[1:], line[1:], strict=True)) for line in lines}


def cells(text):
    """Every cell of a table: route, actor, whose object."""
    return [(route, actor, whose) for route in rows(text) for actor in ACTORS for whose in ("li", "chen")]


def expected(text, route, actor, whose):
    swapped = {"li": "chen", "chen": "li"} if whose == "chen" else {}
    return rows(text)[route][swapped.get(actor, actor)]


def shown(answer):
    return "ok" if answer.status_code < 400 else str(answer.status_code)


def filled(text, names):
    """A path or body with the names of the objects of one customer."""
    kind = text.split("/")[1] if text.startswith("/") else ""
    for key, value in {**names, "digest": names.get(f"digest_{kind}", "")}.items():
        text = text.replace(f"{{{key}}}", value)
    assert not re.search(r"\{[a-z_]+\}", text), text
    return text


def ask_api(world, route, actor, names):
    """The request of an operation, as in the table of what each is meant for."""
    who, tenant = ACTORS[actor]
    method, path, more = RESOURCES[route] if route in RESOURCES else HAPPY[route][1:]
    more = dict(more() if route == "attachFile" else more(world.house.api(ROOT)) if callable(more) else more)
    if "json" in more:
        more["json"] = json.loads(filled(json.dumps(more["json"]), {**names, "other": names["busy"]}))
    path = filled(path.replace("requester=person:li&", ""), names)
    if route in EDITS:
        read = re.sub("/(priority|done|drop|measure)$", "", path)
        more["headers"] = {"If-Match": world.house.api(ROOT).get(read).headers["ETag"]}
    return world.house.api(who, tenant=tenant)(method, path, **more)


WORDS = {"li": SECRET, "chen": CHENS, "north": "OKAPI"}


def nothing_leaks(answer, actor, world):
    """Whoever may not know of a case is told nothing of it; a refusal of the API repeats nothing of any case.

    A page that refuses a deed shows the case again, to whom may read it.
    """
    text = answer.text
    hidden = {"li": ("chen",), "chen": ("li",), "qian": ("li", "chen"), "nobody": ("li", "chen")}.get(actor, ())
    if answer.mimetype == "application/problem+json":
        hidden = ("li", "chen")
    assert actor == "qian" or WORDS["north"] not in text
    for whose in hidden:
        assert WORDS[whose] not in text
        for name in ("fresh_number", "busy_number"):
            number = getattr(world, whose)[name]
            assert number not in text or number in answer.request.url


@pytest.mark.parametrize(("route", "actor", "whose"), cells(API))
def test_the_api(world, route, actor, whose):
    answer = ask_api(world, route, actor, getattr(world, whose))
    assert shown(answer) == expected(API, route, actor, whose), answer.text[:300]
    nothing_leaks(answer, actor, world)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert _dump(world.house.care.storage.engine.url.database) == world.dump, "a refused request changed something"


def test_every_operation_has_a_line(standing):
    named = [each.name for each in state_of(standing[0].house.app).table.operations]
    missing, idle = sorted(set(named) - set(rows(API))), sorted(set(rows(API)) - set(named))
    assert not missing, f"add a line to API of test_permissions.py for: {', '.join(missing)}"
    assert not idle, f"no such operation any more: {', '.join(idle)}"


def test_the_foreign_case_is_a_case_of_the_same_condition(standing):
    """The table would prove little if Chen's case could not be acted on by Chen."""
    world = standing[0]
    with world.house.care.read(actor=ROOT) as unit:
        for name in ("fresh", "busy"):
            own, foreign = (unit.store.find(Feedback, Is("id", "eq", each[name]))[0] for each in (world.li, world.chen))
            assert (own.state, len(own.pauses), own.priority) == (foreign.state, len(foreign.pauses), foreign.priority)


# -- pages --

SMALL_FORM = {
    "title.en": "Ours",
    "anonymous": "no",
    "questions.0.key": "pleased",
    "questions.0.type": "csat",
    "questions.0.text.en": "Are you pleased?",
}
FORMS = {
    # route and method: the parts of its address, and the form
    "static:GET": ({"filename": "careplug.css"}, {}),
    "home:GET": ({}, {}),
    "my_cases:GET": ({}, {}),
    "search:GET": ({}, {}),
    "submit:GET": ({}, {}),
    "submit:POST": ({}, {"kind": "fault", "subject": "new", "impact": "3", "urgency": "3"}),
    "case:GET": ({"number": "{fresh_number}"}, {}),
    "case_act:GET": ({"number": "{fresh_number}", "action": "reply"}, {}),
    "case_act:POST": ({"number": "{fresh_number}", "action": "reply"}, {"body": "hello"}),
    "case_file:GET": ({"number": "{busy_number}", "ident": "{attachment}"}, {}),
    "link:GET": ({"token": "{token}"}, {}),
    "link_act:GET": ({"token": "{token}", "action": "reply"}, {}),
    "link_act:POST": ({"token": "{token}", "action": "reply"}, {"body": "hello"}),
    "link_file:GET": ({"token": "{token}", "ident": "{attachment}"}, {}),
    "survey:GET": ({"token": "{survey_token}"}, {}),
    "survey:POST": ({"token": "{survey_token}"}, {"answers.satisfaction": "4"}),
    "survey_invite:POST": ({"number": "{busy_number}"}, {"form": "nps", "anyway": "1"}),
    "survey_invite:GET": ({"number": "{busy_number}"}, {}),
    "survey_withdraw:POST": ({"number": "{busy_number}", "ident": "{invitation}"}, {}),
    "survey_withdraw:GET": ({"number": "{busy_number}", "ident": "{invitation}"}, {}),
    "surveys:GET": ({}, {}),
    "survey_results:GET": ({"name": "opinion"}, {}),
    "survey_scores_csv:GET": ({"name": "opinion"}, {}),
    "survey_responses_csv:GET": ({"name": "opinion"}, {}),
    "survey_triggers:GET": ({}, {}),
    "survey_trigger:GET": ({"name": "asked"}, {}),
    "survey_trigger:POST": ({"name": "asked"}, {"version": "1", "data": '{"event": "on_demand", "form": "nps"}'}),
    "survey_switch:GET": ({"name": "asked"}, {}),
    "survey_switch:POST": ({"name": "asked"}, {"version": "1", "active": "0"}),
    "improvements:GET": ({}, {}),
    "improvement_new:GET": ({}, {}),
    "improvement_new:POST": ({}, {"title": "Faster", "form": "nps", "days": "30"}),
    "improvement:GET": ({"ident": "{improvement}"}, {}),
    "improvement_act:GET": ({"ident": "{improvement}", "action": "done"}, {}),
    "improvement_act:POST": ({"ident": "{improvement}", "action": "done"}, {"version": "1", "result": "Called first"}),
    "survey_responses:GET": ({}, {}),
    "survey_response:GET": ({"ident": "{response}"}, {}),
    "survey_paper:GET": ({"form": "nps"}, {}),
    "survey_paper:POST": ({"form": "nps"}, {"about.number": "{busy_number}", "answers.recommend": "9"}),
    "survey_forms:GET": ({}, {}),
    "survey_form:GET": ({"name": "nps"}, {}),
    "survey_form:POST": ({"name": "nps"}, {"do": "save", "expected": "1", **SMALL_FORM}),
    "survey_form_new:GET": ({}, {}),
    "survey_form_new:POST": ({}, {"do": "save", "expected": "0", "name": "ours", **SMALL_FORM}),
    "survey_preview:GET": ({"name": "nps"}, {}),
    "survey_preview:POST": ({"name": "nps"}, {"answers.recommend": "9"}),
    "queue:GET": ({}, {}),
    "all_cases:GET": ({}, {}),
    "case_step:POST": ({"number": "{fresh_number}", "name": "confirm"}, {"version": "{version}"}),
    "case_say:POST": ({"number": "{fresh_number}"}, {"as": "note", "body": "for us"}),
    "case_pause:POST": ({"number": "{fresh_number}"}, {"reason": "waiting_vendor"}),
    "case_resume:POST": ({"number": "{busy_number}", "reason": "waiting_customer"}, {}),
    "case_assign:POST": ({"number": "{fresh_number}"}, {"assignee": "person:sun"}),
    "case_expect:POST": ({"number": "{fresh_number}"}, {"expected_at": "2026-01-09T10:00", "reason": "parts"}),
    "case_prioritise:POST": (
        {"number": "{fresh_number}"},
        {"version": "{version}", "impact": "2", "urgency": "2", "reason": "it spreads"},
    ),
    "case_edit:POST": ({"number": "{fresh_number}"}, {"version": "{version}", "subject": "new"}),
    "case_appoint:POST": ({"number": "{fresh_number}"}, {"start": "2026-01-09T10:00", "mode": "onsite"}),
    "case_record:POST": ({"number": "{fresh_number}", "kind": "arrived"}, {}),
    "case_override:POST": ({"number": "{fresh_number}"}, {"version": "{version}", "state": "closed", "reason": "x"}),
    "case_void:POST": ({"number": "{busy_number}"}, {"sequence": "4", "reason": "told twice"}),
    "case_link:POST": ({"number": "{fresh_number}"}, {}),
    "resource_list:GET": ({"resource": "tools"}, {}),
    "resource_new:GET": ({"resource": "tools"}, {}),
    "resource_new:POST": ({"resource": "tools"}, {"name": "new"}),
    "resource_item:GET": ({"resource": "tools", "ident": "{tool}"}, {}),
    "resource_item:POST": ({"resource": "tools", "ident": "{tool}"}, {"version": "1", "name": "saw", "place": "rack"}),
    "reference:GET": ({}, {}),
    "resource_action:POST": ({"resource": "tools", "ident": "{tool}", "action": "lend"}, {"to": "sun"}),
}

FORMS |= {  # the address of a form, opened: back to where the form stands
    route.replace(":POST", ":GET"): (parts, {})
    for route, (parts, _) in FORMS.items()
    if route.startswith("case_") or route == "resource_action:POST"
}


def ask_page(world, route, actor, names):
    """The request of a page, as a browser sends it."""
    who, tenant = ACTORS[actor]
    endpoint, _, method = route.partition(":")
    parts, form = FORMS[route]
    names = {**names, "version": "1", "token": _token(world, names)}
    parts = {key: filled(value, names) for key, value in parts.items()}
    app = world.house.app
    with app.test_request_context():
        path = url_for(f"careplug.{endpoint}", **parts)
    http = client(app, who, tenant=tenant)
    form = {key: filled(value, names) for key, value in form.items()}
    if route in (
        "link_act:POST",
        "survey:POST",
    ):  # whoever comes by a link has a session, and with it the token of its forms
        page = http.get(path if route == "survey:POST" else path.rpartition("/")[0]).text
        form["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    with http.open(path, method=method, data=form or None) as answer:
        assert answer.data is not None
        return answer


def _token(world, names):
    """A signed link to the busy case, for the customer whose it is."""
    with world.house.app.test_request_context():
        who = LI.ref if names["busy"] == world.li["busy"] else CHEN.ref
        return sign_link(state_of(world.house.app), LinkTo("", names["busy"], who))


def pages_of(app):
    """Every page of the app: endpoint and method."""
    return {
        f"{rule.endpoint.removeprefix('careplug.')}:{method}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("careplug.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


@pytest.mark.parametrize(("route", "actor", "whose"), cells(PAGES))
def test_the_pages(world, route, actor, whose):
    answer = ask_page(world, route, actor, getattr(world, whose))
    assert shown(answer) == expected(PAGES, route, actor, whose), answer.text[:600]
    if not route.startswith(("link", "survey:", "survey_paper:POST")):
        nothing_leaks(answer, actor, world)
    if answer.status_code >= 400:
        assert _dump(world.house.care.storage.engine.url.database) == world.dump, "a refused request changed something"


def test_every_page_has_a_line(standing):
    named, known = pages_of(standing[0].house.app), set(rows(PAGES))
    missing, idle = sorted(named - known), sorted(known - named)
    assert not missing, f"add lines to FORMS and PAGES of test_permissions.py for: {', '.join(missing)}"
    assert not idle, f"no such page any more: {', '.join(idle)}"
