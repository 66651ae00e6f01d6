"""Measures a part of the proof of scale and prints it: `python -m tests.proof.scale --only page --database sqlite`."""

from __future__ import annotations

import argparse
import sys

from tests.proof.scale import lines, told
from tests.proof.scale.measures import PARTS
from tests.proof.scale.places import LARGEST, places


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.scale", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {', '.join(PARTS)}; none to fill only")
    parser.add_argument("--database", default=",".join(LARGEST), help=f"of {', '.join(LARGEST)}")
    parser.add_argument("--size", type=int, help="one size only")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the whole proof (default 1.0)")
    given = parser.parse_args(arguments)
    found = [
        place
        for place in places(given.scale)
        if place.database in given.database.split(",") and given.size in (None, place.size)
    ]
    only = [part for part in given.only.split(",") if part not in ("", "none")]
    return 1 if [line for line in told(lines(found, only)) if not line.same] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
