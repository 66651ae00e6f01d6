"""Run by `test_wheels` in the clean environment, with the plugin of sixty lines and again without it.

It imports nothing of the repository. Prints one JSON document: what API, pages, command line and worker showed.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from flask import Flask

from careplug import Actor, Worker
from careplug.cli.main import run
from careplug_flask import Careplug
from careplug_flask.testing import client

LI, WANG = Actor.customer("li"), Actor.engineer("wang")


def house():
    app = Flask("house")
    app.config.update(SECRET_KEY="s", TESTING=True, CAREPLUG_DATABASE="sqlite:///house.db")
    careplug = Careplug(app)
    with app.app_context():
        careplug.care.upgrade()
    return app, careplug.state_of(app).care


def command(care, *words: str) -> list:
    """Exit code, standard output and error of a command on this Care."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words], care=care)
    return [code, out.getvalue(), err.getvalue()]


def life(app, care) -> dict:
    """A case from intake to its visit, through the API, and what pages then say of it."""
    li, wang = client(app, LI), client(app, WANG)
    api, told = "/careplug/api/v1", {}
    case = li.post(f"{api}/feedback", json={"kind": "fault", "subject": "Pump"}).get_json()
    wang.post(f"{api}/feedback/{case['id']}/steps", json={"step": "confirm"})
    told["steps"] = [step["name"] for step in wang.get(f"{api}/feedback/{case['id']}/steps").get_json()["items"]]
    visit = wang.post(f"{api}/feedback/{case['id']}/steps", json={"step": "visit"})
    told["visit step"] = [visit.status_code, visit.get_json().get("state")]
    told["metrics"] = sorted(c["metric"] for c in wang.get(f"{api}/feedback/{case['id']}/clocks").get_json()["items"])
    told["sent"] = Worker(care).run_due().messages.sent
    made = wang.post(f"{api}/r/visits", json={"number": case["number"], "day": "2026-12-01"})
    told["add"] = [made.status_code, made.get_json()]
    if made.status_code == 201:
        ident = made.get_json()["id"]
        told["customer adds"] = li.post(f"{api}/r/visits", json={"number": "x", "day": "2026-12-01"}).status_code
        done = wang.post(f"{api}/r/visits/{ident}/actions/finish", json={"report": "Seal changed"})
        told["finish"] = [done.status_code, done.get_json()]
        told["list"] = wang.get(f"{api}/r/visits?done=true").get_json()
        told["paths"] = [path for path in wang.get(f"{api}/openapi.json").get_json()["paths"] if "visits" in path]
    for language in ("en", "zh"):
        reader = client(app, WANG, language=language)
        told[f"case {language}"] = reader.get(f"/careplug/cases/{case['number']}").get_data(as_text=True)
        told[f"queue {language}"] = [(page := reader.get("/careplug/queue")).status_code, page.get_data(as_text=True)]
        told[f"visits {language}"] = [
            (page := reader.get("/careplug/r/visits")).status_code,
            page.get_data(as_text=True),
        ]
        told[f"command {language}"] = command(care, "visits", "list", "--lang", language)
    told["number"] = case["number"]
    return told


def departed(app, care, ident: str) -> dict:
    """The case that the plugin left in a state nobody knows: it is read, shown and moved on; others live as ever."""
    boss = client(app, Actor.engineer("zhao", "manager"))
    api, told = "/careplug/api/v1", {}
    told["read"] = boss.get(f"{api}/feedback/{ident}").get_json()["state"]
    told["page"] = boss.get(f"/careplug/cases/{ident}").status_code
    moved = boss.post(f"{api}/feedback/{ident}/override", json={"state": "handling", "reason": "the plugin left"})
    told["override"] = [moved.status_code, moved.get_json().get("state")]
    told["verify"] = command(care, "verify")[0]
    return told


def main() -> None:
    app, care = house()
    found = life(app, care)
    if len(sys.argv) > 1:
        found["departed"] = departed(app, care, sys.argv[1])
    found["doctor"] = [command(care, "doctor", "--lang", language) for language in ("en", "zh")]
    found["loaded"] = [line.name for line in care.report()]
    care.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
