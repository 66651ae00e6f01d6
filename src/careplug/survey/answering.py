"""Answering: by the link of an invitation, or typed in by staff from paper or the telephone (S13, S17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from careplug.clock import aware, to_text
from careplug.criteria import All, Criteria, Is, Order, page_size
from careplug.errors import Conflict, Invalid, NotFound, Refused
from careplug.refs import SYSTEM, Ref, new_id, random_id
from careplug.survey import checking, tokens
from careplug.survey.counting import personal_part
from careplug.survey.entities import CHANNELS, Invitation, Response
from careplug.survey.facts import ABOUT, INVITATION, RESPONSE
from careplug.survey.forms import Form
from careplug.survey.invitations import PAGE_LIMIT, Inviting, invitation_id
from careplug.survey.prefill import prefilled
from careplug.survey.projecting import scores
from careplug.text import language_of

__all__ = ["Answering", "Opened"]

_KEPT_OF_ANONYMOUS = ("product", "kind")
"""What an anonymous response still says about the case: what many cases have in common."""


@attrs.frozen(kw_only=True)
class Opened:
    """A form ready to be filled in: what it asks, by which revision, what is known already, in whose language.

    ``prefill`` holds answers that the person may change. ``anonymous`` is ``no``, ``choice`` or ``always``.
    """

    invitation: Invitation
    form: Form
    digest: str
    prefill: Mapping[str, Any]
    language: str
    expires_at: datetime

    @property
    def anonymous(self) -> str:
        """Whether the response says whose it is."""
        return self.form.anonymous


class Answering(Inviting):
    """Taking answers in."""

    # -- by link --

    def open(self, token: str) -> Opened:
        """The form behind a link. The token is the permission: no role is asked, a plugin may still deny ``survey.answer``.

        ``Invalid`` for what is no token, ``Refused`` for one that is forged, expired, withdrawn or another tenant's, and
        ``Conflict`` for one that was used, which says when.
        """
        invitation = self._read(token)
        form = self.pinned(invitation.digest)
        contact = invitation.contact and self.unit.setup.directory.find(self.unit, invitation.contact)
        known = (
            {} if form.anonymous == "always" else prefilled(self.unit, form, invitation, self._local(self.unit.now()))
        )
        return Opened(
            invitation=invitation,
            form=form,
            digest=invitation.digest,
            prefill=known,
            language=language_of(contact.language if contact else "zh_CN"),
            expires_at=invitation.expires_at,
        )

    def answer(
        self,
        token: str,
        answers: Mapping[str, object],
        *,
        digest: str = "",
        anonymous: bool = False,
        language: str = "",
        channel: str = "web",
    ) -> Response:
        """Take the answers of whoever holds a link, once.

        ``digest`` names the revision that was filled in: another one than the invitation's is ``Conflict``. Errors of the
        token are those of ``open``, of the answers those of ``checking.check``; after either nothing has changed.
        """
        held = self._read(token, lock=True)
        if digest and digest != held.digest:
            raise Conflict("survey.revision", field="survey.digest", value=digest, wanted=held.digest)
        form = self.pinned(held.digest)
        checked = checking.check(form, answers, anonymous=anonymous)
        said = {"digest": held.digest, "channel": _channel(channel)}
        said["language"] = language_of(language) if language else ""
        actor = str(held.contact or SYSTEM.ref)
        return self._take(held, form, checked, said, hidden=anonymous, at=None, actor=actor)

    def _read(self, token: str, *, lock: bool = False) -> Invitation:
        """The invitation of a token, if it can still be answered."""
        keys = [key for key in (self.settings.key, *self.settings.old_keys) if key]
        # When it ends is asked last: who answered in time reads that, however late they look again.
        claim = tokens.read(token, keys)
        if claim.tenant != self.unit.tenant:
            raise Refused("survey.token_tenant", field="survey.token.tenant")
        self.timeline.flush()
        found = self._hold(claim.invitation) if lock else self.unit.store.get(Invitation, claim.invitation)
        if found is None:
            raise NotFound("invitation.missing", field="invitation.id", value=claim.invitation)
        self.unit.setup.allow(self.unit.actor, "survey.answer", found)
        return _answerable(found, claim.expires, self.unit.now())

    # -- by staff --

    def enter(
        self,
        form: str,
        answers: Mapping[str, object],
        *,
        feedback_id: str = "",
        contact: Ref | None = None,
        channel: str = "paper",
        digest: str = "",
        anonymous: bool = False,
        at: datetime | None = None,
    ) -> Response:
        """Type in what somebody wrote on paper, or said on the telephone: about a case, or about none.

        It answers the invitation of the case's cycle where there is one; there is one response a case, cycle and form, so
        a second is ``Conflict``. ``at`` is when it was filled in, not in the future. Needs ``survey.enter``.
        """
        self.unit.allow("survey.enter", feedback_id or contact)
        current, revision = self._revision(form, digest)
        checked = checking.check(current, answers, anonymous=anonymous)
        moment = self.unit.now() if at is None else aware(at, "survey.at")
        if moment > self.unit.now():
            raise Invalid("survey.future", field="survey.at.future", value=to_text(moment))
        # The sheet may be of another revision than the one that the invitation asks.
        said = {"digest": revision, "channel": _channel(channel), "language": self.unit.actor.language}
        held = self._entered(current, revision, feedback_id, contact, moment)
        return self._take(held, current, checked, said, hidden=anonymous, at=moment, actor=self.unit.actor.key)

    def _entered(self, form: Form, digest: str, feedback_id: str, contact: Ref | None, moment: datetime) -> Invitation:
        """The invitation that a typed-in response answers; where none was sent, one that never is."""
        case = self._case(feedback_id) if feedback_id else None
        about = self._about(case) if case is not None else {"contact": contact, **self._organisation(contact)}
        ident = invitation_id(feedback_id, about["cycle"], form.name) if case is not None else new_id()
        blank = Invitation(
            id=ident,
            tenant=self.unit.tenant,
            form=form.name,
            digest=digest,
            created_at=moment,
            send_at=moment,
            expires_at=moment,
        )
        new = self.unit.store.add_if_absent(blank)
        held = self._hold(ident)
        if held.state == "answered":
            raise _answered_already(held)
        if new:
            data = {
                "form": form.name,
                "digest": digest,
                **about,
                "anonymous": form.anonymous == "always",
                "send_at": moment,
                "expires_at": moment,
            }
            self.timeline.append(INVITATION, ident, "scheduled", data)
        return self._now_of(ident)

    # -- storing --

    def _take(
        self,
        held: Invitation,
        form: Form,
        checked: Mapping[str, Any],
        said: Mapping[str, str],
        *,
        hidden: bool,
        at: datetime | None,
        actor: str,
    ) -> Response:
        hidden = hidden or form.anonymous == "always"
        moment = at or self.unit.now()
        local = self._local(moment)
        day, month = self._day(moment), self._day(moment).replace(day=1)
        answers, texts = personal_part(form, checked)
        data: dict[str, Any] = {"form": held.form, **said, "month": f"{local:%Y-%m}"}
        data |= {"answers": answers, "texts": texts, "commented": bool(texts), "low": form.is_low(checked)}
        data |= {"anonymous": hidden, "answered_at": month if hidden else moment}
        names = _KEPT_OF_ANONYMOUS if hidden else (*ABOUT, "invitation_id")
        about = {name: held.id if name == "invitation_id" else getattr(held, name) for name in names}
        completed = {"channel": said["channel"], "answered_at": day if hidden else moment}
        by = SYSTEM.key if hidden else actor
        self.timeline.append(
            INVITATION,
            held.id,
            "completed",
            completed,
            at=day if hidden else None,
            actor=by,
            veiled=hidden,
            quiet=hidden,
        )
        return self._respond(form, {**data, **about}, hidden=hidden, actor=by, held=held)

    def _respond(self, form: Form, data: Mapping[str, Any], *, hidden: bool, actor: str, held: Invitation) -> Response:
        ident, when = (random_id if hidden else new_id)(), data["answered_at"]
        blank = Response(
            id=ident,
            tenant=self.unit.tenant,
            form=data["form"],
            digest=data["digest"],
            answered_at=when,
            month=data["month"],
        )
        self.timeline.new(RESPONSE, blank)
        # Nobody is told of an anonymous one: a task or a message beside it would say when it came.
        self.timeline.append(
            RESPONSE, ident, "answered", data, at=when if hidden else None, actor=actor, veiled=hidden, quiet=hidden
        )
        made: Response = self.timeline.current(RESPONSE, ident)
        for counted in scores(form, made):
            self.unit.store.add(counted)
        if made.low and not hidden:
            trigger = self._trigger_of(held)
            kind = trigger.follow_up if trigger is not None else "complaint"
            self.timeline.append(RESPONSE, ident, "dissatisfied", {"kind": kind, "number": made.number})
        return self.timeline.current(RESPONSE, ident)  # type: ignore[no-any-return]

    # -- reading --

    def response(self, ident: str) -> Response:
        """One response with everything it says; ``NotFound``. Needs ``survey.responses``."""
        self.unit.flush()
        found = self.unit.store.get(Response, ident)
        if found is None:
            raise NotFound("response.missing", field="response.id", value=ident)
        self.unit.allow("survey.responses", found)
        return found

    def responses(
        self,
        *,
        form: str = "",
        feedback_id: str = "",
        contact: Ref | None = None,
        low: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Response]:
        """A page of responses, newest first; ``after`` is (answered_at, id) of the last seen. Needs ``survey.responses``."""
        self.unit.flush()
        self.unit.allow("survey.responses")
        wanted: dict[str, Any] = {"form": form, "feedback_id": feedback_id, "contact": contact}
        parts: list[Criteria] = [Is(name, "eq", value) for name, value in wanted.items() if value]
        if low is not None:
            parts.append(Is("low", "eq", low))
        return self._page([*parts, *period(since, until)], after, limit)

    def comments(
        self,
        form: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Sequence[Any] | None = None,
        limit: int = 25,
    ) -> list[Response]:
        """A page of the responses to a form in which something was written, newest first. Needs ``survey.comments``."""
        self.unit.flush()
        self.unit.allow("survey.comments", form)
        return self._page([Is("commented", "eq", True), Is("form", "eq", form), *period(since, until)], after, limit)

    def _page(self, parts: Sequence[Criteria], after: Sequence[Any] | None, limit: int) -> list[Response]:
        order = (Order("answered_at", descending=True),)
        size = min(page_size(limit, "survey.responses"), PAGE_LIMIT)
        return self.unit.store.find(Response, All(*parts), order=order, limit=size, after=after)

    def answers_of(self, response: Response) -> dict[str, Any]:
        """The answers of a response as they were given; of one that was erased what was chosen alone."""
        return {**response.answers, **response.texts}

    def form_of(self, response: Response | Invitation) -> Form:
        """The form by the revision that was answered, however often it was changed since."""
        return self.pinned(response.digest)


def period(since: datetime | None, until: datetime | None) -> list[Criteria]:
    """The conditions of a half-open period of answers: [since, until)."""
    found: list[Criteria] = []
    if since is not None:
        found.append(Is("answered_at", "ge", aware(since, "survey.since")))
    if until is not None:
        found.append(Is("answered_at", "lt", aware(until, "survey.until")))
    return found


def _channel(value: str) -> str:
    if value not in CHANNELS:
        raise Invalid("survey.channel", field="survey.channel", value=repr(value)[:60], known=", ".join(CHANNELS))
    return value


def _answered_already(held: Invitation) -> Conflict:
    when = held.answered_at
    said = "–" if when is None else (when.date().isoformat() if held.anonymous else to_text(when))
    return Conflict("survey.answered", field="survey.invitation", answered=said)


def _answerable(held: Invitation, expires: datetime, now: datetime) -> Invitation:
    """The invitation, if it can still be answered by a link that ends at ``expires``: one planned anew has a link of its own."""
    if held.state == "answered":
        raise _answered_already(held)
    if held.state in ("withdrawn", "skipped"):
        raise Refused("survey.token_withdrawn", field="survey.token.invitation")
    end = min(held.expires_at, expires)
    if held.state == "expired" or now >= end:
        raise Refused("survey.token_expired", field="survey.token.expires", expired=to_text(end))
    return held
