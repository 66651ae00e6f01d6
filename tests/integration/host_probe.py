"""Run by `test_wheels` in the clean environment: what the shop of docs/host answers, alone and with careplug in it.

It imports nothing of the repository. Clock and randomness stand still, so that two runs of the same page give the same
bytes. Prints one JSON document.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import sys
from pathlib import Path

import itsdangerous
import werkzeug.security
from flask_wtf import csrf

HERE = Path.cwd()


def stand_still() -> None:
    """Tokens and cookies hold time and randomness: here both are always the same."""
    itsdangerous.TimestampSigner.get_timestamp = lambda self: 1_800_000_000
    csrf.os = type("Still", (), {"urandom": staticmethod(bytes)})
    werkzeug.security.gen_salt = lambda length: "s" * length


def shop(database: Path, *, mounted: bool):
    """The app, its own tables made and filled."""
    settings = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}"}
    if mounted:
        from mounted import create_app
    else:
        from shop import create_app
    app = create_app(**settings)
    from shop.models import Order, User, db

    with app.app_context():
        db.create_all()
        if mounted:
            from mounted import careplug

            careplug.care.upgrade()
        db.session.add_all([User.make("ann", "pump"), User.make("wang", "pump", "engineer")])
        db.session.flush()
        db.session.add_all([Order(user_id=1, article="Valve"), Order(user_id=2, article="Hose")])
        db.session.commit()
    return app


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""


def visits(app) -> list:
    """Every page of the shop, as a stranger and logged in, right and wrong."""
    client, seen = app.test_client(), []

    def visit(method: str, path: str, **data: str):
        response = client.open(path, method=method, data=data or None)
        body = response.get_data()
        kept = sorted((name, value) for name, value in response.headers.items() if name != "Date")
        seen.append([method, path, response.status, kept, hashlib.sha256(body).hexdigest()])
        return body.decode()

    for path in ("/", "/orders", "/nothing", "/broken", "/static/shop.css", "/static/none.css"):
        visit("GET", path)
    form = token(visit("GET", "/login"))
    visit("POST", "/login", login="ann", password="pump")  # without the token of its form
    visit("POST", "/login", login="ann", password="wrong", csrf_token=form)
    visit("POST", "/login", login="ann", password="pump", csrf_token=form)
    form = token(visit("GET", "/orders"))
    visit("POST", "/orders", article="Seal", csrf_token=form)
    visit("POST", "/orders", article="Seal")
    visit("GET", "/orders")
    visit("PUT", "/orders")
    visit("OPTIONS", "/orders")
    visit("GET", "/broken")
    visit("POST", "/logout", csrf_token=form)
    visit("GET", "/")
    return seen


def tables(database: Path) -> dict:
    """Tables, indexes and rows that are not careplug's."""
    with sqlite3.connect(database) as connection:
        names = [
            row
            for row in connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            if not row[1].startswith(("careplug_", "sqlite_", "ix_careplug", "uq_careplug"))
        ]
        rows = {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for kind, name, _ in names if kind == "table"
        }
    return {"schema": names, "rows": rows}


def through(app) -> list:
    """The careplug part as a person meets it: a customer submits and returns an order, an engineer answers."""
    told = []
    client = app.test_client()

    def say(what: str, response) -> str:
        told.append([what, response.status_code, response.headers.get("Location", "")])
        return response.get_data(as_text=True)

    say("nobody is sent to the shop's login", client.get("/service/my"))
    page = say("login page", client.get("/login"))
    say("login", client.post("/login", data={"login": "ann", "password": "pump", "csrf_token": token(page)}))
    page = say("submit page", client.get("/service/submit"))
    told.append(["the page stands in the shop's layout", "shop-bar" in page, "Pump shop" in page])
    fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    fields |= {
        "kind": "fault",
        "subject": "The pump drips",
        "body": "Since this morning",
        "impact": "2",
        "urgency": "2",
    }
    without = {name: value for name, value in fields.items() if name != "csrf_token"}
    say("submit without the form's token", client.post("/service/submit", data=without))
    say("submit", client.post("/service/submit", data=fields))
    page = say("my cases", client.get("/service/my"))
    told.append(["the case is in the list", "The pump drips" in page, ""])
    page = say("orders to return", client.get("/orders/return"))
    told.append(["only one's own orders have a button", "Return Valve" in page, "Return Hose" not in page])
    form = {"csrf_token": token(page)}
    say("another's order is 404", client.post("/orders/return", data={"order": "2", **form}))
    say("an order that is no number is 404", client.post("/orders/return", data={"order": "x", **form}))
    say("an order is returned", client.post("/orders/return", data={"order": "1", **form}))
    say("the same order again is 404", client.post("/orders/return", data={"order": "1", **form}))
    say("the API knows the session", client.get("/service/api/v1/feedback"))
    return told


def main() -> None:
    stand_still()
    sys.path.insert(0, str(HERE))
    plain, mounted = HERE / "plain.db", HERE / "mounted.db"
    alone = visits(shop(plain, mounted=False))
    app = shop(mounted, mounted=True)
    beside = visits(app)
    found = {
        "alone": alone,
        "beside": beside,
        "tables_alone": tables(plain),
        "tables_beside": tables(mounted),
        "through": through(app),
        "careplug": sys.modules["careplug"].__file__,
        "flask": sys.modules["careplug_flask"].__file__,
        "path": [entry for entry in sys.path if entry],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    main()
