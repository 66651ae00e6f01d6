"""Surveys over plain HTTP: what a link refuses, what a wrong form is told, what the service side can and cannot do."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import flask_kit
import pytest
from flask_kit import LI, QIAN, SURVEY, WANG, ZHAO, Statements

from careplug.survey import tokens
from careplug_flask.testing import client

FORM = "/careplug/survey/"
OTHER_KEY = "a key of somebody else, as long"


@pytest.fixture
def asked(house):
    """A function: an invitation to a form about Li's busy case, as its token."""

    def invite(form: str = "opinion", case: str = "") -> str:
        with house.care.unit(actor=ZHAO) as unit:
            made = unit.surveys.invite(case or house.seen.busy, form=form, anyway=True)
            return unit.surveys.link(made.id).rpartition("/")[2]

    return invite


class Guest:
    """Whoever holds a link: a browser of their own, no login."""

    def __init__(self, house, language: str = "en") -> None:
        self.house, self.http = house, client(house.app, None, language=language)

    def opens(self, token: str, **more):
        return self.http.get(f"{FORM}{token}", **more)

    def sends(self, token: str, *, csrf: bool = True, **answers):
        """Fill the form in; names of fields without their prefix."""
        page = self.opens(token).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {name if name == "shown" else f"answers.{name}": value for name, value in answers.items()}
        if csrf and found:
            form["csrf_token"] = found[1]
        return self.http.post(f"{FORM}{token}", data=form)


def responses(house, form: str = ""):
    with house.care.read(actor=ZHAO) as unit:
        return unit.surveys.responses(form=form)


# -- the link --


def test_a_form_is_for_its_reader_alone(house, asked):
    answer = Guest(house).opens(asked())
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "careplug-bar nav" not in answer.text
    assert "My cases" not in answer.text


def forged(token: str, house, **more) -> str:
    """The same claim, signed with another key or changed."""
    claim = tokens.read(token, [SURVEY["survey"]["key"]], now=house.now)
    return tokens.sign(
        tokens.Claim(**{"tenant": claim.tenant, "invitation": claim.invitation, "expires": claim.expires, **more}),
        OTHER_KEY,
    )


