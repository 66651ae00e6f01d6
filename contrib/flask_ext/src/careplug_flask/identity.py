"""Who is there: by the host's callbacks, a key, or a signed link; and in which language and zone they read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import attrs
from flask import current_app, g, has_request_context, request, url_for
from itsdangerous import BadSignature, SignatureExpired
from werkzeug.routing import BuildError

from careplug.errors import Invalid, NotFound
from careplug.permissions import ROLES
from careplug.refs import Actor, Ref
from careplug.survey import tokens
from careplug.text import PSEUDO, language_of
from careplug_flask.errors import HostError, Unauthorised, error
from careplug_flask.state import State, state
from careplug_flask.tokens import actor_of

if TYPE_CHECKING:
    from careplug.feedback.entities import Feedback

__all__ = [
    "LANGUAGE_COOKIE",
    "LinkTo",
    "Visitor",
    "link_url",
    "login_url",
    "nobody",
    "read_link",
    "reading_language",
    "sign_link",
    "survey_guest",
    "tenant_of",
    "visitor",
]

LANGUAGE_COOKIE = "careplug_language"
_log = logging.getLogger("careplug_flask")
_LINK_SCOPES = (
    "feedback.read",
    "feedback.reply",
    "feedback.attach",
    "feedback.step.close",
    "feedback.step.reopen",
    "feedback.step.withdraw",
)
ACTING = "careplug.actor"
"""Where a test client says whom it acts as, in the environment of its requests; believed only while ``app.testing``."""


@attrs.frozen(kw_only=True)
class Visitor:
    """Who reads: ``actor`` is None where nobody is known. ``via`` is how they were known: host, token, link or test."""

    actor: Actor | None
    tenant: str
    language: str
    zone: ZoneInfo
    via: str = "host"

    def must(self) -> Actor:
        """The actor; ``Unauthorised`` where nobody is known."""
        if self.actor is None:
            raise error(Unauthorised, "flask.nobody", field="visitor")
        return self.actor


def visitor() -> Visitor:
    """The visitor of this request, found at the first call; a wrong key is ``Unauthorised``."""
    found: Visitor | None = g.get("_careplug_visitor")
    if found is None:
        found = g._careplug_visitor = _find(state())  # noqa: SLF001  Flask's g takes any name; the underscore keeps out of the host's way
    return found


def nobody(here: State, language: str) -> Visitor:
    """A visitor of whom nothing is known, in a language."""
    return Visitor(actor=None, tenant="", language=language, zone=ZoneInfo(here.options.zone))


def become(found: Visitor) -> Visitor:
    """Make somebody the visitor of this request: whoever came by a link."""
    g._careplug_visitor = found  # noqa: SLF001  as above
    return found


def _find(here: State) -> Visitor:
    actor, tenant, via = _known(here)
    return Visitor(actor=actor, tenant=tenant, language=language(here, actor), zone=_zone(here), via=via)


def _known(here: State) -> tuple[Actor | None, str, str]:
    if has_request_context():
        acting = request.environ.get(ACTING) if current_app.testing else None
        if acting is not None:
            return acting, request.environ.get("careplug.tenant", ""), "test"
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and is_api():
            actor, tenant = actor_of(here.care, text.strip())
            return actor, tenant, "token"
    return _by_host(here), tenant_of(here), "host"


def tenant_of(here: State) -> str:
    """The tenant the host names for this request; the one there always is outside of requests."""
    return here.loaders.tenant() if here.loaders.tenant is not None and has_request_context() else ""


def is_api() -> bool:
    """Whether this request is one of the API."""
    return request.blueprint == "careplug_api"


def _by_host(here: State) -> Actor | None:
    given = here.loaders.actor() if here.loaders.actor is not None else None
    if given is None:
        return None
    ref: object = given.ref if isinstance(given, Actor) else given
    if not isinstance(ref, Ref) or not (_is_text(ref.kind) and _is_text(ref.id)):
        raise error(HostError, "flask.actor", field="actor_loader", value=repr(given)[:80])
    if isinstance(given, Actor):
        return _sound(given, given.roles, "actor_loader.roles")
    roles = here.loaders.roles(given) if here.loaders.roles is not None else ("customer",)
    return _sound(given, roles, "roles_loader")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _sound(given: Actor | Ref, roles: object, field: str) -> Actor:
    """The actor, if its roles are names; one that nobody knows lets nothing through and is logged."""
    names = () if isinstance(roles, str) or not isinstance(roles, Iterable) else tuple(roles)
    if not names or not all(isinstance(name, str) for name in names):
        raise error(HostError, "flask.roles", field=field, value=repr(roles)[:80])
    for name in names:
        if name not in ROLES and name not in state().care.plugins.contributions.grants:
            _log.warning("%s: there is no role %r, so it allows nothing; there are: %s", field, name, ", ".join(ROLES))
    return given if isinstance(given, Actor) else Actor(given, frozenset(names))


def language(here: State, actor: Actor | None) -> str:
    """The reader's language: asked for in the address, chosen before, said by the host, the browser's, the app's."""
    if has_request_context():
        for chosen in (request.args.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, "")):
            if _is_language(chosen):
                return language_of(chosen)
    said = here.loaders.language() if here.loaders.language is not None else None
    if said:
        return language_of(said)
    if not has_request_context():
        return actor.language if actor is not None else here.options.language
    if (
        "Accept-Language" not in request.headers
    ):  # programs seldom say; the search below costs them more than all the rest
        return here.options.language
    best = request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "zh-TW", "zh-Hant", "en", "en-US", "en-GB"])
    return language_of(best) if best else here.options.language


