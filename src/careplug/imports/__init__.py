"""Logs of other systems become cases: read by a map, written as facts with origin ``import``.

``run_import(care, "log.csv.xz", "boston311")`` reads a log by a map and returns an ``ImportReport``; ``read_map`` and
``fields_of`` give the map, and the plugin that declares the custom fields it keeps.
"""

from __future__ import annotations

from careplug.imports.map import ImportMap
from careplug.imports.parse import PACKAGED, parse_map, read_map
from careplug.imports.prepare import fields_of
from careplug.imports.report import ImportReport, Trouble
from careplug.imports.run import run_import

__all__ = ["PACKAGED", "ImportMap", "ImportReport", "Trouble", "fields_of", "parse_map", "read_map", "run_import"]