@pytest.mark.parametrize("how", ["nonsense", "cut", "altered", "another key", "another tenant", "of a case"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_nobody_here_made_opens_nothing(house, asked, how, method):
    token = asked()
    wrong = {
        "nonsense": "nothing-at-all",
        "cut": token[:-4],
        "altered": token[:10] + ("A" if token[10] != "A" else "B") + token[11:],
        "another key": forged(token, house),
        "another tenant": forged(token, house, tenant="north"),
        "of a case": tokens.sign(tokens.Claim("", "none", house.now + timedelta(days=9)), SURVEY["survey"]["key"]),
    }[how]
    answer = Guest(house).http.open(f"{FORM}{wrong}", method=method)
    assert answer.status_code == 404
    assert "This link opens no survey" in answer.text
    assert "login" not in answer.text.lower()
    assert responses(house) == []


def test_a_link_is_used_once(house, asked):
    token = asked("csat")
    assert Guest(house).sends(token, satisfaction="4").status_code == 200
    again = Guest(house)
    assert again.opens(token).status_code == 410
    assert "already answered" in again.opens(token).text
    assert again.http.post(f"{FORM}{token}", data={"answers.satisfaction": "1"}).status_code == 410
    assert [row.answers for row in responses(house)] == [{"satisfaction": 4}]


def test_a_link_whose_time_is_over_says_so(house, asked):
    token = asked("csat")
    house.now += timedelta(days=60)
    for language, words in (("en", "This survey is over"), ("zh_CN", "问卷已截止")):
        answer = Guest(house, language).opens(token)
        assert (answer.status_code, words in answer.text) == (410, True)
    assert Guest(house).http.post(f"{FORM}{token}", data={"answers.satisfaction": "1"}).status_code == 410


def test_a_link_that_was_taken_back_says_so(house, asked):
    token = asked("csat")
    with house.care.unit(actor=ZHAO) as unit:
        unit.surveys.withdraw(unit.surveys.invitations(form="csat")[0].id)
    answer = Guest(house).opens(token)
    assert (answer.status_code, "taken back" in answer.text) == (410, True)


def test_nobody_tries_links_without_end(seeded_house):
    house = seeded_house(rate_limits={**flask_kit.WIDE, "link": "3 per minute"})
    guest = Guest(house)
    assert [guest.opens("nothing").status_code for _ in range(4)] == [404, 404, 404, 429]


# -- what was typed --

WRONG = [
    ({}, "overall", "Please answer this question."),
    ({"overall": "splendid"}, "overall", "Please choose one of the answers shown."),
    ({"overall": ["satisfied", "dissatisfied"]}, "overall", "Please choose one of the answers shown."),
    ({"overall": "satisfied", "on_time": "other"}, "on_time", "You chose “Other”"),
    ({"overall": "satisfied", "on_time": "yes", "on_time.other": "late"}, "on_time", "something else is chosen"),
    ({"overall": "satisfied", "date": "yesterday"}, "date", "This is not a date"),
    ({"overall": "satisfied", "customer": "x" * 201}, "customer", "201 characters"),
    ({"overall": "satisfied", "signature.name": "x" * 101}, "signature", "101 characters"),
    ({"overall": "satisfied", "signature.path": "M1 1L9999 2"}, "signature", "could not be read"),
    ({"overall": "satisfied", "comments": "a\0b"}, "comments", "cannot be stored"),
]


@pytest.mark.parametrize(("sent", "key", "words"), WRONG, ids=[each[1] + str(at) for at, each in enumerate(WRONG)])
def test_what_is_wrong_is_said_at_its_question_and_nothing_is_lost(house, asked, sent, key, words):
    answer = Guest(house).sends(asked(), **{"comments": "kept words", "on_time": "no", **sent})
    assert answer.status_code == 422
    place = answer.text[answer.text.index(f'id="f-{key}-question"') :].partition("</fieldset>")[0]
    assert words in place
    assert f'href="#f-{key}-question"' in answer.text
    if "comments" not in sent:
        assert "kept words" in answer.text
    assert responses(house) == []


def test_a_sheet_without_a_word_is_not_taken(house, asked):
    answer = Guest(house).sends(asked("feedback_sheet"))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert responses(house) == []


@pytest.mark.parametrize("value", ["11", "-1", "7.5", "ten", "1e1"])
def test_a_number_off_the_scale_is_refused(house, asked, value):
    answer = Guest(house).sends(asked("nps"), recommend=value)
    assert answer.status_code == 422
    assert responses(house) == []


def test_a_form_from_elsewhere_is_not_taken(house, asked):
    answer = Guest(house).sends(asked("csat"), csrf=False, satisfaction="4")
    assert answer.status_code == 400
    assert responses(house) == []


def test_the_answers_of_one_link_are_not_those_of_another(house, asked):
    """Two people, two links: each response belongs to the case of its own."""
    mine, theirs = asked("csat"), asked("csat", house.seen.other)
    Guest(house).sends(mine, satisfaction="5")
    Guest(house).sends(theirs, satisfaction="1")
    found = {row.feedback_id: row.answers["satisfaction"] for row in responses(house, "csat")}
    assert found == {house.seen.busy: 5, house.seen.other: 1}


def test_a_form_that_was_changed_is_answered_as_it_was_sent(house, asked):
    token = asked("csat")
    with house.care.unit(actor=ZHAO) as unit:
        line = unit.surveys.form("csat")
        data = line.form.to_data()
        unit.surveys.put_form("csat", {**data, "questions": data["questions"][:1], "title": {"en": "Changed"}})
    guest = Guest(house)
    assert "Changed" not in guest.opens(token).text
    assert guest.sends(token, satisfaction="4", comment="to the old one").status_code == 200
    assert responses(house, "csat")[0].digest == line.digest
    api = house.api(None)
    again = api.post("/surveys/answers", {"token": asked("nps"), "answers": {"recommend": 9}, "digest": line.digest})
    assert (again.status_code, again.get_json()["code"]) == (409, "survey.revision")


def test_the_language_is_the_readers_then_that_of_whoever_was_invited(house, asked):
    token = asked("csat")
    plain = house.app.test_client()
    assert 'lang="zh-CN"' in plain.get(f"{FORM}{token}").text, "the directory says Chinese"
    assert 'lang="en"' in plain.get(f"{FORM}{token}?lang=en").text
    assert 'lang="en"' in plain.get(f"{FORM}{token}").text, "what was chosen stays"


# -- the API --

API_WRONG = [
    ({"satisfaction": 9}, "survey.range"),
    ({"satisfaction": "5"}, "survey.type_number"),
    ({"satisfaction": None}, "survey.missing"),
    ({"satisfaction": 5, "nothing": 1}, "survey.unknown"),
    ({"satisfaction": 5, "comment": ["a"]}, "survey.type_words"),
]


@pytest.mark.parametrize(("answers", "code"), API_WRONG)
def test_the_api_takes_no_wrong_answer(house, asked, answers, code):
    told = house.api(None).post("/surveys/answers", {"token": asked("csat"), "answers": answers})
    assert (told.status_code, told.get_json()["code"]) == (422, code)
    assert responses(house) == []


def test_the_api_takes_answers_by_token_once(house, asked):
    api, token = house.api(None), asked("csat")
    opened = api.post("/surveys/open", {"token": token}).get_json()
    assert (opened["form"], opened["anonymous"], opened["prefill"]) == ("csat", "no", {})
    sent = {"token": token, "answers": {"satisfaction": 5}, "digest": opened["digest"]}
    assert api.post("/surveys/answers", sent).status_code == 200
    assert api.post("/surveys/answers", sent).get_json()["code"] == "survey.answered"
    for path in ("/surveys/open", "/surveys/answers"):
        body = {"token": "none"} if path.endswith("open") else {"token": "none", "answers": {}}
        assert api.post(path, body).get_json()["code"] == "survey.token_form"
        body["token"] = forged(token, house)
        assert (api.post(path, body).status_code, api.post(path, body).get_json()["code"]) == (
            403,
            "survey.token_forged",
        )
    assert responses(house)[0].channel == "api"


def test_a_form_is_put_on_the_revision_that_was_read(house):
    api = house.api(ZHAO)
    read = api.get("/surveys/forms/nps")
    body = {"data": {**read.get_json()["data"], "title": {"en": "Newer"}}}
    first = api("PUT", "/surveys/forms/nps", json=body, headers={"If-Match": read.headers["ETag"]})
    assert (first.status_code, first.get_json()["revision"]) == (200, 2)
    stale = api("PUT", "/surveys/forms/nps", json=body, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.get_json()["code"]) == (412, "definition.stale")


# -- the service side --


def test_a_sheet_of_paper_is_typed_in_once_a_case(house):
    http, number = client(house.app, WANG), house.seen.numbers[house.seen.busy]
    form = {"about.number": number, "about.channel": "paper", "about.day": "2026-01-04", "answers.recommend": "3"}
    made = http.post("/careplug/survey-paper?form=nps", data=form)
    assert (made.status_code, made.location) == (303, f"/careplug/cases/{number}#surveys"), (
        "an engineer reads no responses"
    )
    (row,) = responses(house, "nps")
    assert (row.number, row.channel, row.low, f"{row.answered_at:%Y-%m-%d}") == (number, "paper", True, "2026-01-04")
    again = http.post("/careplug/survey-paper?form=nps", data={**form, "answers.comment": "kept words"})
    assert again.status_code == 409
    assert "kept words" in again.text
    future = http.post("/careplug/survey-paper?form=ces", data={**form, "about.day": "2027-01-04", "answers.ease": "3"})
    assert future.status_code in (303, 422)
    assert http.post("/careplug/survey-paper?form=ces", data={**form, "about.number": "CP-1"}).status_code in (404, 422)
    nobodys = http.post("/careplug/survey-paper?form=nps", data={"answers.recommend": "9"})
    assert "The response was stored." in http.get(nobodys.location).text
    managers = client(house.app, ZHAO).post("/careplug/survey-paper?form=nps", data={"answers.recommend": "9"})
    assert managers.location.startswith("/careplug/survey-responses/")


def test_the_editor_says_what_is_wrong_and_somebody_elses_revision_is_not_lost(house):
    http, path = client(house.app, ZHAO), "/careplug/survey-forms/nps"
    form = {"do": "save", "expected": "1", "title.en": "", "questions.0.key": "A B", "questions.0.type": "scale",
            "questions.0.low": "x", "questions.0.high": "3", "questions.1.key": "ok", "questions.1.type": "text"}  # fmt: skip
    wrong = http.post(path, data=form)
    assert wrong.status_code == 422
    assert {'id="e-questions-0-low-error"', 'id="e-questions-1-text"'} & set(re.findall(r'id="[\w-]+"', wrong.text))
    assert 'value="A B"' in wrong.text
    good = {"do": "save", "expected": "1", "title.en": "Ours", "anonymous": "no", "questions.0.key": "how",
            "questions.0.type": "nps", "questions.0.text.en": "How likely?"}  # fmt: skip
    assert http.post(path, data=good).status_code == 303
    stale = http.post(path, data={**good, "title.en": "Theirs"})
    assert stale.status_code == 409
    assert 'value="Theirs"' in stale.text
    assert 'name="expected" value="2"' in stale.text
    with house.care.read(actor=ZHAO) as unit:
        assert unit.surveys.form("nps").form.title.en == "Ours"


def test_a_trigger_is_switched_and_its_data_checked(house):
    http = client(house.app, ZHAO)
    assert (
        http.post("/careplug/survey-triggers/after_closing/switch", data={"version": "1", "active": "1"}).status_code
        == 303
    )
    with house.care.read(actor=ZHAO) as unit:
        assert unit.definitions.value("survey_trigger", "after_closing").active
    stale = http.post("/careplug/survey-triggers/after_closing/switch", data={"version": "1", "active": "0"})
    assert stale.status_code == 409
    path = "/careplug/survey-triggers/asked"
    assert http.post(path, data={"version": "1", "data": "{"}).status_code == 422
    wrong = http.post(path, data={"version": "1", "data": '{"event": "on_demand", "form": "csat", "sample": 0}'})
    assert (wrong.status_code, "sample" in wrong.text) == (422, True)


def test_the_csv_keeps_formulas_from_spreadsheets(house, asked):
    Guest(house).sends(asked("csat"), satisfaction="4", comment='=HYPERLINK("http://x")')
    answer = client(house.app, ZHAO).get("/careplug/surveys/csat/responses.csv")
    assert answer.mimetype == "text/csv"
    (line,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert line["comment"] == '\'=HYPERLINK("http://x")'
    assert line["satisfaction"] == "4"


def test_an_improvement_from_plan_to_effect(house, asked):
    http = client(house.app, ZHAO)
    Guest(house).sends(asked("csat"), satisfaction="2")
    house.now += timedelta(hours=1)
    made = http.post("/careplug/improvement-new", data={"title": "Call first", "form": "csat", "days": "30",
                                                       "owner": "person:wang", "due_on": "2026-02-01"})  # fmt: skip
    assert made.status_code == 303
    path = made.headers["Location"]
    assert http.post(f"{path}/done", data={"version": "1", "result": " "}).status_code == 422
    assert http.post(f"{path}/done", data={"version": "1", "result": "The hotline calls"}).status_code == 303
    assert http.post(f"{path}/done", data={"version": "1", "result": "Again"}).status_code in (403, 409)
    page = http.get(path).text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert http.post(f"{path}/measure", data={"version": version}).status_code == 303
    assert "nothing can be said yet" in http.get(path).text
    assert "Call first" in http.get("/careplug/improvements").text


def test_an_engineer_sees_the_results_of_the_own_cases_alone(house, asked):
    Guest(house).sends(asked("csat"), satisfaction="5")  # about Wang's case
    Guest(house).sends(asked("csat", house.seen.fresh), satisfaction="1")  # nobody's
    both = client(house.app, ZHAO).get("/careplug/surveys/csat").text
    mine = client(house.app, WANG).get("/careplug/surveys/csat").text
    assert "answers: 2" in both
    assert "answers: 1" in mine
    assert "answers: 2" not in mine
    assert client(house.app, LI).get("/careplug/surveys/csat").status_code == 403
    assert "answers: 2" not in client(house.app, QIAN, tenant="north").get("/careplug/surveys/csat").text


def test_a_list_asks_the_database_no_more_for_more_rows(house, asked):
    """Responses, results and the API: as many statements for six as for two."""
    http, api = client(house.app, ZHAO), house.api(ZHAO)
    paths = ("/careplug/survey-responses", "/careplug/surveys/csat?by=assignee", "/careplug/api/v1/surveys/responses")

    def counts() -> list[int]:
        found = []
        for path in paths:
            with Statements(house.care.storage.engine) as seen:
                assert (api.get(path) if "/api/" in path else http.get(path)).status_code == 200
            found.append(len(seen.all))
        return found

    def answered(times: int) -> None:
        for at in range(times):
            with house.care.unit(actor=LI) as unit:
                case = unit.feedback.submit("fault", f"Matter {at}")
            Guest(house).sends(asked("csat", case.id), satisfaction="4", comment="words")

    answered(2)
    counts()  # what is read once for all
    few = counts()
    answered(4)
    assert counts() == few
    assert max(few) < 30


def test_who_is_asked_stands_on_the_page_of_the_case(house):
    http, number = client(house.app, ZHAO), house.seen.numbers[house.seen.busy]
    page = f"/careplug/cases/{number}"
    assert "Nobody was asked about this case yet." in http.get(page).text
    assert http.post(f"{page}/survey", data={"form": "nps"}).status_code == 303
    shown = http.get(page).text
    assert "http://localhost/careplug/survey/" in shown, "a link to hand over"
    again = http.post(f"{page}/survey", data={"form": "nps"})
    assert again.status_code in (403, 409), "asked a short while ago, or already"
    assert re.search(r'id="act-survey" open', again.text)
    assert 'role="alert"' in again.text
    ident = re.search(rf'action="{page}/survey/([\w-]+)/withdraw"', shown)[1]
    assert http.post(f"{page}/survey/{ident}/withdraw").status_code == 303
    assert "withdrawn by hand" in http.get(page).text
    assert "careplug/survey/" not in client(house.app, LI).get(page).text, "customers see nothing of it"
