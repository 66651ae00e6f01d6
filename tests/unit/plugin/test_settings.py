from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careplug.errors import CareError, Invalid
from careplug.plugin import load_settings
from careplug.plugin.settings import variable
from careplug.plugin.values import duration
from careplug.refs import Ref
from careplug.text import Text


class Mode(enum.Enum):
    FAST = "fast"
    SAFE = "safe"


@attrs.frozen
class Server:
    host: str
    port: int = 25


@attrs.frozen
class All:
    text: str = ""
    number: int = 0
    flag: bool = False
    price: Decimal = Decimal(0)
    wait: timedelta = timedelta()
    day: date | None = None
    at: datetime | None = None
    mode: Mode = Mode.FAST
    level: Literal["low", "high", 3] = "low"
    folder: Path | None = None
    team: Ref | None = None
    names: tuple[str, ...] = ()
    numbers: list[int] = attrs.field(factory=list)
    pair: tuple[str, int] = ("", 0)
    server: Server | None = None
    servers: tuple[Server, ...] = ()
    limits: Mapping[str, int] = attrs.field(factory=dict)
    title: Text = Text()
    ratio: float = 0.0
    secret: str = attrs.field(default="", metadata={"secret": True})
    anything: Any = None


TOML = """
[plugins.demo]
text = "hello"
number = 5
flag = true
price = 12.50
wait = "1h30m"
day = 2026-01-31
at = 2026-01-31T08:00:00+08:00
mode = "safe"
level = 3
folder = "files"
team = "team:1"
names = ["a", "b"]
numbers = [1, 2]
pair = ["a", 1]
server = { host = "mail" }
servers = [{ host = "a", port = 1 }, { host = "b" }]
limits = { low = 1 }
title = { en = "Hello", zh = "你好" }
ratio = 0.5
secret = "s3cret"
anything = [1, "x"]
"""

FULL = All(
    text="hello", number=5, flag=True, price=Decimal("12.50"), wait=timedelta(minutes=90), day=date(2026, 1, 31),
    at=datetime.fromisoformat("2026-01-31T08:00:00+08:00"), mode=Mode.SAFE, level=3, folder=Path("files"),
    team=Ref("team", "1"), names=("a", "b"), numbers=[1, 2], pair=("a", 1), server=Server("mail"),
    servers=(Server("a", 1), Server("b")), limits={"low": 1}, title=Text("Hello", "你好"), ratio=0.5,
    secret="s3cret", anything=[1, "x"],
)  # fmt: skip


def test_every_type_from_a_file(tmp_path):
    file = tmp_path / "care.toml"
    file.write_text(TOML, encoding="utf-8")
    assert load_settings(All, "demo", toml=file) == FULL
    assert str(load_settings(All, "demo", toml=file).price) == "12.50"


def test_every_type_from_the_environment():
    environ = {
        "CAREPLUG_DEMO_TEXT": "hello", "CAREPLUG_DEMO_NUMBER": "5", "CAREPLUG_DEMO_FLAG": "Yes",
        "CAREPLUG_DEMO_PRICE": "12.50", "CAREPLUG_DEMO_WAIT": "1h30m", "CAREPLUG_DEMO_DAY": "2026-01-31",
        "CAREPLUG_DEMO_AT": "2026-01-31T08:00:00+08:00", "CAREPLUG_DEMO_MODE": "safe", "CAREPLUG_DEMO_LEVEL": "3",
        "CAREPLUG_DEMO_FOLDER": "files", "CAREPLUG_DEMO_TEAM": "team:1", "CAREPLUG_DEMO_NAMES": "a, b,",
        "CAREPLUG_DEMO_NUMBERS": "1,2", "CAREPLUG_DEMO_RATIO": "0.5", "CAREPLUG_DEMO_SECRET": "s3cret",
        "OTHER": "x",
    }  # fmt: skip
    beside = {"pair": ["a", 1], "server": {"host": "mail"}, "servers": [{"host": "a", "port": 1}, {"host": "b"}],
              "limits": {"low": 1}, "title": {"en": "Hello", "zh": "你好"}, "anything": [1, "x"]}  # fmt: skip
    assert load_settings(All, "demo", mapping=beside, environ=environ) == FULL


def test_none_from_the_environment():
    assert load_settings(All, "demo", mapping={"day": "2026-01-31"}, environ={"CAREPLUG_DEMO_DAY": ""}).day is None


def test_the_order_of_sources():
    content = {"plugins": {"demo": {"text": "file", "number": 1, "flag": True}, "other": {"x": 1}}}
    found = load_settings(
        All, "demo", toml=content, mapping={"text": "mapping", "number": 2}, environ={"CAREPLUG_DEMO_TEXT": "variable"}
    )
    assert (found.text, found.number, found.flag, found.price) == ("variable", 2, True, Decimal(0))


