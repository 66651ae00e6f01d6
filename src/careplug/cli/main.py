"""``careplug``: runs a command and turns whatever happens into words and an exit code; never into a traceback."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from careplug.cli import problems
from careplug.cli.session import Session
from careplug.cli.settings import early
from careplug.errors import CareError

if TYPE_CHECKING:
    from careplug.care import Care

root: Any = None
try:
    from careplug.cli.root import root as _found
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "click":
        raise
else:
    root = _found

__all__ = ["main", "run"]


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point ``careplug``: runs the command line and ends the process with its exit code."""
    code = run(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.stdout.flush()
    except OSError:
        code = _silenced()
    sys.exit(code)


def run(arguments: Sequence[str], *, care: Care | None = None, name: str = "careplug") -> int:
    """Run a command line; the exit code (see ``careplug.cli.problems``).

    With ``care`` on a host's own, which stays open; ``name`` is how the host calls the command line.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal of another encoding must not end a command
    first = early(arguments, os.environ)
    session = Session(language=first.language, as_json=first.as_json, care=care)
    try:
        return _run(list(arguments), session, name)
    except (BrokenPipeError, problems.ReaderGone):
        return _silenced()
    except KeyboardInterrupt:
        return _told(session, problems.Broken("cli.interrupted", field=""), problems.INTERRUPTED)
    except CareError as error:
        return _told(session, error, problems.code_of(error))
    except Exception as error:
        return _unexpected(session, error)
    finally:
        with contextlib.suppress(Exception):
            session.close()


def _run(arguments: list[str], session: Session, name: str) -> int:
    if root is None or importlib.util.find_spec("rich") is None:
        raise problems.Broken("cli.extra_missing", field="careplug[cli]")
    import click

    from careplug.cli.usage import translated

    try:
        code = root.main(arguments, prog_name=name, standalone_mode=False, obj=session)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise translated(error) from None
    return code if isinstance(code, int) else 0


def _told(session: Session, error: CareError, code: int) -> int:
    words = error.text(session.language, session.catalogue)
    if session.as_json:
        told = {"class": type(error).__name__, "code": error.code, "field": error.field, "message": words}
        line = json.dumps({"error": told}, ensure_ascii=False, sort_keys=True)
    else:
        line = f"careplug: {words}"
        usage = getattr(error, "usage", "")
        line = f"{usage}\n{line}" if usage else line
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)
    return code


def _unexpected(session: Session, error: Exception) -> int:
    """A database that does not answer, or a mistake of ours; CAREPLUG_DEBUG shows where."""
    if os.environ.get("CAREPLUG_DEBUG"):
        raise error
    words = next(iter(str(error).strip().splitlines()), "")
    shown = f"{type(error).__name__}: {words}" if words else type(error).__name__
    # The core knows no database, but it can see whose error it is.
    if type(error).__module__.partition(".")[0] in ("sqlalchemy", "sqlite3", "psycopg", "pymysql"):
        return _told(session, problems.Broken("cli.database", field="--database", problem=shown), problems.BROKEN)
    if isinstance(error, OSError):
        name = error.filename if isinstance(error.filename, str) else "files"
        problem = error.strerror or shown
        return _told(session, problems.Broken("cli.file", field=name, problem=problem), 1)
    return _told(session, problems.Broken("cli.internal", field="", problem=shown), problems.INTERNAL)


def _silenced() -> int:
    """Whoever read us has gone: let nothing more be written there, not even by the interpreter's end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return problems.PIPE
