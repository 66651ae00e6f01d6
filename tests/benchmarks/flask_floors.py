"""The least Flask code that answers what careplug's API answers: reviewed here, checked by ``test_flask``.

A floor has no rules, no permissions, no limits: one hand-written question to the same tables and ``json.dumps``; or the
rows of a real case copied under new ids. One list goes through SQLAlchemy, one asks the bare driver, and one looks up the
key it was sent, as any API has to.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request

_NAMES = """
id number kind state category priority impact urgency requester_kind requester_id organisation_kind organisation_id
contact_kind contact_id product_kind product_id system_kind system_id site_kind site_id subject body contact_name
contact_phone contact_mail channel source assignee_kind assignee_id team_kind team_id cause measure result received_at
handled_at closed_at expected_at cycle reopened merged_into custom pauses links flags version sequence
"""
COLUMNS = _NAMES.split()
LIST = f"""
SELECT {", ".join(COLUMNS)} FROM careplug_feedback WHERE tenant = ? AND category = ?
ORDER BY received_at DESC, id LIMIT ?
"""
KEY = "SELECT digest, revoked_at, expires_at FROM careplug_api_token WHERE id = ?"


def ref(kind: str | None, ident: str | None) -> str | None:
    """A reference as the API writes it."""
    return None if kind is None else f"{kind}:{ident}"


def instant(value: Any) -> str | None:
    """An instant as text, as SQLite holds it."""
    return value if value is None or isinstance(value, str) else value.isoformat()


def case(row: Any) -> dict[str, Any]:
    """One row, in the order of COLUMNS, with the fields of the API."""
    return {
        "id": row[0],
        "number": row[1],
        "kind": row[2],
        "state": row[3],
        "category": row[4],
        "priority": row[5],
        "impact": row[6],
        "urgency": row[7],
        "requester": ref(row[8], row[9]),
        "organisation": ref(row[10], row[11]),
        "contact": ref(row[12], row[13]),
        "product": ref(row[14], row[15]),
        "system": ref(row[16], row[17]),
        "site": ref(row[18], row[19]),
        "subject": row[20],
        "body": row[21],
        "contact_name": row[22],
        "contact_phone": row[23],
        "contact_mail": row[24],
        "channel": row[25],
        "source": row[26],
        "assignee": ref(row[27], row[28]),
        "team": ref(row[29], row[30]),
        "cause": row[31],
        "measure": row[32],
        "result": row[33],
        "received_at": instant(row[34]),
        "handled_at": instant(row[35]),
        "closed_at": instant(row[36]),
        "expected_at": instant(row[37]),
        "cycle": row[38],
        "reopened": row[39],
        "merged_into": row[40],
        "custom": json.loads(row[41]),
        "pauses": json.loads(row[42]),
        "links": json.loads(row[43]),
        "flags": json.loads(row[44]),
        "version": row[45],
        "sequence": row[46],
    }


def bare(engine: sa.Engine, submit: Callable[[], dict[str, Any]]) -> Flask:
    """A Flask app with nothing but the list, the list behind a key, and the rows of a case copied by ``submit``."""
    app = Flask("bare")
    app.secret_key = "a bench's"
    question, key = (_placed(engine, text) for text in (LIST, KEY))

    def with_core(*values: Any) -> Sequence[Any]:
        with engine.connect() as connection:
            return connection.exec_driver_sql(question, values).all()

    def with_driver(*values: Any) -> Sequence[Any]:
        with contextlib.closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(question, values)
            rows = cursor.fetchall()
            connection.rollback()  # the pool leaves that to whoever took it
            return rows

    def listed(ask: Callable[..., Sequence[Any]]) -> Response:
        category, limit = request.args["category"], int(request.args["limit"])
        rows = ask("", category, limit + 1)
        following = None
        if len(rows) > limit:
            last = rows[limit - 1]
            following = urlsafe_b64encode(json.dumps([instant(last[34]), last[0]]).encode()).decode()
        return _json({"items": [case(row) for row in rows[:limit]], "next": following})

    def known() -> bool:
        ident, _, secret = request.headers["Authorization"].removeprefix("Bearer cpt_").partition("_")
        dashed = f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"
        with engine.connect() as connection:
            row = connection.exec_driver_sql(key, (dashed,)).first()
        given = hashlib.sha256(secret.encode()).hexdigest()
        return row is not None and hmac.compare_digest(row[0], given) and row[1] is None and row[2] is None

    @app.get("/bare")
    def plain() -> Response:
        return listed(with_core)

    @app.get("/driver")
    def driver() -> Response:
        return listed(with_driver)

    @app.get("/keyed")
    def keyed() -> Response:
        return listed(with_core) if known() else Response(status=401)

    @app.post("/bare")
    def submitted() -> Response:
        body = json.loads(request.get_data())
        made = submit()
        return _json({**case([made[name] for name in COLUMNS]), "subject": body["subject"]}, 201)

    return app


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status=status, mimetype="application/json")


def _placed(engine: sa.Engine, text: str) -> str:
    return text if engine.dialect.paramstyle == "qmark" else text.replace("?", "%s")
