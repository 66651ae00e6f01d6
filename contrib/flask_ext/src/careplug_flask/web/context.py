"""What every template may use: words, names, times, money of time, the form's token, who is there, where to go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import request, url_for
from markupsafe import Markup

from careplug.criteria import Is
from careplug.errors import CareError
from careplug.messages.directory import StoredDirectory
from careplug.messages.entities import Party
from careplug.refs import Ref
from careplug.sla import words as sla_words
from careplug.text import Text
from careplug_flask import guard
from careplug_flask.identity import login_url, visitor
from careplug_flask.web.navigation import navigation
from careplug_flask.web.problems import concerns, place_of, spoken
from careplug_flask.web.times import near
from careplug_flask.words import own
from careplug_flask.work import may

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["Words", "page_context", "words"]


_STYLES = ("pico.scoped.css", "careplug.css", "engineer.css", "survey.css")
"""The style sheets of every page, in the order in which they build on each other."""


class Words:
    """How codes, instants and people are said to one reader. Lives as long as its unit, and remembers names."""

    def __init__(self, here: State, unit: Any) -> None:
        who = visitor()
        self._here = here
        self._unit = unit
        self.language = who.language
        self.zone = who.zone
        self._names: dict[Ref, str] = {}

    def say(self, code: str, /, **params: object) -> str:
        """A sentence: the extension's own, the core's, or a plugin's; an unknown code is shown as itself."""
        found = own().get(code)
        if found is not None:
            from careplug.text import fill

            return fill(found.get(self.language), params)
        return self._here.care.catalogue.say(code, self.language, **params)

    def word(self, group: str, code: str) -> str:
        """The word for a code of a group (``kind``, ``state``, ``party`` …), a plugin's too."""
        return self._here.care.catalogue.word(group, code, self.language)

    def name(self, kind: str, code: str, group: str = "") -> str:
        """What the stored definition (``state``, ``transition``, ``metric``, ``pause_reason``) calls itself."""
        found = self._unit.definitions.active(kind).get(code) if self._unit is not None else None
        if found is not None and found.label:
            return str(found.label.get(self.language))
        return self.word(group or kind, code)

    def text(self, value: Text | str) -> str:
        """A ``Text`` in the reader's language."""
        return value.get(self.language) if isinstance(value, Text) else value

    def moment(self, value: datetime | None) -> str:
        """An instant on the reader's clock, with its weekday; empty for none."""
        return sla_words.moment(value, self.zone.key, self.language) if value is not None else ""

    def clock(self, value: datetime | None) -> str:
        """An instant on the reader's clock, to the minute; empty for none."""
        return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M}" if value is not None else ""

    def span(self, value: timedelta) -> str:
        """A span in hours and minutes."""
        return sla_words.duration(value, self.language)

    def person(self, ref: Ref | str | None) -> str:
        """The name the directory knows of a reference, else its id; empty for none."""
        if ref is None or ref == "":
            return ""
        known = Ref.parse(ref) if isinstance(ref, str) else ref
        if known not in self._names:
            contact = self._here.care.setup.directory.find(self._unit, known) if self._unit is not None else None
            self._names[known] = contact.name if contact is not None and contact.name else known.id
        return self._names[known]

    def know(self, refs: Iterable[Ref | None]) -> None:
        """Look the names of several people up in one query, where the directory is the stored one."""
        wanted = {ref for ref in refs if ref is not None and ref not in self._names}
        if not wanted or self._unit is None or not isinstance(self._here.care.setup.directory, StoredDirectory):
            return
        found = self._unit.store.pick(Party, ("ref", "name"), Is("ref", "in", tuple(wanted)))
        self._names |= {ref: ref.id for ref in wanted} | {ref: name for ref, name in found if name}

    def error(self, found: CareError) -> str:
        """An error's sentence."""
        return found.text(self.language, self._here.care.catalogue)


def words(here: State, unit: Any) -> Words:
    """The words for this request's visitor."""
    return Words(here, unit)


def page_context(here: State, unit: Any) -> dict[str, Any]:
    """The values every template gets."""
    who, said = visitor(), Words(here, unit)
    now = unit.now() if unit is not None else here.care.clock()
    return {
        "say": said.say,
        "word": said.word,
        "name": said.name,
        "text": said.text,
        "moment": said.moment,
        "clock": said.clock,
        "span": said.span,
        "person": said.person,
        "error_text": said.error,
        "concerns": concerns,
        "problem_place": place_of,
        "problem_text": partial(spoken, here, language=who.language),
        "near": partial(near, said, now=now),
        "language": who.language,
        "html_language": "zh-CN" if who.language == "zh_CN" else "en",
        "zone": who.zone.key,
        "visitor": who,
        "side": who.actor.side if who.actor is not None else "",
        "may": partial(may, unit),
        "csrf": _csrf,
        "here": partial(url_for),
        "static": _static,
        "navigation": navigation(here, unit) if unit is not None and who.via != "link" else (),
        "title_of_house": here.options.title.get(who.language),
        "login_url": login_url(here) if who.actor is None else "",
        "logout_url": _logout(here),
        "other_language": _other(who.language),
        "styles": tuple(_static(name) for name in _STYLES),
        "head_in_block": "head" in here.options.blocks,
        "scripts_in_block": "scripts" in here.options.blocks,
        "now": now,
        "problem": None,
    }


def _csrf() -> Markup:
    """The hidden field that carries the token of a form."""
    token = guard.csrf_token()
    if not token:
        return Markup("")
    return Markup('<input type="hidden" name="{}" value="{}">').format(guard.csrf_field(), token)


def _static(name: str) -> str:
    return url_for("careplug.static", filename=name)


def _logout(here: State) -> str:
    place = here.options.logout_view
    return url_for(place) if place and "/" not in place else place


def _other(language: str) -> Mapping[str, str]:
    """The link that shows this page in the other language."""
    code, name = ("en", "English") if language == "zh_CN" else ("zh", "中文")
    args = {**request.args.to_dict(), "lang": code}
    from urllib.parse import urlencode

    return {"url": f"?{urlencode(args)}", "name": name, "code": code}
