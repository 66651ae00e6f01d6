"""The conformance suite of storages on every database."""

from __future__ import annotations

import pytest
from sqlalchemy_kit import opened

from careplug.testing.storage import StorageSuite
from tests.services import database


class Suite(StorageSuite):
    """One storage for a class of tests; each test works in a tenant of its own."""

    database = ""

    @pytest.fixture(scope="class")
    @classmethod
    def storage_factory(cls, tmp_path_factory):
        with database(cls.database, tmp_path_factory.mktemp("contract")) as url:
            made = []

            def make(specs):
                if not made:
                    made.append(opened(url, specs))
                return made[0]

            yield make
            for storage in made:
                storage.close()


class TestSqlite(Suite):
    database = "sqlite"


class TestPostgresql(Suite):
    database = "postgresql"


class TestMariadb(Suite):
    database = "mariadb"
