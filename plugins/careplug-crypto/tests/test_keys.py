"""Where keys come from, what is wrong with them, the command line, hosts' sessions, and two ciphers at once."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine

from careplug import Actor, Care
from careplug.audit import verify
from careplug.contributions import FieldCipher, FieldSpec
from careplug.errors import Invalid
from careplug.plugin import hookimpl
from careplug.transfer import export, restore
from careplug_crypto.api import key_id, new_key, status
from careplug_crypto.settings import CryptoSettings, keys_of
from careplug_sqlalchemy.api import sqlite_recipe
from tests.unit.cli.kit import blank, cli  # noqa: F401  fixtures

A, B = new_key(), new_key()


def test_keys_of_all_sources_are_joined_in_order(tmp_path, monkeypatch):
    (tmp_path / "keys").write_text(f"# the new one\n{A}\n\n{B}  # the old one\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "vault", SimpleNamespace(keys=lambda: [b"one", "two"]))
    assert keys_of(CryptoSettings(key_file=tmp_path / "keys")) == (A, B)
    found = keys_of(CryptoSettings(keys=("zero",), key_file=tmp_path / "keys", key_source="vault:keys"))
    assert found == ("zero", A, B, "one", "two")


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"keys": ("short",)}, "crypto.key", "crypto.keys.1"),
        ({"keys": (A, "短")}, "crypto.key", "crypto.keys.2"),
        ({"keys": (A, B, A)}, "crypto.twice", "crypto.keys.3.twice"),
        ({"key_file": "/nowhere/keys"}, "crypto.file", "crypto.key_file"),
        ({"key_file": "/dev/null"}, "crypto.empty", "crypto.key_file.empty"),
        ({"key_source": "nowhere:keys"}, "crypto.source", "crypto.key_source"),
        ({"key_source": "os:getcwdb.x"}, "crypto.source", "crypto.key_source"),
    ],
)
def test_a_bad_key_stops_the_start_and_is_never_shown(settings, code, field, new_database):
    with pytest.raises(Invalid) as caught:
        Care(new_database("sqlite"), settings={"crypto": settings}, environ={})
    assert (caught.value.code, caught.value.field) == (code, field)
    assert A not in caught.value.text("en") + caught.value.text("zh_CN")


def test_keys_come_from_the_environment(small):
    care = Care(small.url, environ={"CAREPLUG_CRYPTO_KEYS": f"{A},{B}"})
    assert care.plugins.contributions.ciphers[0].open().keys == (key_id(A), key_id(B))
    care.close()


def test_without_keys_nothing_is_encrypted(small):
    care = small.open()
    small.fill(care)
    assert not care.encrypted
    assert "泵房漏水" in small.words()
    care.close()


def test_memory_needs_no_cipher():
    care = Care(settings={"crypto": {"keys": (A,)}}, environ={})
    assert not care.encrypted
    care.close()


def test_two_ciphers_are_refused_by_name(small):
    class Second:
        @hookimpl
        def careplug_storage(self):
            return (FieldCipher("rot13", lambda: None),)

    care = Care(small.url, plugins=[Second()], settings={"crypto": {"keys": (A,)}}, environ={})
    failed = [line for line in care.report().lines if line.error is not None]
    assert [line.error.code for line in failed] == ["plugin.two_owners"]
    assert "Second" in failed[0].error.params["owner"] or "Second" in failed[0].error.params["plugin"]
    care.close()


def test_a_personal_field_that_is_indexed_is_refused_with_the_remedy(small):
    class Wards:
        @hookimpl
        def careplug_entities(self):
            return (FieldSpec(name="ward", personal=True, indexed=True),)

    with pytest.raises(Invalid) as caught:
        Care(small.url, plugins=[Wards()], settings={"crypto": {"keys": (A,)}}, environ={})
    assert (caught.value.code, caught.value.field) == ("entity.sealed_kind", "feedback.x_ward")


def test_personal_custom_fields_are_encrypted(small):
    class Wards:
        @hookimpl
        def careplug_entities(self):
            return (FieldSpec(name="ward", personal=True),)

    care = Care(small.url, plugins=[Wards()], settings={"crypto": {"keys": (A,)}}, environ={})
    with care.unit(actor=Actor.customer("c-1")) as unit:
        case = unit.feedback.submit("fault", "x", custom={"ward": "泵房漏水"})
    with care.read(actor=Actor.engineer("zhao")) as unit:
        assert unit.feedback.get(case.id).custom == {"ward": "泵房漏水"}
    care.close()
    assert small.words() == set()


def test_a_hosts_transaction_is_encrypted_and_its_first_key_noted(small):
    made = small.fresh(A)
    made.close()
    small.execute("DELETE FROM careplug_cipher_key")
    engine = create_engine(small.url)
    sqlite_recipe(engine)
    care = Care(engine, settings={"crypto": {"keys": (A,)}}, environ={})
    with engine.begin() as connection, care.unit(actor=Actor.customer("c-1"), joined=connection) as unit:
        unit.feedback.submit("fault", "泵房漏水")
    care.close()
    engine.dispose()
    assert small.execute("SELECT id FROM careplug_cipher_key") == [(key_id(A),)]
    assert small.words() == set()
    engine = create_engine(small.url)
    sqlite_recipe(engine)
    care = Care(engine, settings={"crypto": {"keys": (B,)}}, environ={})
    with engine.begin() as connection:
        with pytest.raises(Invalid) as caught:
            care.unit(actor=Actor.customer("c-1"), joined=connection)
        assert caught.value.code == "storage.cipher_key"
    care.close()
    engine.dispose()


def test_the_command_line_leads_from_a_key_to_a_rotated_database(cli, monkeypatch):
    first, second = (cli("crypto", "generate-key", "--json").data for _ in range(2))
    assert key_id(first["key"]) == first["id"]
    cli("submit", "fault", "泵房漏水")
    assert cli("crypto", "status", "--json").error["code"] == "crypto.off"
    monkeypatch.setenv("CAREPLUG_CRYPTO_KEYS", first["key"])
    assert cli("list", "--json").error["code"] == "storage.schema_missing"
    assert cli("db", "upgrade").code == 0
    plain = cli("crypto", "status", "--json").data["values"]
    assert {item["key"] for item in plain} == {""}
    assert cli("crypto", "encrypt", "--json").data["values"] == sum(item["values"] for item in plain)
    monkeypatch.setenv("CAREPLUG_CRYPTO_KEYS", f"{second['key']},{first['key']}")
    assert cli("crypto", "rotate", "--json").data["retired"] == [first["id"]]
    assert second["id"] in cli("crypto", "status").out
    monkeypatch.setenv("CAREPLUG_CRYPTO_KEYS", second["key"])
    assert "泵房漏水" in cli("list").out
    assert "in no index" in cli("search", "泵房").out
    assert cli("crypto", "rotate", "--role", "engineer", "--json").error["class"] == "Refused"
    assert "已解密" in cli("crypto", "decrypt", "--lang", "zh").out
    assert "plain text" in cli("crypto", "status").out
    monkeypatch.delenv("CAREPLUG_CRYPTO_KEYS")
    # the look in between came with the key, which might have encrypted something again
    assert cli("list", "--json").error["code"] == "storage.cipher_missing"
    monkeypatch.setenv("CAREPLUG_CRYPTO_KEYS", second["key"])
    assert cli("crypto", "decrypt", "--json").data["retired"] == [second["id"]]
    monkeypatch.delenv("CAREPLUG_CRYPTO_KEYS")
    cli("db", "upgrade")
    assert "泵房漏水" in cli("list").out


def test_an_encrypted_database_is_carried_into_one_with_another_key(small, tmp_path):
    care = small.fresh(A)
    ident = small.fill(care)
    export(care, tmp_path / "carried")
    care.close()
    there = type(small)(f"sqlite:///{tmp_path / 'there.db'}")
    care = there.fresh(B)
    assert not restore(care, tmp_path / "carried").counts, "as many rows as were carried"
    with care.read(actor=there.boss) as unit:
        assert unit.feedback.get(ident).subject == "泵房漏水"
    assert verify(care).whole
    assert {item.key for item in status(care)} == {key_id(B)}
    care.close()
    assert there.words() == set()
