"""What can be said about an open page without knowing what it is for: does it fit, is it translated, is it accessible.

Each check gives its findings, so a test says `assert overflow(page) == []` and reads them when it fails. They look at
the main document only, not into frames and shadow trees, and at the page as it stands at this moment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from careplug.text import PSEUDO, language_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

_HERE = Path(__file__).parent


@functools.cache
def _script(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@attrs.frozen
class Finding:
    """One thing that is wrong: which check, on which element (tag#id.class), its text, and why."""

    check: str
    element: str
    text: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.check}: {self.element} {self.text!r} {self.detail}".rstrip()


# ---------------------------------------------------------------------------------------------- does it fit


def overflow(page: Page, *, ignore: str = "") -> list[Finding]:
    """What does not fit into the window: `page`, `wide`, `clipped`, `spilled`.

    `page`: the page scrolls sideways, or a phone lays it out for a wider window. `wide`: an element reaches out of the
    window and no ancestor scrolls. `clipped`: text is cut by `overflow: hidden` or an ellipsis. `spilled`: text stands
    outside its own box. A box with `overflow-x: auto` may be scrolled, so what is in it is fine. Elements inside the
    selector `ignore` are not looked at.
    """
    size = page.viewport_size
    assert size, "a page without a viewport has no width to fit into"
    rows = page.evaluate(_script("overflow.js"), {"width": size["width"], "ignore": ignore})
    return [Finding(row["check"], row["element"], row["text"], row["detail"]) for row in rows]


# ---------------------------------------------------------------------------------------------- is it translated

ALLOWED = frozenset({
    "careplug", "MB", "SLA", "API", "ID", "URL", "HTTP", "HTTPS", "UTC", "ISO", "JSON", "CSV", "TOML", "PDF", "English",
})  # fmt: skip
"""Latin words that a Chinese page may say. Names, texts and codes of users are to be marked translate="no"."""

_CODES = re.compile(
    r"""
    https?://\S+ | \b(?:kind|person|organisation|team|product|site|system):[\w-]+      # references as they are typed
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+         # addresses
    | \b(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Za-z_/]+
    | \b(?=[A-Za-z_.:-]*\d)[A-Za-z0-9]+(?:[_.:-][A-Za-z0-9]+)*   # CP-2026-000026, v2.1, 0.1.0a1
    """,
    re.VERBOSE | re.ASCII,
)
_INSIDE = re.compile(r"⟦[^⟦⟧]*⟧")
_LATIN = re.compile(r"[A-Za-z][A-Za-z'_-]*[A-Za-z]")
_LETTERS = re.compile(r"[^\W\d_]+(?:['_-][^\W\d_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")


def foreign(text: str, language: str, allow: Iterable[str] = ()) -> list[str]:
    """The words of a text that are not of the language: Latin ones in Chinese, Chinese ones in English.

    In the pseudo-locale every word outside ⟦ and ⟧; a bracket without its partner is a finding too.
    """
    allowed = ALLOWED | set(allow)
    for phrase in sorted((word for word in allowed if " " in word), key=len, reverse=True):
        text = text.replace(phrase, " ")
    words = {PSEUDO: _LETTERS, "zh_CN": _LATIN}.get(language, _HAN)
    if language == PSEUDO:
        while _INSIDE.search(text):  # a sentence may be a value of another
            text = _INSIDE.sub(" ", text)
        odd = re.findall(r"[⟦⟧]", text)
        return odd + [word for word in words.findall(_CODES.sub(" ", text)) if word not in allowed]
    return [word for word in words.findall(_CODES.sub(" ", text)) if word not in allowed]


def untranslated(page: Page, *, language: str | None = None, allow: Iterable[str] = ()) -> list[Finding]:
    """Words on the page, visible or not, that are not of its language; `language` is else what `<html lang>` says.

    Looked at are texts, the title, what CSS puts before and after, the values of buttons, and attributes that a person
    reads or hears (placeholder, title, alt, aria-label, hx-confirm …). Not looked at: translate="no", class
    notranslate, elements that say another `lang` than the page, code, and what stands in a field. `allow` are words
    or phrases that are fine on this page. A page without `lang`, or of another than was asked for, is a finding.
    """
    allow = tuple(allow)
    rows = page.evaluate(_script("words.js"))
    said = rows[0]["language"]
    wanted = language_of(language or said)
    findings = []
    if not said:
        findings.append(Finding("language", "html", "", "no lang"))
    elif language_of(said) != wanted:
        findings.append(Finding("language", "html", said, f"lang is not {language}"))
    for row in rows[1:]:
        if language_of(row["language"]) != language_of(said):
            continue
        words = foreign(row["text"], wanted, allow)
        if words:
            findings.append(Finding("untranslated", row["element"], " ".join(words), f"in {row['source']}"))
    return findings


# ---------------------------------------------------------------------------------------------- is it accessible


@attrs.frozen
class Violation:
    """A rule of axe-core that the page breaks, how bad that is for people, and where."""

    rule: str
    impact: str
    help: str
    nodes: tuple[Mapping[str, str], ...]

    def __str__(self) -> str:
        where = "".join(f"\n    {node['target']}  {node['html'][:160]}\n      {node['why']}" for node in self.nodes)
        return f"{self.impact}: {self.rule}: {self.help}{where}"


@attrs.frozen
class Accessibility:
    """What axe-core said about a page."""

    version: str
    violations: tuple[Violation, ...]
    incomplete: tuple[Violation, ...]
    """What axe could not decide, for a person to look at."""
    ran: Mapping[str, str]
    """Every rule that ran, and its outcome: passes, violations, incomplete, inapplicable."""

    @property
    def failures(self) -> list[Violation]:
        """The violations that count: serious and critical."""
        return [each for each in self.violations if each.impact in {"serious", "critical"}]

    def report(self) -> str:
        """All violations, and how the rules came out, for a log."""
        rules = "\n".join(f"  {outcome:<12} {rule}" for rule, outcome in sorted(self.ran.items()))
        return "\n".join([*map(str, self.violations), f"axe-core {self.version}, {len(self.ran)} rules:", rules])


@functools.cache
def _axe_source() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, *, inside: str = "", rules: Mapping[str, bool] | None = None) -> Accessibility:
    """Run axe-core on the page, or on what is inside a selector; `rules` switches single ones on or off.

    All rules that axe switches on by itself run, best practices too. A strict content security policy is no
    obstacle: the debugger puts the script into the page. A visitor without JavaScript cannot run it (ValueError).
    """
    if page.evaluate("() => matchMedia('(scripting: none)').matches"):
        raise ValueError("axe-core waits with timers, which stand still without JavaScript")
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe_source()}\n}} }}")
    switched = {rule: {"enabled": on} for rule, on in (rules or {}).items()}
    told: dict[str, Any] = page.evaluate(_script("axe.js"), {"context": inside, "rules": switched})
    return Accessibility(
        version=told["version"],
        violations=tuple(_violation(each) for each in told["violations"]),
        incomplete=tuple(_violation(each) for each in told["incomplete"]),
        ran=told["ran"],
    )


def _violation(told: Mapping[str, Any]) -> Violation:
    return Violation(told["rule"], told["impact"], told["help"], tuple(told["nodes"]))
