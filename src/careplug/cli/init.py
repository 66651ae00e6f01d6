"""``careplug init``: a configuration file and a database to begin with."""

from __future__ import annotations

from pathlib import Path

from careplug.cli.base import command, option, pass_session
from careplug.cli.output import emit, line
from careplug.cli.session import Session
from careplug.cli.settings import CONFIG, zone_of
from careplug.errors import Invalid, Refused

__all__ = ["init"]

_TEMPLATE = """\
[careplug]
database = {database}
number_prefix = {prefix}
language = {language}
zone = {zone}

# [plugins.NAME]    the settings of a plugin
# [channels.NAME]   the settings of a channel
"""


@command("init")
@option("--prefix", default="CP")
@option("--force", is_flag=True)
@pass_session
def init(session: Session, /, prefix: str, force: bool) -> None:
    """Write ``careplug.toml`` into the current folder; make an embedded database, or say how to make another one."""
    named = session.given.get("config") or CONFIG
    target = Path(str(named))
    database = str(session.given.get("database") or session.environ.get("CAREPLUG_DATABASE") or "sqlite:///careplug.db")
    zone = str(session.given.get("zone") or "Asia/Shanghai")
    zone_of(zone, "--zone")
    if not prefix.isascii() or not prefix.isalnum() or len(prefix) > 12:
        raise Invalid("cli.init.prefix", field="--prefix", value=prefix)
    if target.exists() and not force:
        raise Refused("cli.init.exists", field=str(named))
    values = {"database": database, "prefix": prefix, "language": _short(session.language), "zone": zone}
    embedded = database.partition(":")[0].partition("+")[0] == "sqlite"
    if embedded:
        with session.open_care(database) as care:
            care.upgrade()
    text = _TEMPLATE.format(**{name: _quoted(value) for name, value in values.items()})
    target.write_text(text, encoding="utf-8")
    _say(session, str(named), database, embedded=embedded)


def _say(session: Session, config: str, database: str, *, embedded: bool) -> None:
    if session.as_json:
        emit({"config": config, "database": database, "ready": embedded})
        return
    line(session.say("cli.init.written", file=config))
    line(session.say("cli.init.ready" if embedded else "cli.init.upgrade", database=_hidden(database)))
    line(session.say("cli.init.next"))


def _short(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"


def _quoted(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04X}" for letter in escaped) + '"'


def _hidden(database: str) -> str:
    """A URL without its password."""
    head, at, tail = database.rpartition("@")
    scheme, slashes, login = head.partition("://")
    return f"{scheme}{slashes}{login.partition(':')[0]}{at}{tail}" if at and slashes else database
