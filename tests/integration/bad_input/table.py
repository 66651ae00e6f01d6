"""The whole table."""

from __future__ import annotations

from tests.integration.bad_input import (
    api_cases,
    api_intake,
    api_resources,
    api_surveys,
    api_values,
    carried,
    command_line,
    database_doors,
    database_values,
    forgetting,
    searching,
    toml_definitions,
    toml_files,
    toml_surveys,
)

PARTS = (
    api_intake,
    api_cases,
    api_values,
    api_resources,
    api_surveys,
    command_line,
    toml_files,
    toml_definitions,
    toml_surveys,
    database_doors,
    database_values,
    carried,
    forgetting,
    searching,
)
ROWS = tuple(row for part in PARTS for row in part.ROWS)
