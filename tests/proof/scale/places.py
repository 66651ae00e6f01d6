"""Where the cases of the proof are: databases that stay for the next run, or, for a small part, throw-away ones."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import attrs
from sqlalchemy import Table

from careplug import Care
from tests.housekeeping import ROOT
from tests.proof import _logs
from tests.proof.scale import answers, fill
from tests.proof.scale.stories import NOW
from tests.services import database, kept

__all__ = ["Filled", "Hands", "Place", "filled", "opened", "places", "tables", "tidied"]

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = {"sqlite": 1_000_000, "postgresql": 1_000_000, "mariadb": 100_000}
KEPT_FROM = 0.05
"""From this part of the whole on databases stay; smaller ones are filled anew in seconds."""

LEAST = 200


@attrs.frozen
class Place:
    """One database of the proof and how many cases it holds."""

    database: str
    size: int
    stays: bool = False

    def __str__(self) -> str:
        return f"{self.database} {self.size:,}"


@attrs.define
class Hands:
    """A clock that can be set back: what was done later is put back then."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        """The time it was set to."""
        return self.at


@attrs.frozen
class Filled:
    """What filling took: cases written now, seconds, megabytes at the most."""

    cases: int
    seconds: float
    megabytes: int


def places(scale: float = 1.0) -> list[Place]:
    """The databases of this part of the proof, small ones first; of a small part the largest of each alone."""
    whole = scale >= KEPT_FROM
    return [
        Place(name, max(LEAST, round(size * scale)), stays=whole)
        for size in SIZES
        for name, largest in LARGEST.items()
        if size == largest or (whole and size < largest)
    ]


@contextlib.contextmanager
def opened(place: Place) -> Iterator[Care]:
    """A Care on the place's database, its clock at ``NOW``; the schema is brought up to date."""
    with contextlib.ExitStack() as stack:
        if place.stays:
            folder = Path(os.environ.get("CAREPLUG_PROOF_DIR") or ROOT / "build" / "proof")
            url = kept(place.database, f"careplug_scale_{place.size}", folder / "scale")
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(database(place.database, folder))
        with Care(url, clock=Hands(), block=("holidays", "flask")) as care:
            care.upgrade()
            yield care


def filled(care: Care, place: Place) -> Filled | None:
    """Bring the database to its size where it is not; None where it was."""
    begun = time.perf_counter()
    told = _progressed(place, begun)
    written = fill.fill(care, place.size, progressed=told)
    written += answers.fill_answers(care, place.size, progressed=told)
    seconds = time.perf_counter() - begun
    if not fill.progress(care, place.size, "tidied"):
        tidied(care)
        with care.transaction(tenant="") as store:
            fill.note(store, place.size, place.size, "tidied")
    return Filled(written, seconds, _logs.peak()) if written else None


def _progressed(place: Place, begun: float) -> fill.Progress:
    def told(done: int, size: int) -> None:
        if done % 50_000 == 0:
            spent = time.perf_counter() - begun
            print(f"{place}: {done:,} of {size:,}, {spent:.0f} s, {_logs.peak()} MB", flush=True)

    return told


def tidied(care: Care) -> None:
    """Let a server look over its tables, as its own background work would; an SQLite file is left as it is in the field."""
    engine = care.storage.engine  # type: ignore[attr-defined]
    names = sorted(table.name for table in tables(care).values())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            for name in names:
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {name}")
        elif engine.dialect.name != "sqlite":
            connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(names)}").all()


def tables(care: Care) -> dict[str, Table]:
    """The tables of a Care's database by entity."""
    found = care.storage._prepared()  # type: ignore[attr-defined]
    return {mapper.codec.spec.name: mapper.table for mapper in found.mappers.values()}
