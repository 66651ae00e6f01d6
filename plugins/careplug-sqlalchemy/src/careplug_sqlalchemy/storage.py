"""The storage itself: an engine, the entities, and the transactions on them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.pool import Pool

from careplug.encryption import Cipher, Sealed
from careplug.entity import EntitySpec
from careplug.errors import Invalid, Retry
from careplug.ports import SchemaStep
from careplug_sqlalchemy import joined, keys
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.ends import Joined, Own
from careplug_sqlalchemy.engine import begin, engine_of, is_file, open_engine
from careplug_sqlalchemy.errors import error
from careplug_sqlalchemy.sealing import Sealer
from careplug_sqlalchemy.transaction import SqlTransaction

__all__ = ["SqlAlchemyStorage"]


class SqlAlchemyStorage:
    """Entities in SQLite, PostgreSQL or MariaDB. Thread-safe; lives as long as its ``Care``.

    ``source`` is a URL (then the engine is opened and closed here; ``options`` go to ``create_engine``), or the
    host's Engine, sessionmaker or function that returns an Engine, which are never closed. ``schema`` is the
    database schema the tables stand in. An empty SQLite file that was named by URL gets its tables at first use; any
    other database is changed by ``upgrade`` alone.
    """

    name = "sqlalchemy"
    capabilities = frozenset({"durable", "joined", "concurrent", "search"})

    def __init__(self, source: object, *, schema: str | None = None, **options: Any) -> None:
        self.schema = schema
        self._owned = isinstance(source, str | URL)
        # a host's function may only work later, inside its application context
        self._find: Callable[[], Engine] = lambda: engine_of(source)
        self._engine: Engine | None = None
        if isinstance(source, str | URL):
            self._engine = open_engine(source, **options)
        elif isinstance(source, Engine) or not callable(source) or hasattr(source, "kw"):
            self._engine = engine_of(source)
        self._specs: tuple[EntitySpec, ...] = ()
        self._bound: Bound | None = None
        self._ready = False
        self._lock = threading.RLock()
        self._joinable: weakref.WeakSet[Pool] = weakref.WeakSet()
        self._sealer: Sealer | None = None
        self._admitted = False

    @property
    def engine(self) -> Engine:
        """The engine behind it."""
        if self._engine is None:
            self._engine = self._find()
        return self._engine

    def encrypt_with(self, cipher: Cipher) -> None:
        """Tell it the cipher of personal columns; called once, before ``bind``."""
        self._sealer = Sealer(cipher, lambda: frozenset(keys.read_all(self.engine, self._entities())))

    def bind(self, specs: Sequence[EntitySpec]) -> None:
        """Tell it the entities; called once, before anything else. Nothing is read or written yet."""
        with self._lock:
            self._specs, self._bound, self._ready = tuple(specs), None, False
            if self._engine is not None:
                self._bound = Bound(self._specs, self._engine.dialect, self.schema, self._sealer)

    def begin(self, *, tenant: str | None, writes: bool) -> SqlTransaction:
        """An own transaction; ``writes=False`` gives a snapshot that refuses to write."""
        bound = self._prepared()
        connection = begin(self.engine, writes=writes)
        return SqlTransaction(bound, connection, Own(connection, writes=writes), tenant=tenant, writes=writes)

    def join(self, host: object, *, tenant: str | None) -> SqlTransaction:
        """A transaction inside the host's Connection or Session: a SAVEPOINT there, no second connection."""
        bound = self._entities()
        connection, savepoint = joined.enter(host, bound, self._joinable)
        try:
            self._admit(connection, bound)
        except BaseException:
            savepoint.rollback()
            raise
        return SqlTransaction(bound, connection, Joined(savepoint), tenant=tenant, writes=True)

    def check(self) -> None:
        """``SchemaMissing`` or ``SchemaNewer`` where the database does not fit the entities."""
        from careplug_sqlalchemy import records

        bound = self._entities()
        self._create_if_new()
        keys.guard(self.engine, bound)
        records.check(self.engine, bound)
        keys.note_first(self.engine, bound)
        self._ready = self._admitted = True

    def plan(self) -> list[SchemaStep]:
        """What ``upgrade`` would do; changes nothing."""
        from careplug_sqlalchemy.schema import plan

        keys.guard(self.engine, self._entities())
        return plan(self.engine, self._entities())

    def upgrade(self, *, allow: Sequence[str] = ()) -> list[SchemaStep]:
        """Apply additive steps and the destructive ones named in ``allow``; rewrites old rows; may be repeated."""
        from careplug_sqlalchemy.schema import upgrade

        with self._lock:
            keys.guard(self.engine, self._entities())
            return upgrade(self.engine, self._entities(), allow=allow)

    def recorded(self) -> Mapping[str, tuple[str, ...]]:
        """The entities applied to the database by the plugin that brought them, also where that is not loaded."""
        from careplug_sqlalchemy import records

        return records.by_plugin(self.engine, self._entities())

    def last_number(self) -> int:
        """The last number that may have been given; nothing is changed."""
        from careplug_sqlalchemy import carrying

        return carrying.last_number(self.engine, self._prepared())

    def raise_number(self, value: int) -> None:
        """Let the counter go on behind ``value``; one that is further on stays where it is."""
        from careplug_sqlalchemy import carrying

        carrying.raise_number(self.engine, self._prepared(), value)

    def back_up(self, path: Path) -> None:
        """Copy a SQLite database into a new file while others write; a server is ``Refused`` with its own tool's name."""
        from careplug_sqlalchemy import carrying

        carrying.back_up(self.engine, path)

    def problems(self) -> tuple[str, ...]:
        """What SQLite's own check of the file says; nothing for a sound one, or for a server, which looks after itself."""
        from careplug_sqlalchemy import carrying

        return carrying.problems(self.engine)

    def sealed(self) -> list[Sealed]:
        """How many personal values are stored under which key."""
        from careplug_sqlalchemy import reseal

        return reseal.counts(self.engine, self._prepared())

    def reseal(self, entity: str, *, sources: Sequence[str], plain: bool = False, after: str = "") -> tuple[int, str]:
        """Bring some rows under the first key, or into plain text; how many values, and where to go on."""
        from careplug_sqlalchemy import reseal

        bound = self._prepared()
        return reseal.reseal(self.engine, bound, entity, sources=sources, plain=plain, after=after)

    def retire(self, *, keep: Sequence[str]) -> tuple[str, ...]:
        """Note that nothing is under the other keys any more; which they were."""
        return keys.retire(self.engine, self._prepared(), keep)

    def rebuild_index(self) -> int:
        """Write the words of every row anew, in batches; the index answers meanwhile. How many rows were read."""
        from careplug_sqlalchemy import reindex

        return reindex.rebuild(self.engine, self._prepared())

    def erase_traces(self, *, vacuum: bool = False) -> None:
        """SQLite: truncate the write-ahead log into a file that keeps no deleted bytes; with ``vacuum`` rebuild it.

        ``Retry`` while a reader still needs the log. Nothing to do elsewhere.
        """
        if self.engine.dialect.name != "sqlite" or not is_file(self.engine.url):
            return
        with self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            # FTS5 only marks words that were taken out; they are gone when its pieces are merged into one
            raw.execute(self._prepared().shelf.command("optimize"))
            raw.commit()
            if vacuum:
                raw.execute("VACUUM")
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise error(Retry, "storage.busy", field="erase_traces")

    def close(self) -> None:
        """Close what this storage opened itself."""
        if self._owned and self._engine is not None:
            self._engine.dispose()

    def _admit(self, connection: Connection, bound: Bound) -> None:
        """Look at the keys of a host's database, once; the first of ours is noted in the host's transaction."""
        if self._admitted:
            return
        known = keys.read(connection, bound)
        keys.refuse(known, bound.sealer.cipher if bound.sealer is not None else None)
        # where it was noted only now the host may still undo it
        self._admitted = not keys.note(connection, bound, known)

    def _entities(self) -> Bound:
        with self._lock:
            if self._bound is None:
                if not self._specs:
                    raise error(Invalid, "storage.unbound", field="storage.bind", value="storage")
                self._bound = Bound(self._specs, self.engine.dialect, self.schema, self._sealer)
            return self._bound

    def _prepared(self) -> Bound:
        """The entities, the database having been looked at once: a newer schema stops the process here."""
        if not self._ready:
            with self._lock:
                if not self._ready:
                    self.check()
        return self._bound if self._bound is not None else self._entities()

    def _create_if_new(self) -> None:
        """The tables of an embedded SQLite database that holds nothing yet."""
        if not self._owned or self.engine.dialect.name != "sqlite" or self._ready:
            return
        from careplug_sqlalchemy import records

        if records.is_empty(self.engine):
            with self._lock:
                records.create(self.engine, self._entities())
