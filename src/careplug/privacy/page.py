"""The readable page of an export: one HTML file, without scripts, in Chinese or English."""

from __future__ import annotations

import html
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, Self

from careplug.privacy.about import entity_said
from careplug.refs import Ref
from careplug.text import say

if TYPE_CHECKING:
    from careplug.care import Care

__all__ = ["Page"]

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{width:14rem;font-weight:600;background:#f5f5f5}"
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_DULL = frozenset(
    {"tenant", "head", "sequence", "version", "fence", "leased_until", "next_at", "lane", "hash", "facts"}
)


class Page:
    """Takes rows as they come and keeps the page in a temporary file; used as a context manager."""

    def __init__(self, care: Care, ref: Ref, language: str) -> None:
        self._types = care.setup.fact_types
        self._language = language
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self._entity = ""
        title = say("privacy.page.title", language, ref=ref)
        lang = "zh" if language.startswith("zh") else "en"
        self._write(f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{html.escape(title)}</title>')
        self._write(f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>")
        self._write(f"<p>{html.escape(say('privacy.page.about', language))}</p>\n")

    def row(self, entity: str, data: Mapping[str, Any]) -> None:
        """Add a row under its entity's heading, empty values left out."""
        if entity != self._entity:
            self._entity = entity
            self._write(f"<h2>{html.escape(entity_said(entity, self._language))}</h2>\n")
        shown = {name: value for name, value in data.items() if name not in _DULL and value not in (None, "", [], {})}
        cells = "".join(f"<tr><th>{html.escape(name)}<td>{_cell(value)}" for name, value in shown.items())
        self._write(f"<table>{cells}</table>\n")
        for fact in data.get("facts", ()):
            self._fact(entity, fact)

    def _fact(self, entity: str, fact: Mapping[str, Any]) -> None:
        kind = self._types.get((entity, fact["type"]))
        label = kind.label.get(self._language) if kind is not None and kind.label else fact["type"]
        head = f"{_shown(fact['at'])} · {label} · {fact['actor']}"
        cells = "".join(f"<tr><th>{html.escape(name)}<td>{_cell(value)}" for name, value in fact["data"].items())
        self._write(f"<h3>{html.escape(head)}</h3><table>{cells}</table>\n")

    def copy_to(self, out: IO[bytes]) -> None:
        """Write the page where it is to be."""
        self._write("</html>\n")
        self._kept.seek(0)
        shutil.copyfileobj(self._kept, out)

    def _write(self, text: str) -> None:
        self._kept.write(text.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()


def _shown(text: str) -> str:
    """A text as people read it: of an instant the minute."""
    return f"{text[:10]} {text[11:16]} UTC" if _INSTANT.fullmatch(text) else text


def _cell(value: object) -> str:
    text = _shown(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return html.escape(text).replace("\n", "<br>")
