"""`docs/reference/errors.md`, made from the catalogue and the lines that raise: `python -m tests.docs.errors_page`."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from pathlib import Path

from careplug import errors
from careplug.text import Text, catalogue
from tests.housekeeping import ROOT, table

PAGE = ROOT / "docs" / "reference" / "errors.md"
CLASSES = {*errors.__all__, "Usage", "Broken"} - {"CareError"}

HEAD = """# Errors

Every error has a class, a `code`, the `field` that is wrong, and a sentence that is made when it is read, in the
reader's language: `error.text("zh_CN")`, `str(error)` for English. `{field}` is the dotted name of the input, other words
between braces are its values. No two different mistakes share class and field, so a program can go by these two.

| class | also a | means | exit code |
|---|---|---|---|
| `Invalid` | `ValueError` | a value that cannot be accepted; nothing was stored | 1 |
| `NotFound` | `LookupError` | it is not there, for this tenant and this actor | 1 |
| `Refused` | `PermissionError` | a rule or a permission says no | 1 |
| `Conflict` | | somebody else was faster | 3 |
| `Retry` | | a passing fault of the database: run the unit again | 3 |
| `InDoubt` | | the database went away while it kept the unit: look, or run it again with its idempotency key | 3 |
| `Unavailable` | | the database does not answer, or does not let us in | 6 |
| `SchemaMissing`, `SchemaNewer` | | the database does not fit | 4 |
| `PluginFailed` | | a plugin did not load | 6 |
| `Usage` | `Invalid` | the command line is wrong | 2 |
| `Broken` | | what the command line needs does not work | 6 |

All are children of `careplug.errors.CareError`. Where the class stands as “–”, the error is made from another one.
This page is made by `python -m tests.docs.errors_page`; a test keeps it true.
"""


def classes() -> dict[str, set[str]]:
    """Code → the classes it is raised as, where code and class are literal."""
    found: dict[str, set[str]] = defaultdict(set)
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "plugins").glob("*/src/**/*.py")]
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        parts = node.args
        if name == "error" and isinstance(parts[0], ast.Name):
            name, parts = parts[0].id, parts[1:]
        if name in CLASSES and parts and isinstance(parts[0], ast.Constant):
            found[str(parts[0].value)].add(name)
    return found


def sentences() -> dict[str, Text]:
    """Every error of the core by code."""
    return {code.removeprefix("error."): words for code, words in catalogue().items() if code.startswith("error.")}


def of_plugins() -> dict[str, dict[str, Text]]:
    """The sentences that distributions carry themselves, by distribution."""
    own = dict(importlib.import_module("careplug_sqlalchemy.errors").SENTENCES)
    crypto = dict(importlib.import_module("careplug_crypto.errors").SENTENCES)
    api = importlib.import_module("careplug_holidays.api")
    named: dict[str, Text] = {}
    for node in ast.walk(ast.parse(Path(str(api.__file__)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and any(each.arg == "sentence" for each in node.keywords):
            words = next(ast.unparse(each.value) for each in node.keywords if each.arg == "sentence")
            named[ast.literal_eval(node.args[0])] = getattr(api, words)
    return {"careplug-crypto": crypto, "careplug-holidays": named, "careplug-sqlalchemy": own}


def _part(found: dict[str, Text], known: dict[str, set[str]]) -> str:
    rows = [
        [f"`{code}`", ", ".join(sorted(known.get(code, ()))) or "–", found[code].en, found[code].zh] for code in found
    ]
    return table(sorted(rows), ["code", "class", "English", "中文"])


def page() -> str:
    """The text of the page."""
    known, parts = classes(), [HEAD]
    groups: dict[str, dict[str, Text]] = defaultdict(dict)
    for code, words in sentences().items():
        groups[code.partition(".")[0]][code] = words
    parts += [f"## {name}\n\n{_part(groups[name], known)}\n" for name in sorted(groups)]
    parts += [f"## Of {name}\n\n{_part(found, known)}\n" for name, found in sorted(of_plugins().items())]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
