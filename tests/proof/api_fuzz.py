"""The REST API against its own OpenAPI document, by schemathesis: whatever fits the schemas, and whatever does not.

A seeded house on SQLite and one on PostgreSQL (where there is a server), a plugin with resources in it, asked with the key
of an administrator. For each operation the edges of every schema one by one (`coverage`, a tenth of the operations a slice)
and random requests, good and bad (`fuzzing`). No answer is a 5xx, or a status, media type, header or body that the document
does not tell of; a request that does not fit is refused; one that fits is refused by a rule of the house alone, never for
its form. `by form` are requests whose form was refused, `by rule` those that fitted and met a rule, `done` those that did
something.

The whole proof is 100 slices of some 700 requests on each database.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from careplug.resources import Resources
from tests import services
from tests.housekeeping import ROOT
from tests.unit.resources.workshop import plugin

EXAMPLES = 400
"""Random requests of an operation and kind in the whole proof."""
FORM = (
    "flask.json",
    "flask.json_end",
    "flask.json_text",
    "flask.json_deep",
    "flask.json_twice",
    "flask.lacking",
    "flask.unknown",
    "flask.type",
    "flask.choice",
    "flask.least",
    "flask.most",
    "flask.text_short",
    "flask.text_long",
    "flask.list_short",
    "flask.list_long",
    "flask.instant",
    "flask.day",
    "flask.reference",
    "flask.huge",
    "flask.other",
    "flask.media",
    "flask.query_twice",
    "flask.etag",
    "flask.key",
    "flask.if_match",
)
"""The codes that speak of a request's form. What fits the schemas must meet none of them."""

_SHOWN = 5


def run(scale: float, *, seed: int = 0) -> dict[str, object]:
    """Ask ``scale`` of the whole; ``seed`` chooses the requests, and whose edges are walked."""
    begun = time.perf_counter()
    found: Counter[str] = Counter()
    trouble: dict[tuple[str, str], str] = {}
    names = [name for name in ("sqlite", "postgresql") if name == "sqlite" or not services._trouble(name)]
    with warnings.catch_warnings():
        # theirs, about their own dependencies
        warnings.filterwarnings("ignore", module=r"(schemathesis|hypothesis|jsonschema|requests|werkzeug)(\..*)?")
        for number, name in enumerate(names):
            with tempfile.TemporaryDirectory() as folder, services.database(name, Path(folder)) as url:
                _ask(url, max(1, round(EXAMPLES * scale)), 2 * seed + number, found, trouble)
    figures: dict[str, object] = {"requests": found.total(), "databases": " and ".join(names), **_sorted(found)}
    figures["mismatches"] = len(trouble)
    if trouble:
        figures["first_mismatches"] = "; ".join(f"{key}: {said}" for key, said in list(trouble.items())[:_SHOWN])
    return {**figures, "seconds": time.perf_counter() - begun}


def _sorted(found: Counter[str]) -> dict[str, int]:
    return {name: found[name] for name in ("done", "by_rule", "by_form", "not_found", "no_method") if found[name]}


