"""A receipt drawn as a time line: SVG made here, without scripts or inline styles. Pure.

Positions are percentages and sizes are pixels, so that one drawing fits a phone and a wide screen with the same letters.
Where working time counts, the axis is open time to scale: what is closed is a narrow gap, a night and a holiday of nine
days alike, and what counted stays readable. Where real time counts the axis is real time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

import attrs
from markupsafe import Markup, escape

from careplug.sla.calendar import WorkCalendar
from careplug.sla.receipt import Receipt, Segment
from careplug.sla.target import CalendarDays, Elapsed
from careplug_flask.web.svg import element, percent, width_of

__all__ = ["Axis", "Reader", "axis_of", "draw"]

HEIGHT = 98
_BAR, _THICK = 28, 26
_ROW_TOP, _ROW_EVENTS, _ROW_DAYS = 12, 73, 91
_NARROW = 300.0
"""Pixels a drawing has at least: labels that would touch there are left out or moved."""

_EDGE = 0.8
_MOST_GAPS = 0.3
_BREAK, _LONG = timedelta(hours=3), timedelta(hours=24)


class Reader(Protocol):
    """What a drawing needs of its reader: words and a clock."""

    zone: ZoneInfo

    def say(self, code: str, /, **params: object) -> str:
        """A sentence by its code."""

    def word(self, group: str, code: str) -> str:
        """The word for a code of a group."""

    def name(self, kind: str, code: str, group: str = "") -> str:
        """What a stored definition calls itself."""

    def moment(self, value: datetime | None) -> str:
        """An instant with its weekday."""

    def span(self, value: timedelta) -> str:
        """A span in hours and minutes."""


@attrs.frozen
class Piece:
    """A stretch of the axis: from and to in time, from and to in per cent; ``open`` is to scale."""

    start: datetime
    end: datetime
    left: float
    right: float
    open: bool


@attrs.frozen
class Axis:
    """Where an instant is, in per cent of the width."""

    pieces: tuple[Piece, ...]

    def at(self, moment: datetime) -> float:
        """The place of an instant; what lies outside is put at the edge."""
        starts = [piece.start for piece in self.pieces]
        piece = self.pieces[max(0, bisect_right(starts, moment) - 1)]
        whole = (piece.end - piece.start) / timedelta(seconds=1)
        part = (moment - piece.start) / timedelta(seconds=1) / whole if whole else 0.0
        return piece.left + (piece.right - piece.left) * min(1.0, max(0.0, part))

    @property
    def gaps(self) -> tuple[Piece, ...]:
        """The stretches that are not to scale: closed time."""
        return tuple(piece for piece in self.pieces if not piece.open)


def axis_of(receipt: Receipt) -> Axis:
    """The axis of a receipt: from its start to its end or due time, whichever is later."""
    start = receipt.started_at
    end = max(filter(None, (receipt.until, receipt.due_at, receipt.stopped_at)))
    if end <= start:
        end = start + timedelta(minutes=1)
    choice = receipt.leg.choice
    if isinstance(choice.rule.target, Elapsed | CalendarDays):
        return Axis((Piece(start, end, _EDGE, 100 - _EDGE, open=True),))
    opened = list(choice.calendar.opening_intervals(start, end))
    if not opened:
        return Axis((Piece(start, end, _EDGE, 100 - _EDGE, open=True),))
    return _scaled(start, end, opened)


def _scaled(start: datetime, end: datetime, opened: Sequence[tuple[datetime, datetime]]) -> Axis:
    stretches: list[tuple[datetime, datetime, bool]] = []
    here = start
    for opening, closing in opened:
        if here < opening:
            stretches.append((here, opening, False))
        stretches.append((opening, closing, True))
        here = closing
    if here < end:
        stretches.append((here, end, False))
    weights = [_weight(b - a) for a, b, is_open in stretches if not is_open]
    for_gaps = min(_MOST_GAPS, 0.04 * sum(weights)) if weights else 0.0
    each = for_gaps / sum(weights) if weights else 0.0
    worked = sum(((b - a) for a, b, is_open in stretches if is_open), timedelta(0))
    usable, left, pieces = 100 - 2 * _EDGE, _EDGE, []
    for a, b, is_open in stretches:
        share = (b - a) / worked * (1 - for_gaps) if is_open else _weight(b - a) * each
        right = left + usable * share
        pieces.append(Piece(a, b, left, right, is_open))
        left = right
    return Axis(tuple(pieces))


def _weight(length: timedelta) -> float:
    """How wide a gap is beside a night: a lunch break less, a weekend or a holiday more."""
    if length <= _BREAK:
        return 0.5
    return 1.8 if length > _LONG else 1.0


class _Canvas:
    """Collects the elements, and remembers which pixels of a row have letters."""

    def __init__(self) -> None:
        self.parts: list[Markup] = []
        self._taken: dict[int, list[tuple[float, float]]] = {}

    def put(self, tag: str, /, *inner: Markup, **attributes: object) -> None:
        """Add an element."""
        self.parts.append(element(tag, *inner, **attributes))

    def label(self, text: str, x: float, rows: Sequence[int], kind: str) -> bool:
        """Add letters at a place, in the first of the rows where they touch no others; in none, they are left out.

        Whether they stand there.
        """
        width = width_of(text)
        anchor = "start" if x < 22 else "end" if x > 78 else "middle"
        place = x / 100 * _NARROW
        begin = place - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        span = (begin - 4, begin + width + 4)
        for row in rows:
            if all(span[1] <= a or b <= span[0] for a, b in self._taken.get(row, [])):
                self._taken.setdefault(row, []).append(span)
                self.put("text", escape(text), x=percent(x), y=row, text_anchor=anchor, class_=f"cpt-text {kind}")
                return True
        return False


def draw(receipt: Receipt, reader: Reader, *, ident: str) -> Markup:
    """The drawing. ``ident`` begins the ids in it and is unique on the page."""
    axis, canvas = axis_of(receipt), _Canvas()
    name = reader.name("metric", receipt.metric)
    state = reader.word("state", "late" if receipt.late else receipt.state)
    canvas.put("title", escape(f"{name} · {state}"), id=f"{ident}-title")
    canvas.put("desc", escape(_told(receipt, reader)), id=f"{ident}-desc")
    canvas.parts.append(_patterns(ident))
    canvas.put("rect", x=percent(_EDGE), y=_BAR, width=percent(100 - 2 * _EDGE), height=_THICK, rx=3, class_="cpt-rest")
    for segment in receipt.segments:
        _segment(canvas, axis, segment, receipt, reader)
    for gap in axis.gaps:
        _gap(canvas, gap, receipt.leg.choice.calendar, reader, ident)
    for segment in receipt.segments:
        _name(canvas, axis, segment, reader)
    _marks(canvas, axis, receipt, reader)
    _days(canvas, axis, receipt, reader)
    return element(
        "svg",
        *canvas.parts,
        class_=f"cpt cpt-is-{'late' if receipt.late else receipt.state}",
        width="100%",
        height=HEIGHT,
        role="img",
        font_size="11.5",
        aria_labelledby=f"{ident}-title {ident}-desc",
    )


def _patterns(ident: str) -> Markup:
    def stripes(kind: str, angle: int, gap: int) -> Markup:
        """A pattern of lines."""
        line = element("line", x1=0, y1=0, x2=0, y2=gap, class_=f"cpt-line-{kind}", stroke_width=2)
        return element(
            "pattern",
            line,
            id=f"{ident}-{kind}",
            width=gap,
            height=gap,
            patternUnits="userSpaceOnUse",
            patternTransform=f"rotate({angle})",
        )

    return element("defs", stripes("gap", 45, 5))


def _segment(canvas: _Canvas, axis: Axis, segment: Segment, receipt: Receipt, reader: Reader) -> None:
    words = _segment_words(segment, reader)
    edges = [segment.start, segment.end]
    if segment.kind == "counting" and receipt.due_at is not None and segment.start < receipt.due_at < segment.end:
        edges.insert(1, receipt.due_at)
    for a, b in pairwise(edges):
        kind = segment.kind
        if kind == "counting" and receipt.due_at is not None and a >= receipt.due_at:
            kind = "over"
        left, right = axis.at(a), axis.at(b)
        title = element("title", escape(f"{reader.moment(a)} – {reader.moment(b)} · {words}"))
        box = {"x": percent(left), "y": _BAR, "width": percent(max(right - left, 0.4)), "height": _THICK}
        canvas.put("rect", title, **box, class_=f"cpt-{kind}")


def _name(canvas: _Canvas, axis: Axis, segment: Segment, reader: Reader) -> None:
    """The words of a segment on it, where they fit: between two gaps, or across them."""
    words = _segment_words(segment, reader)
    needed = (width_of(words) + 10) / _NARROW * 100
    whole = (axis.at(segment.start), axis.at(segment.end))
    parts = [
        (axis.at(max(piece.start, segment.start)), axis.at(min(piece.end, segment.end)))
        for piece in axis.pieces
        if piece.open and piece.start < segment.end and segment.start < piece.end
    ]
    widest = max(parts, key=lambda part: part[1] - part[0], default=whole)
    left, right = widest if widest[1] - widest[0] >= needed else whole
    if right - left >= needed:
        middle = {"x": percent((left + right) / 2), "y": _BAR + _THICK / 2 + 4, "text_anchor": "middle"}
        canvas.put("text", escape(words), **middle, class_=f"cpt-text cpt-on-{segment.kind}")


def _segment_words(segment: Segment, reader: Reader) -> str:
    if segment.kind == "counting":
        return reader.span(segment.counted)
    if segment.kind == "paused":
        return " + ".join(reader.name("pause_reason", reason, "reason") for reason, _ in segment.reasons)
    return reader.say("receipt.svg.solved")


def _gap(canvas: _Canvas, gap: Piece, calendar: WorkCalendar, reader: Reader, ident: str) -> None:
    words = _gap_words(gap, calendar, reader)
    title = element("title", escape(f"{reader.moment(gap.start)} – {reader.moment(gap.end)} · {words}"))
    box = {"x": percent(gap.left), "y": _BAR - 3, "width": percent(gap.right - gap.left), "height": _THICK + 6}
    canvas.put("rect", **box, class_="cpt-gap")
    canvas.put("rect", title, **box, fill=f"url(#{ident}-gap)", class_="cpt-gap-lines")


def _gap_words(gap: Piece, calendar: WorkCalendar, reader: Reader) -> str:
    first, last = calendar.local(gap.start), calendar.local(gap.end)
    day, kinds = first.date(), []
    while day <= last.date():
        kinds.append(calendar.day_kind(day))
        day += timedelta(days=1)
    for kind in ("holiday", "weekend", "closed"):
        if kind in kinds and gap.end - gap.start > _LONG:
            return reader.word("day", kind)
    return reader.say("receipt.svg.night" if gap.end - gap.start > _BREAK else "receipt.svg.break")


def _marks(canvas: _Canvas, axis: Axis, receipt: Receipt, reader: Reader) -> None:
    def short(moment: datetime) -> str:
        """An instant without its year."""
        return f"{moment.astimezone(reader.zone):%m-%d %H:%M}"

    if receipt.due_at is not None:
        x = axis.at(receipt.due_at)
        title = element("title", escape(reader.say("receipt.svg.due", at=reader.moment(receipt.due_at))))
        line = {"x1": percent(x), "x2": percent(x), "y1": _ROW_TOP + 4, "y2": _BAR + _THICK + 5}
        canvas.put("line", title, **line, class_="cpt-due", stroke_width=2)
        canvas.label(reader.say("receipt.svg.due", at=short(receipt.due_at)), x, (_ROW_TOP,), "cpt-text-due")
    for level in receipt.levels:
        if receipt.due_at is not None and level.at > max(receipt.due_at, receipt.until):
            continue
        _level(canvas, axis.at(level.at), level.fired, level.name, level.at, reader)
    canvas.label(reader.say("receipt.svg.start", at=short(receipt.started_at)), _EDGE, (_ROW_EVENTS,), "cpt-text-event")
    end = axis.at(receipt.until)
    if receipt.stopped_at is not None:
        title = element("title", escape(reader.say("receipt.svg.stop", at=reader.moment(receipt.stopped_at))))
        canvas.put("circle", title, cx=percent(end), cy=_BAR + _THICK / 2, r=6, class_="cpt-stop", stroke_width=2)
        words = reader.say("receipt.svg.stop", at=short(receipt.stopped_at))
    else:
        line = {"x1": percent(end), "x2": percent(end), "y1": _BAR - 4, "y2": _BAR + _THICK + 4}
        canvas.put("line", **line, class_="cpt-now", stroke_width=2, stroke_dasharray="3 2")
        words = reader.say("receipt.svg.now", at=short(receipt.until))
    canvas.label(words, end, (_ROW_EVENTS, _ROW_DAYS), "cpt-text-event")


def _level(canvas: _Canvas, x: float, fired: bool, name: str, at: datetime, reader: Reader) -> None:  # noqa: FBT001
    words = reader.word("level", name)
    told = reader.say("receipt.svg.fired" if fired else "receipt.svg.fires", level=words, at=reader.moment(at))
    arrow = element("path", element("title", escape(told)), d="M-5 -8 L5 -8 L0 0 Z", class_="cpt-level-mark")
    kind = "cpt-level cpt-level-fired" if fired else "cpt-level"
    canvas.put("svg", arrow, x=percent(x), y=_BAR - 1, overflow="visible", class_=kind)
    canvas.label(words, x, (_ROW_TOP,), "cpt-text-level")


def _days(canvas: _Canvas, axis: Axis, receipt: Receipt, reader: Reader) -> None:
    """What the gaps are, and the dates, as far as there is room below the bar."""
    calendar = receipt.leg.choice.calendar
    for gap in sorted(axis.gaps, key=lambda piece: piece.start - piece.end):
        if gap.end - gap.start > _LONG:
            middle = (gap.left + gap.right) / 2
            canvas.label(_gap_words(gap, calendar, reader), middle, (_ROW_DAYS,), "cpt-text-day")
    for moment in _midnights(axis, reader.zone):
        x = axis.at(moment)
        day = f"{moment.astimezone(reader.zone):%m-%d} {reader.word('weekday', str(moment.astimezone(reader.zone).isoweekday()))}"
        if canvas.label(day, x, (_ROW_DAYS,), "cpt-text-day"):  # a tick that says nothing would be a riddle
            line = {"x1": percent(x), "x2": percent(x), "y1": _BAR + _THICK, "y2": _BAR + _THICK + 5}
            canvas.put("line", **line, class_="cpt-tick")


_MOST_TICKS = 40


def _midnights(axis: Axis, zone: ZoneInfo) -> list[datetime]:
    """The beginnings of the days on the axis: the first open moment of each where nights are gaps."""
    start, end = axis.pieces[0].start, axis.pieces[-1].end
    if axis.gaps:
        found: list[datetime] = []
        for piece in axis.pieces:
            new = not found or piece.start.astimezone(zone).date() != found[-1].astimezone(zone).date()
            if piece.open and new:
                found.append(piece.start)
        return found[1:_MOST_TICKS]
    if (end - start).days > _MOST_TICKS:
        return []
    day = (start.astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = []
    while day < end:
        moments.append(day)
        day += timedelta(days=1)
    return moments


def _told(receipt: Receipt, reader: Reader) -> str:
    """The drawing in a sentence, for those who do not see it."""
    due: Callable[[], str] = lambda: reader.moment(receipt.due_at) or reader.say("receipt.svg.none")  # noqa: E731
    paused = sum(1 for segment in receipt.segments if segment.kind == "paused")
    return reader.say(
        "receipt.svg.told_paused" if paused else "receipt.svg.told",
        start=reader.moment(receipt.started_at),
        due=due(),
        counted=reader.span(receipt.counted),
        until=reader.moment(receipt.until),
        paused=paused,
    )
