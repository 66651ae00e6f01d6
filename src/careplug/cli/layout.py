"""How wide text is on a terminal, and where a line may break: Chinese letters take two columns, and need no blank."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain", "width", "wrap"]

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
_CLOSING = ",。;:!?、)”’》」】…⟧,.;:!?)"
_PIECES = re.compile(rf"\s+|[(“‘《「【⟦]*[{_WIDE}][{re.escape(_CLOSING)}]*|[^\s{_WIDE}]+[{re.escape(_CLOSING)}]*")


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns; a longer word stays whole. Line breaks inside are kept."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _PIECES.findall(paragraph):
            if line and width(line) + width(piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = ""
            line += piece if line or not piece.isspace() else ""
        lines.append(line.rstrip())
    return lines


def plain(text: str, kept: str = "\n") -> str:
    """The text without control characters: a customer's words must not steer the terminal they are shown on."""
    return "".join(letter if letter in kept or letter.isprintable() else " " for letter in text)
