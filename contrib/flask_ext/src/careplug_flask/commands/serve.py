"""``careplug serve``: a house of its own for people who have no application to put careplug into."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from careplug.cli.base import command, option, pass_session
from careplug.cli.output import Column, emit, line, table
from careplug.cli.session import Session
from careplug.cli.values import Whole, Word
from careplug.cli.wording import moment
from careplug.errors import Invalid, Refused
from careplug.refs import SYSTEM, Ref
from careplug_flask.commands.house import insist, open_care
from careplug_flask.errors import error
from careplug_flask.words import own

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug_flask.standalone.server import Listening, Way

__all__ = ["serve"]

Settings = Mapping[str, Mapping[str, Any]]

_DEMO = "sqlite:///careplug-demo.db"
_COLUMNS = (
    Column("cli.accounts.column.login", whole=True),
    Column("cli.column.name", whole=True),
    Column("cli.column.roles", whole=True),
)


@command("serve")
@option("--host", kind=Word("address"), default="127.0.0.1")
@option("--port", kind=Whole(0, 65_535), default=8000)
@option("--demo", is_flag=True)
@option("--threads", kind=Whole(1, 256), default=8)
@option("--worker/--no-worker", default=True)
@option("--public", is_flag=True)
@option("--url", kind=Word("url"), default="")
@option("--proxy", kind=Word("address"), default="")
@pass_session
def serve(session: Session, /, *, host: str, port: int, demo: bool, threads: int, worker: bool, **more: Any) -> None:
    """Serve until a signal comes; then exit code 0."""
    insist("argon2", "waitress")
    if session.lent:
        raise error(Refused, "flask.account_host", field="app")
    if session.tenant:
        raise error(Invalid, "flask.account_tenant", field="--tenant")
    from careplug.worker import Worker
    from careplug_flask.standalone.place import secret_key
    from careplug_flask.standalone.server import listen, run, way_of

    if not more["public"] and not _is_loopback(host):
        raise error(Refused, "flask.serve_public", field="--host", value=host)
    way = way_of(more["url"], more["proxy"])
    database = _database(session, demo=demo)
    key = secret_key(database, session.environ)
    settings = _surveys(session, key, way.url or f"http://{host}:{port}")
    care, told = _demo(session, database, key, settings) if demo else _house(session, database, settings)
    session.use(care)
    listening = listen(_app(session, care, key, way, demo=demo), host=host, port=port, threads=threads, way=way)

    def ready() -> None:
        """Say where, and who can log in."""
        _print(session, database, listening, told)
        if not session.as_json:
            if more["public"] and not way.https:
                line(session.say("cli.serve.open"))
            line(session.say("cli.serve.end"))
        sys.stdout.flush()  # into a log file too, where somebody looks for the password

    run(listening, Worker(care) if worker else None, ready=ready)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database(session: Session, *, demo: bool) -> str:
    """The database: that of every command; the demo's own file where nobody named one."""
    named = session.given.get("database") or session.environ.get("CAREPLUG_DATABASE", "") or session.config.database
    return str(named) if named else (_DEMO if demo else session.database)


def _surveys(session: Session, key: str, url: str) -> Settings:
    """Where surveys are answered and what signs their links, unless the configuration says so."""
    known = session.config.plugins.get("survey", {})
    signs = hmac.digest(key.encode(), b"careplug surveys", hashlib.sha256).hex()
    usual = {"link": f"{url}/survey", "key": signs}
    return {"survey": {name: value for name, value in usual.items() if name not in known}}


def _app(session: Session, care: Care, key: str, way: Way, *, demo: bool) -> Any:
    from careplug_flask.standalone.app import create_app

    config: dict[str, Any] = {}
    if demo:
        config["CAREPLUG_TITLE"] = own()["serve.demo_title"]
    if session.given.get("lang") or session.config.language:
        config["CAREPLUG_LANGUAGE"] = session.language
    if session.zone_name:
        config["CAREPLUG_ZONE"] = session.zone_name
    return create_app(care, secret=key, https=way.https, config=config)


# -- who can log in --


def _demo(session: Session, database: str, key: str, settings: Settings) -> tuple[Care, dict[str, Any]]:
    from careplug_flask.standalone import demo

    session.given.setdefault("zone", "Asia/Shanghai")

    def told() -> None:
        """Say why it takes some seconds."""
        if not session.as_json:
            line(session.say("cli.serve.playing", database=database))

    def opened(url: str, **more: Any) -> Care:
        """The house on that database."""
        return open_care(session, url, settings=settings, **more)

    password = demo.password_of(key)
    care = demo.stage(opened, database, password, told=told)
    return care, {"logins": demo.cast(), "password": password, "clock": care.clock()}


def _house(session: Session, database: str, settings: Settings) -> tuple[Care, dict[str, Any]]:
    """The house as it is; one without accounts gets an administrator."""
    from careplug_flask.standalone.accounts import Account, Accounts
    from careplug_flask.standalone.passwords import made_up

    care, password = open_care(session, database, settings=settings), made_up()
    with care.unit(actor=SYSTEM) as unit:
        if unit.store.find(Account, limit=1):
            return care, {}
        unit.get(Accounts).add("admin", password, person=Ref("person", "admin"), roles=("admin",))
    return care, {"admin": "admin", "password": password}


# -- what is printed --


def _print(session: Session, database: str, listening: Listening, told: dict[str, Any]) -> None:
    shown = _hidden(database)
    urls = {language: f"{listening.url}/?lang={language}" for language in ("zh", "en")}
    if session.as_json:
        emit({"database": shown, "url": listening.url, "urls": urls, "listening": listening.direct, **told})
        return
    line(session.say("cli.serve.ready", database=shown))
    if listening.url != listening.direct:
        line(session.say("cli.serve.listening", url=listening.direct))
    for language, url in urls.items():
        line(session.say(f"cli.serve.address_{language}", url=url))
    if "logins" in told:
        line(session.say("cli.serve.clock", now=moment(session, told["clock"])))
        table(session, _COLUMNS, [(each.login, each.name, ", ".join(each.roles)) for each in told["logins"]])
        line(session.say("cli.serve.password", password=told["password"]))
    elif told:
        line(session.say("cli.serve.admin", login=told["admin"], password=told["password"]))
        line(session.say("cli.serve.admin_once", login=told["admin"]))


def _hidden(database: str) -> str:
    """A URL without its password."""
    head, at, tail = database.rpartition("@")
    scheme, slashes, login = head.partition("://")
    return f"{scheme}{slashes}{login.partition(':')[0]}{at}{tail}" if at and slashes else database
