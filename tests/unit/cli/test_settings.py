from __future__ import annotations

import pytest

from careplug.cli.settings import Config, early, read_config
from careplug.errors import Invalid


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "c.toml").write_text(text, encoding="utf-8")
        return str(tmp_path / "c.toml")

    return write


def test_a_configuration_is_read_whole(config):
    text = '[careplug]\ndatabase = "sqlite:///x.db"\nzone = "Asia/Shanghai"\nblock = ["a"]\n[plugins.p]\nx = 1\n[channels.c]\ny = 2\n'
    found = read_config(config(text))
    assert found == Config(
        database="sqlite:///x.db", zone="Asia/Shanghai", block=("a",), plugins={"p": {"x": 1}}, channels={"c": {"y": 2}}
    )


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("[careplug]\ndatabse = 1", "cli.config.key", "config.careplug.databse"),
        ("[careplug]\ndatabase = 1", "cli.config.text", "config.careplug.database"),
        ('[careplug]\nzone = ""', "cli.config.text", "config.careplug.zone"),
        ('[careplug]\nzone = "Mars/Base"', "cli.zone", "config.careplug.zone"),
        ('[careplug]\nblock = "a"', "cli.config.list", "config.careplug.block"),
        ("[other]\nx = 1", "cli.config.table", "config.other"),
        ("careplug = 1", "cli.config.table", "config.careplug"),
        ("[careplug", "settings.syntax", "toml.syntax"),
    ],
)
def test_a_wrong_configuration_names_the_key(config, text, code, field):
    with pytest.raises(Invalid) as raised:
        read_config(config(text))
    assert (raised.value.code, raised.value.field) == (code, field)
    assert "{" not in raised.value.text("zh") + raised.value.text("en")


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        (["list"], {}, "en"),
        (["list"], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        (["list"], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        (["list"], {"LC_MESSAGES": "zh_TW", "LANG": "en"}, "zh_CN"),
        (["list", "--lang", "zh"], {"LC_ALL": "en"}, "zh_CN"),
        (["--lang=zh", "list"], {}, "zh_CN"),
        (["reply", "--", "--lang", "zh"], {}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_is_known_before_anything_else(config, arguments, environ, language):
    assert early(arguments, environ).language == language


def test_the_configuration_knows_the_language_too(config):
    path = config('[careplug]\nlanguage = "zh"')
    assert early(["-c", path, "list"], {"LC_ALL": "en"}).language == "zh_CN"
    assert early(["list"], {"CAREPLUG_CONFIG": path}).language == "zh_CN"
    assert early(["list", f"--config={path}", "--lang", "en"], {}).language == "en"
    assert early(["-c", "not-there.toml"], {}).language == "en"
