"""What drawings are made of: elements of SVG without scripts or inline styles, and about how wide letters are. Pure."""

from __future__ import annotations

from markupsafe import Markup, escape

__all__ = ["element", "percent", "width_of"]

_CHAR, _WIDE_CHAR = 6.4, 11.8


def element(tag: str, /, *inner: Markup, **attributes: object) -> Markup:
    """An SVG element; ``class_`` and the like lose the underscore, others become hyphens."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for name, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), Markup(told), Markup("").join(inner))  # noqa: S704  escaped above


def percent(value: float) -> str:
    """A place or a length in per cent of the drawing's width."""
    return f"{value:.2f}%"


def width_of(text: str) -> float:
    """About how many pixels the letters need."""
    return sum(_WIDE_CHAR if ord(char) > 0x2E7F else _CHAR for char in text)
