"""What the host says in its configuration: read once, in ``init_app``, every key ``CAREPLUG_…``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from careplug.errors import Invalid
from careplug.text import LANGUAGES, PSEUDO, Text
from careplug_flask.errors import error

__all__ = ["DEFAULT_LIMITS", "STRICT_CSP", "Options", "read"]

STRICT_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""The content security policy of careplug's own layout; everything it needs comes from its own folder."""

DEFAULT_LIMITS: Mapping[str, str] = {
    "submit": "60 per hour",
    "act": "600 per hour",
    "link": "120 per minute",
    "api": "1200 per minute",
    "login": "10 per minute",
}
"""How often one person (an address where nobody is known) may do what: a limit of the library ``limits`` each."""

_BLOCKS: Mapping[str, str] = {"title": "title", "content": "content"}
_FILLED = ("title", "content", "head", "scripts")


@attrs.frozen(kw_only=True)
class Options:
    """The settings of one app. The names in capitals are the keys of ``app.config``.

    ``database``: ``CAREPLUG_DATABASE``, a URL, where no storage is handed over and no Flask-SQLAlchemy is found.
    ``url_prefix``: ``CAREPLUG_URL_PREFIX``, below which everything lies (``/careplug``).
    ``pages`` and ``api``: ``CAREPLUG_PAGES`` and ``CAREPLUG_API``, whether they are mounted.
    ``base_template``: ``CAREPLUG_BASE_TEMPLATE``, the host's layout; ``blocks``: ``CAREPLUG_BLOCKS``, which of its blocks
    get careplug's ``title``, ``content``, ``head`` and ``scripts``.
    ``title``: ``CAREPLUG_TITLE``, the name in careplug's own layout, a text or one by language.
    ``login_view`` and ``logout_view``: ``CAREPLUG_LOGIN_VIEW``, ``CAREPLUG_LOGOUT_VIEW``: an endpoint, a path or a URL.
    ``language`` and ``zone``: ``CAREPLUG_LANGUAGE``, ``CAREPLUG_ZONE``: where nothing is known of the visitor.
    ``secret_key``: ``CAREPLUG_SECRET_KEY``, signs links (``SECRET_KEY`` where empty); ``link_days``: ``CAREPLUG_LINK_DAYS``.
    ``csrf``: ``CAREPLUG_CSRF``, whether forms carry a token; off only where the host checks all requests itself.
    ``csp``: ``CAREPLUG_CSP``, the content security policy of careplug's responses; empty for none.
    ``rate_limits`` and ``rate_storage``: ``CAREPLUG_RATE_LIMITS``, ``CAREPLUG_RATE_STORAGE``.
    ``max_upload``: ``CAREPLUG_MAX_UPLOAD``, the largest attachment in bytes.
    ``join``: ``CAREPLUG_JOIN``, whether units join Flask-SQLAlchemy's session.
    ``sqlite_recipe``: ``CAREPLUG_SQLITE_RECIPE``, whether a host's SQLite engine is made to BEGIN, without which nothing
    can join it.
    ``number_prefix``: ``CAREPLUG_NUMBER_PREFIX``, before the numbers of cases.
    ``files``: ``CAREPLUG_FILES``, the folder of attachments, which all processes must see (``careplug-files`` in the app's
    instance folder where empty).
    """

    database: str = ""
    url_prefix: str = "/careplug"
    pages: bool = True
    api: bool = True
    base_template: str = ""
    blocks: Mapping[str, str] = attrs.field(factory=lambda: dict(_BLOCKS))
    title: Text = Text(en="Service desk", zh="服务台")
    login_view: str = ""
    logout_view: str = ""
    language: str = "zh_CN"
    zone: str = "Asia/Shanghai"
    secret_key: str = ""
    link_days: int = 30
    csrf: bool = True
    csp: str = STRICT_CSP
    rate_limits: Mapping[str, str] = attrs.field(factory=lambda: dict(DEFAULT_LIMITS))
    rate_storage: str = "memory://"
    max_upload: int = 20 * 1024 * 1024
    join: bool = True
    sqlite_recipe: bool = True
    number_prefix: str = "CP"
    files: str = ""


