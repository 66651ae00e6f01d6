"""The token of an invitation: who may answer it, until when, signed with the host's key (HMAC-SHA-256, RFC 2104). Pure.

A token is ``PAYLOAD.SEAL``, both base64url without padding. The payload is plain to read and says nothing but ids: the
tenant, the invitation, the end in seconds, the purpose. It is no secret, and no good to anybody who cannot seal it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from careplug.clock import to_text
from careplug.errors import Invalid, Refused

__all__ = ["ANSWER", "LONGEST", "Claim", "read", "sign", "tenant_of"]

ANSWER = "answer"
"""The purpose of a link in an invitation."""

LONGEST = 1000
"""Characters that are looked at: no token is longer."""

_CONTEXT = b"careplug survey token 1\n"


@attrs.frozen
class Claim:
    """What a token says: ``purpose`` for ``invitation`` of ``tenant``, until ``expires`` (aware UTC, whole seconds)."""

    tenant: str
    invitation: str
    expires: datetime
    purpose: str = ANSWER


def sign(claim: Claim, key: str) -> str:
    """The token of a claim. The same claim and key give the same token, so that a reminder holds the first link."""
    content = [claim.tenant, claim.invitation, int(claim.expires.timestamp()), claim.purpose]
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_encode(payload)}.{_encode(_seal(payload, key))}"


def read(token: object, keys: Sequence[str], *, now: datetime | None = None, purpose: str = ANSWER) -> Claim:
    """The claim of a token that one of ``keys`` sealed; without ``now`` also of one whose time is over.

    ``Invalid`` for what is no token (``survey.token_form``), ``Refused`` for one that nobody here sealed
    (``survey.token_forged``), that is for something else (``survey.token_purpose``) or whose time is over
    (``survey.token_expired``). The seals are compared in constant time, all of them.
    """
    payload, seal = _parts(token)
    fits = [hmac.compare_digest(_seal(payload, key), seal) for key in keys]
    if not any(fits):
        raise Refused("survey.token_forged", field="survey.token.seal")
    claim = _claim(payload)
    if claim.purpose != purpose:
        raise Refused("survey.token_purpose", field="survey.token.purpose", value=claim.purpose)
    if now is not None and now >= claim.expires:
        raise Refused("survey.token_expired", field="survey.token.expires", expired=to_text(claim.expires))
    return claim


def tenant_of(token: object) -> str:
    """The tenant a token speaks of, before its seal is looked at: in whose unit it has to be read. ``Invalid``."""
    return _claim(_parts(token)[0]).tenant


def _seal(payload: bytes, key: str) -> bytes:
    return hmac.digest(key.encode(errors="surrogatepass"), _CONTEXT + payload, hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _parts(token: object) -> tuple[bytes, bytes]:
    if isinstance(token, str) and len(token) <= LONGEST and token.isascii():
        payload, dot, seal = token.partition(".")
        try:
            found = _decode(payload), _decode(seal)
        except (binascii.Error, ValueError):
            found = b"", b""
        # Only the canonical text: another one of the same bytes is not what was sent.
        if dot and found[0] and (_encode(found[0]), _encode(found[1])) == (payload, seal):
            return found
    raise Invalid("survey.token_form", field="survey.token")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _claim(payload: bytes) -> Claim:
    try:
        tenant, invitation, seconds, purpose = json.loads(payload)
        moment = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise Invalid("survey.token_form", field="survey.token") from None
    if not all(isinstance(text, str) for text in (tenant, invitation, purpose)):
        raise Invalid("survey.token_form", field="survey.token")
    return Claim(tenant, invitation, moment, purpose)
