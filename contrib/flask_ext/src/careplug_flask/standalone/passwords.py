"""Passwords as Argon2id hashes (RFC 9106). What is checked takes the same time whether the account is there or not."""

from __future__ import annotations

import functools
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from careplug.errors import Invalid
from careplug_flask.errors import error

__all__ = ["LEAST", "LETTERS", "MOST", "hashed", "made_up", "nobody", "outdated", "renewed", "right"]

LEAST, MOST = 8, 200
"""How many characters a password has."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What made-up passwords consist of: no letter looks like another one."""

_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The hash of a new password, with its salt and cost; ``Invalid`` for one too short or too long."""
    text = _normal(password)
    if not LEAST <= len(text) <= MOST:
        raise error(Invalid, "flask.account_password", field="account.password", least=LEAST, most=MOST)
    return _HASHER.hash(text)


def renewed(password: str) -> str:
    """The hash, at the cost that is usual now, of a password that was accepted before."""
    return _HASHER.hash(_normal(password))


def right(known: str, password: str) -> bool:
    """Whether it is the password of a hash; for an empty hash False, after the same time."""
    text = _normal(password[: 4 * MOST])
    try:
        _HASHER.verify(known or nobody(), text)
    except (VerificationError, InvalidHashError):
        return False
    return bool(known)


def outdated(known: str) -> bool:
    """Whether a hash was made at another cost than is usual now."""
    return _HASHER.check_needs_rehash(known)


def made_up() -> str:
    """A random password of almost 80 bits that can be read aloud."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


@functools.cache
def nobody() -> str:
    """The hash that stands in where there is no account. Made once, which takes as long as a check."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _normal(password: str) -> str:
    """One form for letters that keyboards write in several ways."""
    return unicodedata.normalize("NFKC", password)