_KEYS: Mapping[str, tuple[str, type]] = {
    "CAREPLUG_DATABASE": ("database", str),
    "CAREPLUG_URL_PREFIX": ("url_prefix", str),
    "CAREPLUG_PAGES": ("pages", bool),
    "CAREPLUG_API": ("api", bool),
    "CAREPLUG_BASE_TEMPLATE": ("base_template", str),
    "CAREPLUG_BLOCKS": ("blocks", Mapping),
    "CAREPLUG_TITLE": ("title", Text),
    "CAREPLUG_LOGIN_VIEW": ("login_view", str),
    "CAREPLUG_LOGOUT_VIEW": ("logout_view", str),
    "CAREPLUG_LANGUAGE": ("language", str),
    "CAREPLUG_ZONE": ("zone", str),
    "CAREPLUG_SECRET_KEY": ("secret_key", str),
    "CAREPLUG_LINK_DAYS": ("link_days", int),
    "CAREPLUG_CSRF": ("csrf", bool),
    "CAREPLUG_CSP": ("csp", str),
    "CAREPLUG_RATE_LIMITS": ("rate_limits", Mapping),
    "CAREPLUG_RATE_STORAGE": ("rate_storage", str),
    "CAREPLUG_MAX_UPLOAD": ("max_upload", int),
    "CAREPLUG_JOIN": ("join", bool),
    "CAREPLUG_SQLITE_RECIPE": ("sqlite_recipe", bool),
    "CAREPLUG_NUMBER_PREFIX": ("number_prefix", str),
    "CAREPLUG_FILES": ("files", str),
}


_WANTED = {"CAREPLUG_BLOCKS": '{"head": "NAME OF A BLOCK"}', "CAREPLUG_RATE_LIMITS": '{"submit": "60 per hour"}'}


def read(config: Mapping[str, Any]) -> Options:
    """The options of an app's configuration; ``Invalid`` names a key that is unknown or of the wrong type."""
    values: dict[str, Any] = {}
    for key in config:
        if key.startswith("CAREPLUG_") and key not in _KEYS:
            raise error(Invalid, "flask.option_unknown", field=f"config.{key}", known=", ".join(_KEYS))
    for key, (name, wanted) in _KEYS.items():
        if config.get(key) is not None:
            values[name] = _checked(key, config[key], wanted)
    if "base_template" in values and values["base_template"] and "csp" not in values:
        values["csp"] = ""  # the host's layout may need what our policy forbids
    found = Options(**values)
    _check(found)
    return found


def _checked(key: str, value: Any, wanted: Any) -> Any:
    if wanted is Text:
        return _text(key, value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise error(
            Invalid,
            "flask.option_type",
            field=f"config.{key}",
            value=repr(value)[:60],
            wanted=_WANTED.get(key, wanted.__name__),
        )
    if key == "CAREPLUG_BLOCKS":
        for name, block in value.items():
            if name not in _FILLED or not (isinstance(block, str) and block):
                raise error(Invalid, "flask.blocks", field=f"config.{key}.{name}", known=", ".join(_FILLED))
        return {**_BLOCKS, **value}
    return {**DEFAULT_LIMITS, **value} if key == "CAREPLUG_RATE_LIMITS" else value


def _text(key: str, value: Any) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text(en=value)
    if isinstance(value, Mapping) and set(value) <= {"en", "zh"}:
        return Text(**value)
    raise error(
        Invalid,
        "flask.option_type",
        field=f"config.{key}",
        value=repr(value)[:60],
        wanted='text, or {"en": …, "zh": …}',
    )


def _check(found: Options) -> None:
    prefix = found.url_prefix
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise error(Invalid, "flask.option_prefix", field="config.CAREPLUG_URL_PREFIX", value=prefix)
    if found.language not in (*LANGUAGES, PSEUDO):
        known = ", ".join(LANGUAGES)
        raise error(
            Invalid, "flask.option_language", field="config.CAREPLUG_LANGUAGE", value=found.language, known=known
        )
    try:
        ZoneInfo(found.zone)
    except (OSError, ValueError, LookupError):
        raise error(Invalid, "flask.option_zone", field="config.CAREPLUG_ZONE", value=found.zone) from None
    for name, key in (("link_days", "CAREPLUG_LINK_DAYS"), ("max_upload", "CAREPLUG_MAX_UPLOAD")):
        if getattr(found, name) < 1:
            raise error(Invalid, "flask.option_positive", field=f"config.{key}", value=getattr(found, name))
    _check_limits(found)


def _check_limits(found: Options) -> None:
    from limits import parse_many
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    for name, limit in found.rate_limits.items():
        field = f"config.CAREPLUG_RATE_LIMITS.{name}"
        if name not in DEFAULT_LIMITS:
            raise error(Invalid, "flask.option_limit_name", field=field, known=", ".join(DEFAULT_LIMITS))
        try:
            parse_many(limit)
        except ValueError:
            raise error(Invalid, "flask.option_limit", field=field, value=limit) from None
    try:
        storage_from_string(found.rate_storage)
    except ConfigurationError:
        field = "config.CAREPLUG_RATE_STORAGE"
        raise error(Invalid, "flask.option_rate_storage", field=field, value=found.rate_storage) from None
