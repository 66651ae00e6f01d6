"""Results drawn as bars, shares and a line over months: SVG made here, without scripts or inline styles. Pure.

Positions are percentages and sizes are pixels, as in the drawing of a receipt. A drawing never stands alone: the numbers
are in the table around or behind it, so what is drawn is hidden from those who hear the page.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from markupsafe import Markup, escape

from careplug_flask.web.svg import element, percent, width_of

__all__ = ["Point", "Scale", "bar", "share", "trend"]

_HEIGHT, _THICK = 20, 12
_CAP = 4
"""Half the length of the stroke at either end of an interval, in pixels."""

_TREND, _TOP, _BOTTOM = 170, 14, 30
_LEFT, _RIGHT = 14.0, 97.0
_NARROW = 300.0


@attrs.frozen
class Scale:
    """What the axis reaches from and to; a bar begins at ``zero``."""

    lowest: float
    highest: float
    zero: float

    def at(self, value: float) -> float:
        """The place of a value in per cent of the axis, at the edge where it lies outside."""
        return 100 * (min(max(value, self.lowest), self.highest) - self.lowest) / (self.highest - self.lowest)


@attrs.frozen(kw_only=True)
class Point:
    """One period of a line: its label, its value with interval (None for a period without answers), as it is told."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    told: str


def bar(value: float, scale: Scale, *, low: float | None = None, high: float | None = None, tone: str = "") -> Markup:
    """A bar from the scale's zero to a value, with a whisker over its interval."""
    middle, top = _HEIGHT / 2, (_HEIGHT - _THICK) / 2
    begin, end = sorted((scale.at(scale.zero), scale.at(value)))
    parts = [
        element("rect", x=0, y=top, width="100%", height=_THICK, rx=2, class_="cps-track"),
        element("rect", x=percent(begin), y=top, width=percent(end - begin), height=_THICK, rx=2, class_="cps-fill"),
    ]
    if scale.lowest < scale.zero:
        x = percent(scale.at(scale.zero))
        parts.append(element("line", x1=x, x2=x, y1=0, y2=_HEIGHT, class_="cps-zero"))
    if low is not None and high is not None:
        parts += _whisker(scale.at(low), scale.at(high), middle)
    return element("svg", *parts, class_=f"cps-bar {tone}".rstrip(), width="100%", height=_HEIGHT, aria_hidden="true")


def _whisker(left: float, right: float, y: float) -> list[Markup]:
    parts = [element("line", x1=percent(left), x2=percent(right), y1=y, y2=y, class_="cps-whisker")]
    parts += [
        element("line", x1=percent(x), x2=percent(x), y1=y - _CAP, y2=y + _CAP, class_="cps-whisker")
        for x in (left, right)
    ]
    return parts


def share(parts: Sequence[tuple[str, float]]) -> Markup:
    """Parts of a whole side by side: (tone, share from 0 to 1)."""
    drawn, left = [], 0.0
    for tone, part in parts:
        box = {"x": percent(left), "y": 0, "width": percent(100 * part), "height": _HEIGHT}
        drawn.append(element("rect", **box, class_=f"cps-slice {tone}"))
        left += 100 * part
    return element("svg", *drawn, class_="cps-share", width="100%", height=_HEIGHT, aria_hidden="true")


def trend(points: Sequence[Point], scale: Scale, *, marks: Sequence[tuple[float, str]]) -> Markup:
    """A line over periods with a band for the intervals; ``marks`` are the values that have a line and a label across."""
    parts: list[Markup] = []
    for value, label in marks:
        y = _height(scale, value)
        parts.append(element("line", x1=percent(_LEFT), x2=percent(_RIGHT), y1=y, y2=y, class_="cps-grid"))
        parts.append(
            element("text", escape(label), x=percent(_LEFT - 1.5), y=y + 4, text_anchor="end", class_="cps-label")
        )
    places = _places(len(points))
    parts.append(_curves(points, places, scale))
    for x, point in zip(places, points, strict=True):
        if point.value is not None:
            title = element("title", escape(point.told))
            parts.append(
                element("circle", title, cx=percent(x), cy=_height(scale, point.value), r=4, class_="cps-point")
            )
    parts += _periods(points, places)
    return element("svg", *parts, class_="cps-trend", width="100%", height=_TREND, aria_hidden="true")


def _places(count: int) -> list[float]:
    inside = (_LEFT + 4, _RIGHT - 4)
    if count == 1:
        return [sum(inside) / 2]
    return [inside[0] + (inside[1] - inside[0]) * place / (count - 1) for place in range(count)]


def _height(scale: Scale, value: float) -> float:
    """The pixel of a value below the upper edge."""
    return round(_TOP + (_TREND - _TOP - _BOTTOM) * (1 - scale.at(value) / 100), 1)


def _curves(points: Sequence[Point], places: Sequence[float], scale: Scale) -> Markup:
    """The band and the line: in a drawing of their own, stretched to the width, for paths know no per cent."""
    drawn: list[Markup] = []
    for stretch in _stretches(points):
        known = [(places[at], points[at]) for at in stretch]
        upper = [(x, _height(scale, point.high)) for x, point in known if point.high is not None]
        lower = [(x, _height(scale, point.low)) for x, point in known if point.low is not None]
        if len(upper) == len(known) == len(lower):
            drawn.append(element("polygon", points=_path([*upper, *reversed(lower)]), class_="cps-band"))
        line = [(x, _height(scale, point.value)) for x, point in known if point.value is not None]
        drawn.append(element("polyline", points=_path(line), vector_effect="non-scaling-stroke", class_="cps-line"))
    box = {"viewBox": f"0 0 100 {_TREND}", "preserveAspectRatio": "none", "width": "100%", "height": _TREND}
    return element("svg", *drawn, **box)


def _stretches(points: Sequence[Point]) -> list[list[int]]:
    """The runs of periods that have a value: over a gap no line is drawn."""
    found: list[list[int]] = [[]]
    for at, point in enumerate(points):
        if point.value is None:
            found.append([])
        else:
            found[-1].append(at)
    return [run for run in found if len(run) > 1]


def _path(line: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y}" for x, y in line)


def _periods(points: Sequence[Point], places: Sequence[float]) -> list[Markup]:
    """The labels below, as many as do not touch; the last one always."""
    drawn: list[Markup] = []
    free = float("inf")
    for x, point in reversed(list(zip(places, points, strict=True))):
        half = width_of(point.label) / 2 + 4
        middle = x / 100 * _NARROW
        if middle + half <= free:
            free = middle - half
            where = {"x": percent(x), "y": _TREND - 8, "text_anchor": "middle"}
            drawn.append(element("text", escape(point.label), **where, class_="cps-label"))
    return drawn
