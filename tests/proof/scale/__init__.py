"""A million cases: pages, sweeps, searches and reports beside hand-written SQL on the same rows, and what filling takes.

The databases are filled once with invented cases (seeded, with whole chains, and clocks as the rules compute them; a
thousand of them are verified and rebuilt) and stay under `build/proof/scale` or CAREPLUG_PROOF_DIR, and as
`careplug_scale_…` on the servers. `python -m tests.proof.scale --only page,sweep --database sqlite --size 10000` measures a part.
A mismatch is a case that does not verify, or a question to which careplug and the SQL give other rows; the aims are
in the table and are no mismatch where they are missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.proof.scale import fill
from tests.proof.scale.floors import Floors
from tests.proof.scale.measures import PARTS, Desk, Line, measured
from tests.proof.scale.places import Place, filled, opened, places

__all__ = ["lines", "run"]


def lines(found: Sequence[Place], only: Sequence[str] = tuple(PARTS)) -> Iterator[Line]:
    """Fill what is not filled, and measure; a line of each thing."""
    for place in found:
        with opened(place) as care:
            made = filled(care, place)
            if made is not None:
                wrong = fill.honest(care, place.size)
                pace = f"{made.cases / made.seconds:,.0f} cases/s, at most {made.megabytes} MB, {wrong} wrong"
                yield Line(place=str(place), name="fill", ours=made.seconds * 1000, same=not wrong, note=pace)
            yield from measured(Desk(place, care, Floors(care)), only)


def run(scale: float) -> dict[str, object]:
    """Every part on every database, at this part of their sizes."""
    figures: dict[str, object] = {}
    wrong = 0
    for line in told(lines(places(scale))):
        figures[f"{line.place}: {line.name}"] = line.figure()
        wrong += not line.same
    return {**figures, "mismatches": wrong}


def told(found: Iterator[Line], say: Callable[[str], None] = lambda text: print(text, flush=True)) -> Iterator[Line]:
    """The lines, each said as it comes."""
    for line in found:
        say(line.text())
        yield line
