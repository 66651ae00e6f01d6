"""``db plan`` and ``db upgrade``: additive steps, then old rows through the upcasters, then unique keys.

Alembic is imported here and nowhere else, and this module only by those two commands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, exc

from careplug.errors import Conflict, Invalid
from careplug.ports import SchemaStep
from careplug_sqlalchemy import records, reindex, rewrite
from careplug_sqlalchemy.bound import Bound
from careplug_sqlalchemy.engine import begin, connect
from careplug_sqlalchemy.errors import error, translate
from careplug_sqlalchemy.steps import AFTER_REWRITE, Step, differences

__all__ = ["plan", "upgrade"]

_LOCK_SECONDS = 600


def plan(engine: Engine, bound: Bound) -> list[SchemaStep]:
    """Every step in the order it would run, with its SQL; changes nothing."""
    with _reading(engine) as connection:
        steps = differences(connection, bound)
        pending = [*rewrite.pending(connection, bound), *reindex.pending(connection, bound)]
    return [step.shown for step in _merged(steps, pending)]


def upgrade(engine: Engine, bound: Bound, *, allow: Sequence[str] = ()) -> list[SchemaStep]:
    """Run the plan without the destructive steps that ``allow`` does not name; what was done.

    It may be stopped at any point and run again: what is done is not done twice. ``Conflict`` where old rows are
    not unique in a new key, ``Invalid`` for a name in ``allow`` that is no step.
    """
    with _alone(engine), _translated():
        with _reading(engine) as connection:
            steps = differences(connection, bound)
            pending = [*rewrite.pending(connection, bound), *reindex.pending(connection, bound)]
        _refuse_unknown(steps, allow)
        wanted = [step for step in steps if not step.shown.destructive or step.shown.name in allow]
        _apply(engine, bound, [step for step in wanted if step.phase < AFTER_REWRITE], first=True)
        rewrite.run(engine, bound)
        reindex.run(engine, bound)
        _apply(engine, bound, [step for step in wanted if step.phase >= AFTER_REWRITE], first=False)
        return [step.shown for step in _merged(wanted, pending)]


def _merged(steps: Sequence[Step], pending: Sequence[Step]) -> list[Step]:
    return sorted([*pending, *steps], key=lambda step: step.phase)


def _refuse_unknown(steps: Sequence[Step], allow: Sequence[str]) -> None:
    names = {step.shown.name for step in steps}
    for name in allow:
        if name not in names:
            raise error(Invalid, "storage.unknown_step", field=f"allow.{name}", value=name)


def _apply(engine: Engine, bound: Bound, steps: Sequence[Step], *, first: bool) -> None:
    """Run steps and write what then is applied, in one transaction (MariaDB commits each DDL by itself)."""
    connection = begin(engine, writes=True)
    try:
        for step in steps:
            _run(connection, step)
        if first:
            records.start_counter(connection, bound)
            records.note_new(connection, bound)
        else:
            records.note_all(connection, bound)
        connection.commit()
    finally:
        connection.close()


def _run(connection: Connection, step: Step) -> None:
    try:
        step.run(connection)
    except exc.DBAPIError as found:
        if step.phase == AFTER_REWRITE and isinstance(translate(found, field=step.shown.name), Conflict):
            raise error(Conflict, "storage.backfill_unique", field=step.shown.name) from found
        raise


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.SQLAlchemyError as found:
        raise translate(found, field="upgrade") from found


@contextlib.contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    connection = begin(engine, writes=False)
    try:
        yield connection
    except exc.SQLAlchemyError as found:
        raise translate(found, field="schema") from found
    finally:
        connection.close()


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """One upgrade at a time; SQLite's writers exclude each other by themselves."""
    name = engine.dialect.name
    if name == "sqlite":
        yield
        return
    if name == "postgresql":
        take, free = "SELECT pg_advisory_lock(7236183)", "SELECT pg_advisory_unlock(7236183)"
    else:
        lock = "concat('careplug_', database())"
        take, free = f"SELECT GET_LOCK({lock}, {_LOCK_SECONDS})", f"SELECT RELEASE_LOCK({lock})"
    with connect(engine) as connection:
        connection.exec_driver_sql(take)
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql(free)
            connection.commit()
