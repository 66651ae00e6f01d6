"""The directory and the outbox: parties and messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for

from careplug.messages.directory import Parties
from careplug.ports import Address
from careplug_flask.rest.common import ident_of, paged, ref
from careplug_flask.rest.cursor import key_of
from careplug_flask.rest.shapes import given, shape, shaper
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.house import (
    Message,
    MessagePage,
    MessageQuery,
    Party,
    PartyEdit,
    PartyIn,
    PartyPage,
    PartyQuery,
)


@operation("GET", "/parties", tag="parties", query=PartyQuery, answer=PartyPage)
def list_parties(call: Call) -> Reply:
    """Parties by name."""
    asked: PartyQuery = call.query
    values = {"active": None, **given(asked), "limit": asked.limit + 1}
    values["organisation"] = ref(values.get("organisation"), "query.organisation")
    values["after"] = key_of(values.get("after"), (str, str))
    rows = call.unit.get(Parties).find(**values)
    make = shaper(Party)
    items = [make(row) for row in rows[: asked.limit]]
    return paged(PartyPage, items, rows, asked.limit, lambda row: (row.name, row.id))


@operation("POST", "/parties", tag="parties", body=PartyIn, answer=Party, status=201)
def add_party(call: Call) -> Reply:
    """Add a person, team or organisation."""
    values = _party(given(call.body))
    made = call.unit.get(Parties).add(ref(values.pop("ref"), "body.ref"), **values)  # type: ignore[arg-type]
    location = url_for("careplug_api.getParty", id=made.id)
    return Reply(value=shape(Party, made), etag=str(made.version), status=201, location=location)


def _party(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("organisation") is not None:
        values["organisation"] = ref(values["organisation"], "body.organisation")
    if "addresses" in values:
        values["addresses"] = tuple(Address(each.channel, each.value) for each in values["addresses"])
    return values


@operation("GET", "/parties/{id}", tag="parties", answer=Party)
def get_party(call: Call) -> Reply:
    """One party."""
    found = call.unit.get(Parties).get(call.path["id"])
    return Reply(value=shape(Party, found), etag=str(found.version))


@operation("PATCH", "/parties/{id}", tag="parties", body=PartyEdit, answer=Party, edits=True)
def edit_party(call: Call) -> Reply:
    """Change fields of a party."""
    values = _party(given(call.body))
    made = call.unit.get(Parties).edit(call.path["id"], expected=call.expected or 0, **values)
    return Reply(value=shape(Party, made), etag=str(made.version))


@operation("DELETE", "/parties/{id}", tag="parties", answer=Party)
def forget_party(call: Call) -> Reply:
    """Erase what is personal of a party; its reference stays, inactive."""
    made = call.unit.get(Parties).forget(call.path["id"])
    return Reply(value=shape(Party, made), etag=str(made.version))


# -- messages --


@operation("GET", "/messages", tag="messages", query=MessageQuery, answer=MessagePage, problems=(404,))
def list_messages(call: Call) -> Reply:
    """The outbox, newest first."""
    asked: MessageQuery = call.query
    values = {**given(asked), "limit": asked.limit + 1}
    if "feedback_id" in values:
        values |= {"subject": "feedback", "subject_id": ident_of(call.unit, values.pop("feedback_id"))}
    values["after"] = key_of(values.get("after"), (datetime, str))
    rows = call.unit.messages.find(**values)
    make = shaper(Message)
    items = [make(row) for row in rows[: asked.limit]]
    return paged(MessagePage, items, rows, asked.limit, lambda row: (row.created_at, row.id))


@operation("GET", "/messages/{id}", tag="messages", answer=Message)
def get_message(call: Call) -> Reply:
    """One message."""
    return Reply(value=shape(Message, call.unit.messages.get(call.path["id"])))


@operation("POST", "/messages/{id}/retry", tag="messages", answer=Message)
def retry_message(call: Call) -> Reply:
    """Send a message that was given up again."""
    return Reply(value=shape(Message, call.unit.messages.retry(call.path["id"])))


@operation("POST", "/messages/{id}/cancel", tag="messages", answer=Message)
def cancel_message(call: Call) -> Reply:
    """Never send a message."""
    return Reply(value=shape(Message, call.unit.messages.cancel(call.path["id"])))
