"""`docs/reference/api.md`, made from the table of operations: `python -m tests.docs.api_page`."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask

import careplug_flask
from careplug import Care
from careplug_flask.rest.openapi import document
from careplug_flask.state import KEY
from careplug_flask.words import say
from tests.housekeeping import ROOT, table

PAGE = ROOT / "docs" / "reference" / "api.md"

HEAD = """# The REST API

`careplug-flask` puts it below `PREFIX/api/v1` (`/careplug/api/v1` where nothing else is said). Its OpenAPI 3.1 document is
`openapi.json` there, in English and Chinese; `PREFIX/api-reference` shows it as a page. How it is used, step by step:
[use the API](../how-to/use-the-api.md). This page is made by `python -m tests.docs.api_page`; a test keeps it true.

## Who is asking

| how | what is sent |
|---|---|
| a key (`careplug tokens issue`) | `Authorization: Bearer cpt_…`; it acts as one actor, within its roles, scopes and tenant |
| the host's session | the host's cookie; what changes something also carries the form's token in `X-CSRFToken` |

Nobody known is 401. What the roles do not allow is 403, with the field `permission.ACTION` ([permissions](permissions.md)).
A case that the actor may not see is 404, as one that is not there; so is one of another tenant.

## Problems

Every answer of 400 and above is `application/problem+json` (RFC 9457): `title` and `status`, `detail` that says what to do in
the reader's language (`Accept-Language`, or `?lang=zh`), and for programs `code` and `field`. A field names where the value
stood: `body.impact`, `query.limit`, `header.If-Match`, `line[7].subject`, or the input of the service, such as `step.resolve`.
The codes of the services are on the page of [errors](errors.md); these are the API's own:

{own}

What each status means:

{statuses}

## Reading

* **Pages by key.** A list answers `items` and `next`. The header `Link: <…>; rel="next"` is the address of the next page; the
  last page has neither. Rows that come meanwhile shift nothing. `limit` is 1 to 200, 25 where nothing is said.
* **Tags.** Everything that is read has an `ETag`. Sent back in `If-None-Match` it gets 304 and no body where nothing changed.
  Answers are `private, no-cache`: a browser may keep them, and asks each time.
* **Values.** Instants are ISO 8601 with an offset, always UTC on the way out; references `kind:id`; spans microseconds;
  Decimals text, so that no digit is lost. `HEAD` is `GET` without the body, `OPTIONS` tells the methods in `Allow`.

## Writing

* **If-Match.** An edit names the version it is about: send the `ETag` of what was read. Somebody else was faster: 412, and
  nothing is changed. Missing: 428. What is appended (a reply, a step) does not spoil an edit: a case's tag is
  `"version.sequence"`, and only the version counts here. Steps and overrides go by it where it is sent.
* **Idempotency-Key.** A text of your own, 1 to 200 characters. The same request with the same key is done once; the second
  answer is the case as it is now, with `Idempotency-Replayed: true`. The key with another request is 409. Keys are kept
  for 30 days and belong to the actor: two may use the same.
* **Bodies** are `application/json` in UTF-8, at most 4 MiB, 64 levels deep. A field that is not known, or is given twice, is an
  error and never dropped. Files come as `multipart/form-data` with one field `file`, up to `CAREPLUG_MAX_UPLOAD`, and are
  answered as something to save.
* **Many at once.** `POST /feedback/bulk` takes JSON lines (`application/x-ndjson`), at most 10,000 and 20 MiB. Each line is
  stored by itself and answered by a line with its number and status: a bad one costs itself alone. `GET /feedback/bulk` gives all that match, in
  bounded memory.
* **Limits.** Too often is 429 with `Retry-After` ([settings](flask.md)). A database that stays busy is 503: send it again.

## Operations

Where it says *version*, `If-Match` must be sent; *key* means that `Idempotency-Key` may be. The resources of plugins follow
the same rules: `GET` and `POST /r/RESOURCE`, `GET` and `PATCH /r/RESOURCE/ID`, `POST /r/RESOURCE/ID/actions/ACTION`.
"""


def said() -> dict[str, Any]:
    """The document of an app with no plugin but the extension."""
    app = Flask("page")
    with Care(plugins=[careplug_flask], environ={"CAREPLUG_PLUGINS": ""}) as care:
        careplug_flask.Careplug(app, care=care)
        with app.test_request_context():
            return json.loads(json.dumps(document(app.extensions[KEY], "en")))


def _statuses(whole: dict[str, Any]) -> str:
    found = {code for methods in whole["paths"].values() for each in methods.values() for code in each["responses"]}
    found |= {"405", "500"}
    return table([[f"`{code}`", say(f"status.{code}", "en")] for code in sorted(found)], ["status", "means"])


def _own() -> str:
    """The sentences of what is wrong with the form of a request."""
    from tests.proof.api_fuzz import FORM

    others = (
        "flask.large",
        "flask.length",
        "flask.csrf_api",
        "flask.database",
        "flask.too_many",
        "flask.token_wrong",
        "flask.nobody",
        "flask.cursor",
    )
    rows = [[f"`{code}`", careplug_flask.errors.SENTENCES[code].en] for code in sorted((*FORM, *others))]
    return table(rows, ["code", "says"])


def _notes(each: dict[str, Any]) -> str:
    headers = {part["name"]: part["required"] for part in each["parameters"] if part["in"] == "header"}
    notes = ["version"] if headers.get("If-Match") else []
    return ", ".join(notes + (["key"] if "Idempotency-Key" in headers else []))


def _shape(each: dict[str, Any]) -> str:
    content = each.get("requestBody", {}).get("content", {})
    for media, found in content.items():
        return f"`{found['schema']['$ref'].rpartition('/')[2]}`" if "$ref" in found["schema"] else f"`{media}`"
    return ""


def page() -> str:
    """The text of the page."""
    whole = said()
    parts = [HEAD.replace("{own}", _own()).replace("{statuses}", _statuses(whole))]
    for tag in whole["tags"]:
        rows = [
            [f"`{each['operationId']}`", f"`{method.upper()} {path}`", each["summary"], _shape(each), _notes(each)]
            for path, methods in whole["paths"].items()
            for method, each in methods.items()
            if each["tags"] == [tag["name"]]
        ]
        parts.append(f"### {tag['description']}\n\n{table(rows, ['operation', 'request', 'what', 'body', 'with'])}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
