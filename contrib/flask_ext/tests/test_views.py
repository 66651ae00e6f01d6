"""careplug's views as Flask and other extensions see them: named functions, which a host's own CSRFProtect lets pass."""

from __future__ import annotations

from typing import Any

import pytest
from desk_kit import START, WANG, Desk, Forms
from flask import Flask
from flask_wtf.csrf import CSRFProtect

from careplug.clock import ManualClock
from careplug.storage.files import MemoryFiles
from careplug_flask import Careplug

PAGE = "/careplug/cases/"


@pytest.fixture
def guarded(tmp_path):
    """A host that checks the token of every form itself, as Flask-WTF's own page says; an engineer is logged in."""
    app, clock = Flask("guarded"), ManualClock(START)
    app.config.update(SECRET_KEY="secret", TESTING=True, CAREPLUG_DATABASE=f"sqlite:///{tmp_path / 'guarded.db'}")
    CSRFProtect(app)
    extension = Careplug(app, clock=clock, files=MemoryFiles())
    extension.actor_loader(lambda: WANG)
    with app.app_context():
        extension.care.upgrade()
        yield Desk(app, extension.care, clock)
        extension.care.close()


def test_every_view_has_a_name_and_a_module(guarded: Desk):
    views = {name: view for name, view in guarded.app.view_functions.items() if name.startswith("careplug")}
    assert len(views) > 50
    assert [
        name for name, view in views.items() if not (hasattr(view, "__name__") and hasattr(view, "__module__"))
    ] == []


def test_an_engineer_works_where_the_host_checks_all_forms(guarded: Desk):
    number, client = guarded.submit().number, guarded.app.test_client()

    def send(path: str, **typed: str) -> Any:
        """A form of the page as it came, with something typed."""
        address = f"{PAGE}{number}/{path}"
        form = Forms(client.get(f"{PAGE}{number}").get_data(as_text=True)).forms[address]
        assert form["csrf_token"]
        return client.post(address, data={**form, **typed})

    for path, typed in (("say", {"as": "reply", "body": "We are looking."}), ("step/confirm", {})):
        response = send(path, **typed)
        assert (response.status_code, response.location) == (303, f"{PAGE}{number}")
    assert send("step/dispatch", assignee="").status_code == 422
    assert guarded.case(number).state == "confirmed"
    assert [fact for fact in guarded.facts(number) if fact in ("replied", "confirmed")] == ["replied", "confirmed"]
    assert client.post(f"{PAGE}{number}/step/reject", data={"reason": "x"}).status_code == 400


def test_where_forms_are_sent_a_visit_leads_to_the_page(guarded: Desk):
    """Whoever reloads the page of a form that failed, or follows its address, sees the case or the entity."""
    number, client = guarded.submit().number, guarded.app.test_client()
    for path in ("say", "step/confirm", "resume/waiting_parts", "link", "reply"):
        response = client.get(f"{PAGE}{number}/{path}")
        assert (path, response.status_code, response.location) == (path, 302, f"{PAGE}{number}")
    response = client.get("/careplug/r/visits/V1/approve")
    assert (response.status_code, response.location) == (302, "/careplug/r/visits/V1")
    assert guarded.facts(number).count("replied") == 0


def test_what_is_done_to_a_case_is_counted_by_itself(tmp_path):
    app = Flask("counted")
    app.config.update(
        SECRET_KEY="secret",
        CAREPLUG_DATABASE=f"sqlite:///{tmp_path / 'counted.db'}",
        CAREPLUG_RATE_LIMITS={"submit": "1 per hour", "act": "3 per hour"},
    )
    extension = Careplug(app, clock=ManualClock(START), files=MemoryFiles())
    extension.actor_loader(lambda: WANG)
    with app.app_context():
        extension.care.upgrade()
        desk = Desk(app, extension.care, ManualClock(START))
        number, client = desk.submit().number, app.test_client()
        address = f"{PAGE}{number}/say"
        for status in (303, 303, 303, 429):
            form = Forms(client.get(f"{PAGE}{number}").get_data(as_text=True)).forms[address]
            assert client.post(address, data={**form, "body": "hello"}).status_code == status
        extension.care.close()
