"""Attachments: sent as a form, read as they are. The file store is called outside the transaction."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request, url_for

from careplug.criteria import All, Is
from careplug.errors import Invalid, NotFound
from careplug.feedback.entities import Attachment as Row
from careplug.ports import StoredFile
from careplug_flask import guard, work
from careplug_flask.errors import NoLength, Unsupported, error
from careplug_flask.identity import visitor
from careplug_flask.rest.common import case_of
from careplug_flask.rest.shapes import shape, shaper
from careplug_flask.rest.table import Call, Reply, operation
from careplug_flask.rest.wire.cases import Attachment, Attachments
from careplug_flask.state import state

__all__ = ["download", "keep"]

FORM = "multipart/form-data"


@operation("GET", "/feedback/{id}/attachments", tag="feedback", answer=Attachments)
def list_attachments(call: Call) -> Reply:
    """The files of a case."""
    case = case_of(call.unit, call.path["id"])
    make = shaper(Attachment)
    return Reply(value=Attachments(items=[make(row) for row in call.unit.feedback.attachments(case.id)]))


@operation("POST", "/feedback/{id}/attachments", tag="feedback", answer=Attachment, status=201, raw=FORM)
def attach_file(known: dict[str, Any]) -> Reply:
    """Add a file to a case."""
    if request.mimetype != FORM:
        sent_as = request.mimetype or "–"
        raise error(Unsupported, "flask.media", field="header.Content-Type", value=sent_as, wanted=FORM)
    if request.content_length is None:
        raise error(NoLength, "flask.length", field="header.Content-Length")
    guard.fits()
    strange = {*request.form, *request.files} - {"file", guard.csrf_field()}
    if strange:
        raise error(Invalid, "flask.unknown", field=f"body.{min(strange)[:60]}")
    if len(request.files.getlist("file")) > 1:
        raise error(Invalid, "flask.query_twice", field="body.file")
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise error(Invalid, "flask.file", field="body.file")
    made = keep(known["path"]["id"], sent)
    location = url_for("careplug_api.getAttachment", id=made.feedback_id, attachment=made.id)
    return Reply(value=shape(Attachment, made), status=201, location=location)


def keep(said: str, sent: Any) -> Row:
    """Put an uploaded file into the store, then on the case; it is deleted again where the case refuses it."""
    here, who = state(), visitor()
    guard.fits()
    with work.reading() as unit:
        ident = case_of(unit, said).id
        unit.allow("feedback.attach")
    name = sent.filename.replace("\\", "/").rpartition("/")[2]
    files = here.care.setup.files
    stored: StoredFile = files.put(
        sent.stream, name=name, media_type=sent.mimetype or "application/octet-stream", tenant=who.tenant
    )
    try:
        return work.changing(lambda unit: unit.feedback.attach(ident, stored))
    except BaseException:
        files.delete(stored.key, tenant=who.tenant)
        raise


@operation("GET", "/feedback/{id}/attachments/{attachment}", tag="feedback", answer=bytes)
def get_attachment(call: Call) -> Reply:
    """The content of a file."""
    case = case_of(call.unit, call.path["id"])
    wanted = All(Is("feedback_id", "eq", case.id), Is("id", "eq", call.path["attachment"]))
    found = call.unit.store.find(Row, wanted, limit=1)
    if not found:
        raise error(NotFound, "flask.attachment", field="attachment.id", value=call.path["attachment"])
    return Reply(value=download(found[0]))


def download(row: Row) -> Response:
    """A file as an answer: always as something to save, so that no browser runs what a customer sent."""
    stream = state().care.setup.files.open(row.key, tenant=row.tenant)
    made = Response(_chunks(stream), mimetype="application/octet-stream", direct_passthrough=True)
    made.headers.set("Content-Disposition", "attachment", **_names(row.name))
    made.headers["Content-Length"] = str(row.size)
    made.set_etag(row.digest)
    made.call_on_close(stream.close)
    return made


def _names(name: str) -> dict[str, str]:
    """The name of a file for a header, which holds Latin letters alone: a plain one, and the whole one encoded (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() else "_" for sign in name)
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


def _chunks(stream: Any) -> Any:
    with stream:
        while part := stream.read(1 << 16):
            yield part
