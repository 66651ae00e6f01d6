"""The files of a form: kept one by one after what they came with is stored."""

from __future__ import annotations

from typing import Any

from flask import request

from careplug.errors import CareError
from careplug_flask.rest.files import keep

__all__ = ["keep_files", "sent_files"]

MOST = 20
"""Files that one form may carry."""


def sent_files() -> list[Any]:
    """The files that were chosen; a browser also sends the empty field."""
    return [file for file in request.files.getlist("file") if file.filename][:MOST]


def keep_files(number: str, *, tell: bool = False) -> str:
    """Put the files of this request on a case. With ``tell`` an error passes; else the answer is the code of a notice,
    since what they came with is stored and must not be sent again for their sake.
    """
    try:
        for file in sent_files():
            keep(number, file)
    except CareError:
        if tell:
            raise
        return "files_lost"
    return ""
