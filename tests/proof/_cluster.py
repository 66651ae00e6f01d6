"""A PostgreSQL cluster of a proof's own, to be restarted and broken: made in a folder, gone afterwards."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_BINARIES = "/usr/lib/postgresql"


class Cluster:
    """A server on a port of its own. It runs as somebody who is not root, because it refuses to run as root."""

    def __init__(self, folder: Path, binaries: Path, user: str) -> None:
        self.folder, self._binaries, self._user = folder, binaries, user
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._do("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\n"
            )

    def url(self, database: str = "postgres") -> str:
        """The URL of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it; given back once it answers."""
        self._do("pg_ctl", "start", "-w", "-l", str(self.folder / "server.log"))

    def stop(self, mode: str) -> None:
        """Stop it: ``fast`` ends every transaction, ``immediate`` is as if the power went (the next start recovers)."""
        self._do("pg_ctl", "stop", "-w", "-m", mode)

    def restart(self, mode: str, away: float) -> None:
        """Stop it, leave it away for some seconds, and start it."""
        self.stop(mode)
        time.sleep(away)
        self.start()

    def backends(self) -> list[int]:
        """The process ids of the clients' connections, but our own."""
        query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        return [row[0] for row in self._ask(query)]

    def end(self, pid: int) -> bool:
        """End one connection; whether it was there still."""
        return bool(self._ask(f"SELECT pg_terminate_backend({pid:d})")[0][0])

    def _ask(self, query: str) -> list[tuple[int, ...]]:
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def _do(self, command: str, *words: str) -> None:
        told = self.folder / "out.txt"
        with told.open("ab") as out:
            done = subprocess.run(
                [self._binaries / command, "-D", self.folder / "data", *words],
                user=self._user if os.geteuid() == 0 else None,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        assert done.returncode == 0, told.read_text()[-2000:]


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster. Skipped with the reason where none can be made, or failed where services are required."""
    binaries = sorted(Path(_BINARIES).glob("*/bin"), key=lambda path: float(path.parent.name))
    user = _somebody()
    if not binaries or not user:
        trouble = f"no PostgreSQL server in {_BINARIES}" if user else "only root is here, and PostgreSQL refuses root"
        if os.environ.get("CAREPLUG_TEST_SERVICES") == "required":
            pytest.fail(f"{trouble}, and CAREPLUG_TEST_SERVICES=required")
        pytest.skip(trouble)
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # short: the path of a socket holds 107 bytes
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        made = Cluster(folder, binaries[-1], user)
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")


def _somebody() -> str:
    """Who may run the server: ourselves, or for root the user the server was installed for."""
    if os.geteuid() != 0:
        return getpass.getuser()
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), "")