def _kit() -> Any:
    """The houses of the extension's own tests."""
    folder = str(ROOT / "contrib" / "flask_ext" / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import flask_kit

    return flask_kit


def _ask(url: str, examples: int, seed: int, found: Counter[str], trouble: dict[tuple[str, str], str]) -> None:
    kit = _kit()
    app = kit.make_app(url, kit.Careplug(clock=lambda: kit.MONDAY, plugins=[plugin()], files=kit.FILES))
    try:
        kit.seed(app)
        with kit.care_of(app).unit(actor=kit.ROOT) as unit:
            for name in ("saw", "drill"):
                unit.get(Resources).add("tools", {"name": name})
        for phases, left_out in ((("coverage",), _nine_tenths(kit, app, seed)), (("fuzzing", "examples"), [])):
            for event in _engine(kit, app, examples, seed, phases, left_out).execute():
                _note(event, found, trouble)
    finally:
        kit.care_of(app).close()


def _nine_tenths(kit: Any, app: Any, seed: int) -> list[str]:
    """The operations whose edges are not walked in this slice."""
    names = [each.name for each in kit.state_of(app).table.operations]
    return [name for number, name in enumerate(names) if number % 10 != seed // 2 % 10]


def _engine(kit: Any, app: Any, examples: int, seed: int, phases: tuple[str, ...], left_out: list[str]) -> Any:
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema

    _prepare(schemathesis)
    headers = {"Authorization": f"Bearer {kit.key(app)}"}
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": headers,
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
            "checks": {
                # "fits, so it is accepted" cannot hold where rules are more than schemas: a step that is not possible
                # now is 403, an unknown zone 422. `refused_by_rule_alone` below asks what can be asked.
                "positive_data_acceptance": {"enabled": False},
                # sends its own requests with arguments that werkzeug's client does not know (4.32); who may do what,
                # anonymous too, is the permission table of the extension's tests
                "ignored_auth": {"enabled": False},
                # 428 is what RFC 6585 made for a missing If-Match; 412 and 413 refuse data as well
                "missing_required_header": {"expected-statuses": [400, 401, 403, 406, 415, 422, 428]},
                "negative_data_rejection": {
                    "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 415, 422, 428]
                },
            },
            "operations": [
                # any bytes are lines: a bad one is answered in a line of its own, with 200 over all of them
                {"include-operation-id": "submitMany", "checks": {"negative_data_rejection": {"enabled": False}}},
                *({"include-operation-id": name, "enabled": False} for name in left_out),
            ],
        }
    )
    schema = schemathesis.openapi.from_wsgi(f"{kit.API}/openapi.json", app=app, config=config, headers=headers)
    return from_schema(schema)


def _prepare(schemathesis: Any) -> None:
    """Tell schemathesis, once a process, how lines are sent and what we ask beside its own checks."""
    if "refused_by_rule_alone" in schemathesis.checks.CHECKS.get_all_names():
        return

    @schemathesis.serializer("application/x-ndjson")
    def lines(_: Any, value: Any) -> bytes:
        """Text as it is; anything else as one line of JSON."""
        import json

        return (value if isinstance(value, str) else json.dumps(value)).encode(errors="replace")

    @schemathesis.check
    def refused_by_rule_alone(_: Any, response: Any, case: Any) -> None:
        """What fits every schema is never refused for its form."""
        kind = case.meta.generation.mode if case.meta is not None else None
        tag = (case.headers or {}).get("If-Match")
        if tag is not None and not re.fullmatch(r'"[0-9]{1,9}(\.[0-9]{1,9})?"', tag):
            return  # for a pattern with quotes the walk of the edges makes 0, which it takes for good (4.32)
        if kind is not None and kind.is_positive and _code(response) in FORM:
            raise AssertionError(f"it fits the document and was refused: {response.text[:300]}")


def _code(response: Any) -> str:
    if response.headers.get("content-type") != ["application/problem+json"]:
        return ""
    return str(response.json().get("code", ""))


def _note(event: Any, found: Counter[str], trouble: dict[tuple[str, str], str]) -> None:
    """Count what an event tells; what went wrong once for each operation and check."""
    from schemathesis.engine import events

    if isinstance(event, events.NonFatalError | events.FatalError):
        wrong = getattr(event, "value", None) or getattr(event, "exception", None)
        trouble.setdefault((type(event).__name__, str(getattr(event, "label", ""))), repr(wrong)[:300])
    if not isinstance(event, events.ScenarioFinished):
        return
    for exchange in event.recorder.interactions.values():
        found[_class(exchange.response)] += 1
    for ident, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                said = _said(check.failure_info.failure, event.recorder.interactions.get(ident))
                trouble.setdefault((check.name, event.recorder.label), said)


def _class(response: Any) -> str:
    if response is None:
        return "unanswered"
    status = response.status_code
    if status < 400:
        return "done"
    if status in (404, 405):
        return {404: "not_found", 405: "no_method"}[status]
    return "by_form" if _code(response) in FORM else "by_rule"


def _said(failure: Any, exchange: Any) -> str:
    asked = exchange.request if exchange is not None else None
    where = f"{asked.method} {asked.uri[:200]} {str(asked.body)[:200]}" if asked is not None else ""
    return f"{failure.title}: {failure.message[:300]} ({where})"
