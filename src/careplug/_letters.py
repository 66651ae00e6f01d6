"""How texts are written: runs without blanks, words and what joins them, numbers, and the one form in which letters compare."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ACCENTS", "JOINT", "PIECE", "PLAIN", "RUN", "WORD", "digits_of", "is_number", "normal"]

_PHONE = 7
"""Digits of a number written with dashes that is one number: 138-0013-8000."""

# Thai, Lao, Burmese, Khmer; radicals, kana, bopomofo, Han with its extensions, Hangul
RUN = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD = rf"[^\W_{RUN}]+"
PIECE = re.compile(
    rf"(?P<run>[{RUN}]+)|(?P<word>{WORD}(?:[-._/@+:'’&]{WORD})*)|(?P<sign>[\u2190-\u2bff\U0001f000-\U0001faff])"
)
JOINT = re.compile(r"[-._/@+:'’&]")
_DASHES = re.compile(r"[0-9]+(?:-[0-9]+)+")
PLAIN = re.compile(rf"[0-9]{{{_PHONE},}}")
ACCENTS = re.compile(
    "[\u0300-\u036f\u1160-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f]"
)
"""What joins the letter before it when a text is normalised."""


def normal(text: str) -> str:
    """The text as words are compared: full-width and half-width, upper and lower case are one (NFKC, case folded)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def digits_of(piece: str) -> str:
    """The digits of a compound that is nothing but a long number in parts, else nothing."""
    digits = JOINT.sub("", piece)
    return digits if digits != piece and PLAIN.fullmatch(digits) else ""


def is_number(piece: str) -> bool:
    """Whether it is one long number written with dashes."""
    return _DASHES.fullmatch(piece) is not None and len(piece) - piece.count("-") >= _PHONE
