"""What a host says about surveys: where their pages are, what their links are signed with, whose months count."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import attrs

from careplug.errors import Invalid

__all__ = ["SHORTEST_KEY", "SurveySettings"]

SHORTEST_KEY = 16
"""Bytes a key must have at least; 32 random ones are what HMAC-SHA-256 can use."""


def _link(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value:
        return
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise Invalid("survey.link_form", field="link", value=value[:80])


def _key(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value and len(value.encode(errors="surrogatepass")) < SHORTEST_KEY:
        raise Invalid("survey.key_short", field="key", least=SHORTEST_KEY)


def _old_keys(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if any(len(each.encode(errors="surrogatepass")) < SHORTEST_KEY for each in value):
        raise Invalid("survey.key_short", field="old_keys", least=SHORTEST_KEY)


def _zone(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        raise Invalid("survey.zone", field="zone", value=value[:80]) from None


@attrs.frozen(kw_only=True)
class SurveySettings:
    """The table ``[plugins.survey]``, or ``CAREPLUG_SURVEY_…`` in the environment.

    ``link`` is the address below which the pages of surveys are; a link is ``LINK/TOKEN``. ``key`` signs the tokens, those
    signed with one of ``old_keys`` are still taken. Without both no invitation is sent: there is no key that careplug
    could make up and that neither the database nor a backup of it would hold. ``zone``: whose months results are counted in.
    """

    link: str = attrs.field(default="", validator=_link)
    key: str = attrs.field(default="", validator=_key, repr=False, metadata={"secret": True})
    old_keys: tuple[str, ...] = attrs.field(default=(), validator=_old_keys, repr=False, metadata={"secret": True})
    zone: str = attrs.field(default="Asia/Shanghai", validator=_zone)

    @property
    def ready(self) -> bool:
        """Whether links can be made."""
        return bool(self.link and self.key)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The keys that are still to be set before a link can be made."""
        return tuple(name for name in ("link", "key") if not getattr(self, name))
