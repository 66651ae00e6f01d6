"""How a transaction ends: our own commits and gives its connection back, a joined one only leaves its savepoint."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, NestedTransaction, exc

from careplug.errors import Invalid
from careplug_sqlalchemy.errors import error, uncommitted

__all__ = ["End", "Joined", "Own"]


class End(Protocol):
    """The end of a transaction."""

    def commit(self) -> None:
        """Keep what was done, as far as it is ours to say."""

    def rollback(self) -> None:
        """Undo what was done."""

    def close(self) -> None:
        """Give back what was taken; undoes what was not kept. May be called again."""


class Own:
    """A connection that this storage took from its engine.

    One that only read has nothing to undo, and ends with COMMIT: at a ROLLBACK psycopg forgets every statement that the
    server has prepared.
    """

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self._connection = connection
        self._writes = writes

    def commit(self) -> None:
        """COMMIT; ``InDoubt`` where the connection is lost by it."""
        try:
            self._connection.commit()
        except exc.SQLAlchemyError as found:
            raise uncommitted(found, field="transaction") from found

    def rollback(self) -> None:
        """ROLLBACK; of what only read on a connection that is not lost COMMIT."""
        if self._writes or self._connection.invalidated:
            self._connection.rollback()
        else:
            self._connection.commit()

    def close(self) -> None:
        """Back to the pool; SQLAlchemy rolls an open transaction back first."""
        self._connection.close()


class Joined:
    """A SAVEPOINT in the host's transaction; nothing else of the host's is touched."""

    def __init__(self, savepoint: NestedTransaction) -> None:
        self._savepoint: NestedTransaction | None = savepoint

    def commit(self) -> None:
        """RELEASE the savepoint: the host decides about the rest."""
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is None:
            return
        if not savepoint.is_active:
            raise error(Invalid, "storage.host_ended", field="joined.ended")
        savepoint.commit()

    def rollback(self) -> None:
        """ROLLBACK TO the savepoint."""
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is None or not savepoint.is_active:
            return
        try:
            savepoint.rollback()
        except exc.DBAPIError:
            # After a deadlock MariaDB has undone the host's whole transaction and forgotten the savepoint;
            # the error that said so is on its way to the caller.
            return

    def close(self) -> None:
        """Undo what was neither kept nor undone; the connection stays the host's."""
        self.rollback()
