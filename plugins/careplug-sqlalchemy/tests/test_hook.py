from __future__ import annotations

import subprocess
import sys

import pytest

import careplug_sqlalchemy
from careplug.errors import Invalid
from careplug.plugin import Plugins
from careplug.ports import Storage


def test_the_storage_is_found_through_the_entry_point():
    found = [storage for storage in Plugins.load().contributions.storages if storage.name == "sqlalchemy"]
    assert len(found) == 1
    assert {"sqlite", "postgresql", "mysql", "mariadb"} <= set(found[0].schemes)


def test_the_factory_opens_urls_and_accepts_hosts_objects():
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker

    (factory,) = careplug_sqlalchemy.careplug_storage()
    engine = create_engine("sqlite://")
    assert factory.accepts(engine)
    assert factory.accepts(sessionmaker(engine))
    assert not factory.accepts("sqlite://")
    assert not factory.accepts(object())
    for source in ("sqlite://", engine, sessionmaker(engine), lambda: engine):
        storage = factory.open(source)
        assert isinstance(storage, Storage)
        storage.close()


def test_the_plugin_costs_nothing_until_a_storage_is_opened():
    code = "import sys, careplug_sqlalchemy; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_alembic_is_imported_only_by_the_schema_commands(tmp_path):
    code = (
        "import sys; from careplug_sqlalchemy.api import SqlAlchemyStorage; import sqlalchemy_kit as kit;"
        f"storage = SqlAlchemyStorage('sqlite:///{tmp_path}/care.db'); storage.bind(kit.SPECS); storage.check();"
        "storage.begin(tenant='', writes=True).close(); storage.close(); sys.exit('alembic' in sys.modules)"
    )
    folder = str(__import__("pathlib").Path(__file__).parent)
    assert subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": folder}).returncode == 0


@pytest.mark.parametrize(("url", "driver", "extra"), [
    ("postgresql://u@127.0.0.1/x", "psycopg", "careplug-sqlalchemy[postgresql]"),
    ("mariadb://u@127.0.0.1/x", "pymysql", "careplug-sqlalchemy[mysql]"),
])  # fmt: skip
def test_a_driver_that_is_not_installed_is_named_with_what_brings_it(monkeypatch, url, driver, extra):
    from careplug_sqlalchemy.api import SqlAlchemyStorage

    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(Invalid) as caught:
        SqlAlchemyStorage(url)
    assert (caught.value.code, caught.value.params["value"]) == ("storage.driver_missing", driver)
    assert extra in caught.value.text("en")
    assert extra in caught.value.text("zh_CN")