def reading_language() -> str:
    """The language of this request's reader, also where it is unknown who reads."""
    return language(state(), None)


def _is_language(tag: str) -> bool:
    head = tag.replace("_", "-").partition("-")[0].lower()
    return head in {"zh", "en"} or (head == PSEUDO and current_app.testing)


def _zone(here: State) -> ZoneInfo:
    said = here.loaders.zone() if here.loaders.zone is not None else None
    if said:
        try:
            return ZoneInfo(said)
        except (OSError, ValueError, LookupError):
            _log.warning("zone_loader returned %r, which is no time zone", said)
    return ZoneInfo(here.options.zone)


def login_url(here: State) -> str:
    """Where somebody logs in and comes back from; empty where the host named nothing."""
    place = here.options.login_view
    if not place:
        return ""
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    if "/" not in place:
        try:
            return url_for(place, next=request.script_root + back)
        except BuildError:
            raise error(HostError, "flask.login_view", field="config.CAREPLUG_LOGIN_VIEW", value=place) from None
    return f"{place}{'&' if '?' in place else '?'}{urlencode({'next': request.script_root + back})}"


@attrs.frozen
class LinkTo:
    """What a signed link opens: one case, as one person of one tenant."""

    tenant: str
    case: str
    person: Ref


def sign_link(here: State, link: LinkTo) -> str:
    """The token of a link."""
    return str(here.signer.dumps({"t": link.tenant, "c": link.case, "p": str(link.person)}))


def link_url(here: State, case: Feedback, person: Ref | None = None, *, external: bool = True) -> str:
    """The address that opens a case without a login, as its contact, else its requester.

    ``Invalid`` where the case names nobody it could be for.
    """
    known = [ref for ref in (case.contact, case.requester) if ref is not None]
    who = person if person is not None else next(iter(known), None)
    if who is None or who not in known:
        raise error(Invalid, "flask.link_nobody", field="link.person", value=case.number)
    token = sign_link(here, LinkTo(case.tenant, case.id, who))
    return url_for("careplug.link", token=token, _external=external)


def read_link(here: State, token: str) -> LinkTo:
    """What a token opens; ``NotFound`` for one that was altered, ``Unauthorised`` for one whose time is over."""
    try:
        data: Mapping[str, Any] = here.signer.loads(token, max_age=here.options.link_days * 86_400)
        return LinkTo(data["t"], data["c"], Ref.parse(data["p"]))
    except SignatureExpired:
        raise error(Unauthorised, "flask.link_old", field="link.expired") from None
    except (BadSignature, KeyError, TypeError):
        raise error(NotFound, "flask.link_wrong", field="link") from None


def guest(here: State, link: LinkTo) -> Visitor:
    """Whoever holds a link: the customer it was made for, confined to what a customer does with one case."""
    actor = Actor(link.person, frozenset({"customer"}), side="customer", scopes=_LINK_SCOPES)
    return Visitor(actor=actor, tenant=link.tenant, language=language(here, None), zone=_zone(here), via="link")


_GUEST = Actor(Ref("guest", "survey"), frozenset({"customer"}), side="customer", scopes=())
"""Whoever holds the link of a survey: the token says what they may do, no role does."""


def survey_guest(here: State, token: str) -> Visitor:
    """Whoever holds the link of a survey; the tenant is the link's, whose seal is looked at before anything is read.

    ``Invalid`` for what is no token.
    """
    return Visitor(
        actor=_GUEST, tenant=tokens.tenant_of(token), language=language(here, None), zone=_zone(here), via="link"
    )
