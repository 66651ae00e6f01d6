"""Prints the lowest versions that the distributions say they work with, as constraints for `make lowest`."""

from __future__ import annotations

import re
import tomllib

from tests.housekeeping import ROOT

_BOUND = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9.]+)")


def lowest() -> list[str]:
    """`name==version` for every runtime dependency and extra of every distribution; the tools are left alone."""
    found: dict[str, str] = {}
    for manifest in [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/*/pyproject.toml"))]:
        project = tomllib.loads(manifest.read_text(encoding="utf-8"))["project"]
        extras = project.get("optional-dependencies", {})
        wanted = [
            *project["dependencies"],
            *(line for name, lines in extras.items() if name != "dev" for line in lines),
        ]
        for match in filter(None, map(_BOUND.match, wanted)):
            name, version = match[1].lower(), match[2]
            if not name.startswith("careplug"):
                found[name] = version
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    print("\n".join(lowest()))