def test_the_process_environment_is_not_read_unasked(monkeypatch):
    monkeypatch.setenv("CAREPLUG_DEMO_TEXT", "x")
    assert load_settings(All, "demo").text == ""


def test_names_of_variables():
    assert variable("care-mail", "reply_to") == "CAREPLUG_CARE_MAIL_REPLY_TO"


WRONG = [
    ({"texxt": "x"}, "unknown", "texxt"),
    ({"text": 5}, "text", "text"),
    ({"text": None}, "text", "text"),
    ({"text": True}, "text", "text"),
    ({"number": "5"}, "int", "number"),
    ({"number": True}, "int", "number"),
    ({"number": 5.0}, "int", "number"),
    ({"flag": "true"}, "bool", "flag"),
    ({"flag": 1}, "bool", "flag"),
    ({"price": 0.1}, "decimal", "price"),
    ({"price": "x"}, "decimal", "price"),
    ({"price": Decimal("NaN")}, "decimal", "price"),
    ({"price": True}, "decimal", "price"),
    ({"wait": 30}, "duration", "wait"),
    ({"wait": "30"}, "duration", "wait"),
    ({"wait": ""}, "duration", "wait"),
    ({"wait": "5m1h"}, "duration", "wait"),
    ({"wait": "-5m"}, "duration", "wait"),
    ({"wait": "99999999999d"}, "duration", "wait"),
    ({"day": "31.1.2026"}, "date", "day"),
    ({"day": datetime(2026, 1, 31)}, "date", "day"),
    ({"at": datetime(2026, 1, 31)}, "time", "at"),
    ({"at": "2026-01-31T08:00:00"}, "time", "at"),
    ({"mode": "slow"}, "choice", "mode"),
    ({"mode": "FAST"}, "choice", "mode"),
    ({"level": "3"}, "choice", "level"),
    ({"level": True}, "choice", "level"),
    ({"folder": ""}, "path", "folder"),
    ({"folder": 5}, "path", "folder"),
    ({"team": "engineers"}, "ref", "team"),
    ({"names": "abc"}, "list", "names"),
    ({"names": ["a", 5]}, "text", "names[1]"),
    ({"numbers": {"a": 1}}, "list", "numbers"),
    ({"pair": ["a"]}, "count", "pair"),
    ({"pair": ["a", "b"]}, "int", "pair[1]"),
    ({"server": "mail"}, "table", "server"),
    ({"server": {"host": "a", "prot": 1}}, "unknown", "server.prot"),
    ({"server": {"port": 1}}, "missing_part", "server.host"),
    ({"server": {"host": 5}}, "text", "server.host"),
    ({"servers": [{"host": "a"}, {"host": "b", "port": "1"}]}, "int", "servers[1].port"),
    ({"limits": {"low": "1"}}, "int", "limits.low"),
    ({"limits": {1: 1}}, "table", "limits"),
    ({"ratio": "0.5"}, "number", "ratio"),
]


@pytest.mark.parametrize(("mapping", "code", "key"), WRONG)
def test_a_wrong_value_names_its_key(mapping, code, key):
    with pytest.raises(Invalid) as caught:
        load_settings(All, "demo", mapping=mapping)
    assert (caught.value.code, caught.value.field) == (f"settings.{code}", f"plugins.demo.{key}")
    for language in ("en", "zh_CN"):
        assert caught.value.text(language).startswith(caught.value.field)
        assert "{field}" not in caught.value.text(language)


VARIABLES = [
    ("FLAG", "maybe", "variable_bool", "flag"),
    ("FLAG", "", "variable_bool", "flag"),
    ("NUMBER", "5.5", "variable_int", "number"),
    ("NUMBER", "٥", "variable_int", "number"),
    ("NUMBERS", "1,x", "variable_int", "numbers"),
    ("SERVER", "mail", "variable_table", "server"),
    ("LIMITS", "a=1", "variable_table", "limits"),
    ("WAIT", "30", "duration", "wait"),
    ("LEVEL", "4", "choice", "level"),
    ("RATIO", "x", "number", "ratio"),
]


@pytest.mark.parametrize(("name", "value", "code", "key"), VARIABLES)
def test_a_wrong_variable_names_its_key(name, value, code, key):
    with pytest.raises(Invalid) as caught:
        load_settings(All, "demo", environ={f"CAREPLUG_DEMO_{name}": value})
    assert (caught.value.code, caught.value.field) == (f"settings.{code}", f"plugins.demo.{key}")
    assert "{" not in caught.value.text("zh_CN")


def test_unknown_keys_list_the_known_ones():
    with pytest.raises(Invalid) as caught:
        load_settings(Server, "demo", mapping={"hots": "a"})
    assert "host, port" in caught.value.text("en")


def test_a_missing_key_says_both_ways_to_set_it():
    with pytest.raises(Invalid) as caught:
        load_settings(Server, "demo")
    assert (caught.value.code, caught.value.field) == ("settings.missing", "plugins.demo.host")
    assert "[plugins.demo]" in caught.value.text("en")
    assert "CAREPLUG_DEMO_HOST" in caught.value.text("zh_CN")


