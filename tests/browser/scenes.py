"""What is photographed: one row for each page and role. `python -m tests.browser.screenshots` takes the pictures.

A row of the table:

    Scene("case", "engineer", lambda server: f"/care/cases/{server.case_id}", wait="#timeline li"),
    Scene("lost", "customer", "/care/nothing-here", status=404),

Each row is seen in every language and every width, every time by a visitor who has seen nothing yet.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import ModuleType
from typing import Any

import attrs

from tests.browser.kit import DESKTOP, PHONE, serve
from tests.housekeeping import ROOT

LANGUAGES = ("zh", "en")
WIDTHS = (PHONE, DESKTOP)


@attrs.frozen
class Scene:
    """A page as one role sees it. Name and role together are the name of the picture, so they are there once."""

    name: str
    role: str
    path: str | Callable[[Any], str]
    """The path on the server, or what makes it from what `server()` gave; asked for each picture anew."""
    status: int = attrs.field(default=200, kw_only=True)
    """What the server is to answer; anything else is a finding."""
    wait: str = attrs.field(default="", kw_only=True)
    """A selector that must be visible before the picture is taken, for what comes in after loading."""
    ignore: str = attrs.field(default="", kw_only=True)
    """A selector of what may be cut, see `checks.overflow`."""
    allow: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    """Words that are fine on this page, see `checks.untranslated`."""


@attrs.frozen
class Entry:
    """What a visitor brings along to be let in as a role, and to be answered in a language."""

    cookies: Mapping[str, str] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)


API_NAMES = (
    "Accept-Language", "BulkLine", "Case", "Content-Type", "ETag", "Idempotency-Key", "If-Match", "Link", "OpenAPI",
    "RFC", "X-CSRFToken", "Authorization", "Bearer", "Retry-After", "Location", "WWW-Authenticate", "arrived",
    "code", "data", "detail", "digest", "due_at", "factory_arrived", "factory_returned", "field", "in", "json",
    "left", "lines", "next", "null", "out", "problem", "sequence", "share", "text", "version", "kind", "id",
    "person", "key",
)  # fmt: skip
"""What the reference of the API says of itself in any language: headers, media types, names of fields."""


def _survey(name: str) -> Callable[[Any], str]:
    return lambda server: f"/care/survey/{server.surveys[name]}"


def _case(name: str) -> Callable[[Any], str]:
    return lambda server: f"/care/cases/{server.numbers[name]}"


SCENES: tuple[Scene, ...] = (
    Scene("my-cases", "customer", "/care/my?show=all"),
    Scene("search", "customer", "/care/search?q=打印"),
    Scene("submit", "customer", "/care/submit"),
    Scene("case-open", "customer", _case("c1")),
    Scene("case-paused", "customer2", _case("c2")),
    Scene("case-resolved", "customer2", _case("b8")),
    Scene("case-closed", "customer", _case("a1")),
    Scene("case-link", "nobody", lambda server: server.link),
    Scene("link-wrong", "nobody", "/care/link/nothing", status=404),
    Scene("not-found", "customer", "/care/cases/CP-2026-999999", status=404),
    Scene("queue", "engineer", "/care/queue"),
    Scene("all-cases", "engineer", "/care/cases", ignore=".cpd-clip"),
    Scene("search", "engineer", "/care/search?q=打印"),
    Scene("search-wrong", "engineer", "/care/search?q=？！", status=422),
    Scene("case-open", "engineer", _case("c1")),
    Scene("case-paused", "engineer", _case("c2")),
    Scene("case-make-up-day", "engineer", _case("b7")),
    Scene("case-reopened", "engineer", _case("b14")),
    Scene("case-factory", "manager", _case("b5")),
    Scene("submit", "engineer", "/care/submit"),
    Scene("visits", "engineer", "/care/r/visits"),
    Scene("visit-new", "engineer", "/care/r/visits/new"),
    Scene("visit", "engineer", lambda server: f"/care/r/visits/{server.visit}"),
    Scene("survey-opinion", "nobody", _survey("opinion"), wait=".cps-sign canvas"),
    Scene("survey-sheet", "nobody", _survey("feedback_sheet")),
    Scene("survey-used", "nobody", _survey("used"), status=410),
    Scene("survey-withdrawn", "nobody", _survey("withdrawn"), status=410),
    Scene("survey-wrong", "nobody", "/care/survey/nothing", status=404),
    Scene("survey-overview", "manager", "/care/surveys"),
    Scene("survey-results-visit", "manager", "/care/surveys/return_visit?by=assignee"),
    Scene("survey-results-nps", "manager", "/care/surveys/nps?by=month"),
    Scene("survey-results-opinion", "manager", "/care/surveys/opinion"),
    Scene("survey-own-results", "engineer", "/care/surveys"),
    Scene("survey-responses", "manager", "/care/survey-responses"),
    Scene("survey-response", "manager", lambda server: f"/care/survey-responses/{server.surveys['response']}"),
    Scene("survey-response-low", "manager", lambda server: f"/care/survey-responses/{server.surveys['low']}"),
    Scene("survey-case", "manager", _case("b7")),
    Scene("survey-paper-choose", "engineer", "/care/survey-paper"),
    Scene("survey-paper", "engineer", "/care/survey-paper?form=return_visit"),
    Scene("survey-forms", "manager", "/care/survey-forms"),
    Scene("survey-editor", "manager", "/care/survey-forms/nps", allow=("NPS", "CSAT", "CES", "on_time")),
    Scene("survey-preview", "manager", "/care/survey-forms/return_visit/preview"),
    Scene("survey-triggers", "manager", "/care/survey-triggers"),
    Scene("survey-trigger", "manager", "/care/survey-triggers/after_closing"),
    Scene("improvements", "manager", "/care/improvements"),
    Scene("improvement", "manager", lambda server: f"/care/improvements/{server.surveys['improvement']}"),
    Scene("improvement-new", "manager", "/care/improvement-new?form=return_visit"),
    Scene(
        "api-reference",
        "engineer",
        "/care/api-reference",
        allow=API_NAMES,
    ),
)

SURVEY = {"survey": {"link": "http://localhost/care/survey", "key": "a key of the scenes, long enough"}}
"""Where the pages of surveys are, and what signs their links."""

_ROLES = {"customer": "li", "customer2": "sun", "engineer": "wang", "manager": "zhao"}


@attrs.frozen
class Desk:
    """The service desk of the story, running: the numbers of its cases by their names in the story."""

    url: str
    numbers: Mapping[str, str]
    link: str
    visit: str
    surveys: Mapping[str, str]
    """The tokens of surveys by their forms, ``used`` and ``withdrawn``; a ``response``, a ``low`` one, an ``improvement``."""


def _surveys(care: Any, case: str) -> dict[str, str]:
    """Invitations that can be answered, one for each form, and what came of others."""
    from careplug.demo.cast import ACTORS

    found: dict[str, str] = {}
    with care.unit(actor=ACTORS["zhao"]) as unit:
        service = unit.surveys
        made = {
            name: service.invite(case, form=name, anyway=True) for name in ("opinion", "feedback_sheet", "nps", "ces")
        }
        found |= {name: service.link(each.id).rpartition("/")[2] for name, each in made.items()}
        service.answer(found["nps"], {"recommend": 9})
        found["used"] = found["nps"]
        found["withdrawn"] = found.pop("ces")
        service.withdraw(made["ces"].id)
        found["response"] = service.responses(form="opinion")[0].id
        found["low"] = service.responses(low=True)[0].id
        found["improvement"] = service.improvements(state="measured")[0].id
    return found


def visits() -> ModuleType:
    """The plugin of sixty lines, loaded from its folder."""
    import importlib.util

    file = ROOT / "tests" / "integration" / "visits" / "src" / "careplug_visits" / "__init__.py"
    spec = importlib.util.spec_from_file_location("careplug_visits", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def application(database: str, clock: Any) -> tuple[Any, Any, Any]:
    """An app whose visitors say in a header who they are, with the plugin of visits; the app, its extension, the Care."""
    from flask import Flask, request

    from careplug.demo.cast import ACTORS
    from careplug_flask import Careplug

    app = Flask("careplug_scenes")
    app.config.update(SECRET_KEY="scenes", CAREPLUG_URL_PREFIX="/care", CAREPLUG_DATABASE=database)
    careplug = Careplug(app, clock=clock, plugins=[visits()], settings=SURVEY)
    careplug.actor_loader(lambda: ACTORS.get(_ROLES.get(request.headers.get("X-Role", ""), "")))
    care = careplug.state_of(app).care
    care.upgrade()
    return app, careplug, care


@contextlib.contextmanager
def server() -> Iterator[Desk]:
    """The desk at the last moment of the story, its clock standing still. It runs once for all pictures."""
    from careplug.clock import ManualClock
    from careplug.demo.cast import ACTORS
    from careplug.demo.opinions import Opinions
    from careplug.demo.stage import START, play
    from careplug.resources import Resources

    clock = ManualClock(START)
    with tempfile.TemporaryDirectory() as folder:
        app, careplug, care = application(f"sqlite:///{folder}/story.db", clock)
        opinions = Opinions(care)
        played = play(care, clock, told=opinions)
        opinions.end()
        with care.unit(actor=ACTORS["wang"]) as unit:
            case = unit.feedback.get(played.idents["c1"])
            visit = unit.get(Resources).add("visits", {"number": case.number, "day": date(2026, 3, 4)})
        with app.test_request_context():
            link = careplug.link(case, external=False)
        surveys = _surveys(care, played.idents["b8"])
        with serve(app) as url:
            yield Desk(url, played.numbers, link, visit.id, surveys)
        care.close()


def entry(server: Desk, role: str, language: str) -> Entry:
    """How a role gets in. The language is asked for by Accept-Language already; a cookie may say it too."""
    return Entry(headers={"X-Role": role})
