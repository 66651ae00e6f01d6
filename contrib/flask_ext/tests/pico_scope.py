"""Makes ``static/pico.scoped.css`` of the vendored build: every rule below ``.pico``, nothing of a host's page changed.

Pico's conditional build still styles the root, the body, ``.container``, ``.grid`` and every element's box. In a host's
layout that moves the host's own page. Run this file after a new Pico was vendored; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

STATIC = Path(__file__).parents[1] / "src/careplug_flask/static"
SOURCE = STATIC / "vendor/pico.conditional.min.css"
TARGET = STATIC / "pico.scoped.css"

_PAGE = re.compile(r"((?::root|\[data-theme)[^ ]*) ?(.*)")
"""A selector that speaks of the page, and what it says below it."""


def scoped(css: str) -> str:
    """The style sheet with every selector below ``.pico``; what speaks of the root loses its weight."""
    comment, _, rest = css.partition("*/")
    head = comment[comment.index("/*") :].replace("\n", "\n") + "*/\n/* Scoped to .pico by careplug. */\n"
    return head + "".join(_rules(rest))


def _rules(css: str) -> Iterator[str]:
    place = 0
    while place < len(css):
        brace = css.find("{", place)
        if brace < 0:
            return
        selector, end = css[place:brace].strip(), _end(css, brace)
        body, place = css[brace + 1 : end], end + 1
        if selector.startswith("@keyframes"):
            yield f"{selector}{{{body}}}\n"
        elif selector.startswith("@"):
            yield f"{selector}{{\n{''.join(_rules(body))}}}\n"
        else:
            yield from _rule(selector, body)


def _end(css: str, brace: int) -> int:
    """Where the block that opens here closes; braces in quotes are text."""
    depth, quote = 0, ""
    for place in range(brace, len(css)):
        sign = css[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
            if not depth:
                return place
    raise ValueError(css[brace : brace + 40])


def _rule(selector: str, body: str) -> Iterator[str]:
    body = re.sub(r"(^|;)color-scheme:[a-z]+;?", r"\1", body)  # that of the page is the host's
    found = [each for each in map(_below, _selectors(selector)) if each]
    if found and body:
        yield f"{','.join(dict.fromkeys(found))}{{{body}}}\n"


def _selectors(text: str) -> Iterator[str]:
    """The selectors of a list; a comma inside brackets is no end."""
    depth, begin = 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _below(selector: str) -> str:
    """The selector inside ``.pico``; empty for what can only be outside."""
    if ".pico" in selector:
        return selector
    if selector.startswith(":host") or selector == ":where(:host)":
        return ""
    if selector in (":root", ":where(:root)"):
        return ":where(.pico)"
    page = _PAGE.match(selector)
    if page is not None:
        return f"{page[1]} .pico {page[2]}" if page[2] else f":where({selector}) :where(.pico)"
    if selector.startswith(("body", ".modal-is", ":where(.modal-is")):
        return ""
    return f".pico {selector}"


if __name__ == "__main__":
    TARGET.write_text(scoped(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