def test_a_secret_is_never_shown():
    for mapping, environ in (({"secret": 12345}, {}), ({}, {"CAREPLUG_DEMO_SECRET": "12345"})):

        @attrs.frozen
        class Hidden:
            secret: int | None = attrs.field(default=None, metadata={"secret": True})

            @secret.validator
            def _check(self, _attribute, value):
                raise ValueError(f"12345 is refused: {value}")

        with pytest.raises(Invalid) as caught:
            load_settings(All if mapping else Hidden, "demo", mapping=mapping, environ=environ)
        assert "12345" not in str(caught.value)
        assert "12345" not in repr(caught.value.params)


@attrs.frozen
class Checked:
    port: int = attrs.field(default=1, validator=attrs.validators.in_((1, 2)))
    size: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    own: int = 1

    def __attrs_post_init__(self) -> None:
        if self.own == 0:
            raise ValueError("own must not be nothing")
        if self.own < 0:
            raise Invalid("money.range", field="own", value=self.own)


@pytest.mark.parametrize(("mapping", "field"), [
    ({"port": 3}, "plugins.demo.port"),
    ({"size": 0}, "plugins.demo.size"),
    ({"own": 0}, "plugins.demo.refused"),
    ({"own": -1}, "plugins.demo.own"),
])  # fmt: skip
def test_what_the_class_refuses(mapping, field):
    with pytest.raises(Invalid) as caught:
        load_settings(Checked, "demo", mapping=mapping)
    assert (caught.value.code, caught.value.field) == ("settings.refused", field)


@attrs.frozen
class Outer:
    inner: Checked = Checked()


@pytest.mark.parametrize("inner", [{"port": 3}, {"own": -1}])
def test_what_an_inner_class_refuses(inner):
    with pytest.raises(Invalid) as caught:
        load_settings(Outer, "demo", mapping={"inner": inner})
    assert (caught.value.code, caught.value.field) == ("settings.refused", "plugins.demo.inner.refused")


def test_an_error_inside_an_error_is_read_in_the_same_language():
    with pytest.raises(Invalid) as caught:
        load_settings(Checked, "demo", mapping={"own": -1})
    inner = caught.value.params["error"]
    assert inner.code == "money.range"
    for language in ("en", "zh_CN", "qps"):
        assert inner.text(language) in caught.value.text(language)


def test_a_type_that_settings_cannot_have():
    @attrs.frozen
    class Odd:
        what: complex = 0j

    with pytest.raises(Invalid) as caught:
        load_settings(Odd, "demo", mapping={"what": 1})
    assert caught.value.code == "settings.type"


def test_a_class_whose_types_cannot_be_read():
    @attrs.frozen
    class Odd:
        what: NotImportedHere = 0  # noqa: F821

    with pytest.raises(Invalid) as caught:
        load_settings(Odd, "demo")
    assert (caught.value.code, caught.value.field) == ("settings.hints", "plugins.demo.careplug_settings")


@pytest.mark.parametrize(("content", "code", "field"), [
    ("[plugins", "settings.syntax", "toml.syntax"),
    ("plugins = 1", "settings.plugins", "plugins"),
    ("[plugins]\ndemo = 1", "settings.section", "plugins.demo"),
    (None, "settings.file", "toml.file"),
    (b"\xff\xfe", "settings.syntax", "toml.syntax"),
])  # fmt: skip
def test_a_wrong_file(tmp_path, content, code, field):
    file = tmp_path / "care.toml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Invalid) as caught:
        load_settings(All, "demo", toml=file)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert "{" not in caught.value.text("zh_CN").replace("{field}", "!")


def test_private_attributes_go_by_their_alias():
    @attrs.frozen
    class Private:
        _token: str = ""

    assert load_settings(Private, "demo", mapping={"token": "x"})._token == "x"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_mean_what_they_say(days, hours, minutes, seconds):
    expected = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert duration(f"{days}d{hours}h{minutes}m{seconds}s") == expected


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(
    st.sampled_from([field.name for field in attrs.fields(All)]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.datetimes(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
))  # fmt: skip
def test_whatever_is_given_it_fits_or_is_invalid(mapping):
    try:
        found = load_settings(All, "demo", mapping=mapping)
    except CareError as error:
        assert isinstance(error, Invalid)  # noqa: PT017
        assert error.field.startswith("plugins.demo.")  # noqa: PT017
    else:
        assert isinstance(found, All)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([field.name for field in attrs.fields(All)]), st.text(max_size=12), max_size=4))
def test_whatever_the_environment_holds_it_fits_or_is_invalid(values):
    try:
        load_settings(All, "demo", environ={variable("demo", key): value for key, value in values.items()})
    except Invalid as error:
        assert error.field.startswith("plugins.demo.")  # noqa: PT017
