"""The throw-away databases are really empty, apart, and gone afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests import services


def _databases(name: str) -> set[str]:
    engine = sa.create_engine(services.service(name).url("test"))
    query = "SELECT datname FROM pg_database" if name == "postgresql" else "SHOW DATABASES"
    with engine.connect() as connection:
        found = set(connection.execute(sa.text(query)).scalars())
    engine.dispose()
    return found


def test_a_database_is_empty_and_takes_tables(database_url):
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE t (x INTEGER)"))
    engine.dispose()


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_database_is_gone_afterwards(name, tmp_path):
    with services.database(name, tmp_path) as url:
        label = url.rpartition("/")[2]
        assert label in _databases(name)
    assert label not in _databases(name)


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_connection_left_open_in_a_transaction_holds_nothing_up(name, tmp_path):
    with services.database(name, tmp_path) as url:
        engine = sa.create_engine(url)
        connection = engine.connect()
        connection.execute(sa.text("CREATE TABLE t (x INTEGER)"))
        connection.commit()
        connection.execute(sa.text("SELECT * FROM t"))
    assert url.rpartition("/")[2] not in _databases(name)
    connection.invalidate()
    engine.dispose()


def test_the_worker_keeps_one_database_for_all_its_tests(database_urls):
    assert list(database_urls) == list(services.DATABASES)
    assert database_urls["sqlite"] == database_urls["sqlite"]
    with pytest.raises(KeyError):
        database_urls["oracle"]


def test_a_missing_server_is_skipped_or_fails(monkeypatch):
    monkeypatch.setenv("CAREPLUG_TEST_POSTGRESQL", "nobody@127.0.0.1:1/none")
    services._trouble.cache_clear()
    monkeypatch.delenv("CAREPLUG_TEST_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no postgresql on"):
        services.service("postgresql")
    monkeypatch.setenv("CAREPLUG_TEST_SERVICES", "required")
    with pytest.raises(pytest.fail.Exception, match="required"):
        services.service("postgresql")
    services._trouble.cache_clear()
