"""The channel ``console``: messages as UTF-8 lines on a stream. For the demo, for trying out, for a log file."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

from careplug.errors import Invalid
from careplug.ports import Outgoing, Sent

__all__ = ["Console", "open_console"]

_RULE = "─" * 8


class Console:
    """Writes each message to a stream, whole, also from several threads. Thread-safe.

    ``stream`` is a text or a binary one and stays open: who opened it closes it. Without one, standard output as it
    is at the time of each message. ``Invalid`` for an empty address.
    """

    name = "console"
    needs_address = False
    """Somebody without an address is written to under the reference."""

    def __init__(self, stream: IO[str] | IO[bytes] | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Outgoing) -> Sent:
        """Write one message; the same key is written again, as a terminal has no memory."""
        if not message.address.strip():
            raise Invalid("console.address", field="console.address", value=message.address)
        lines = (
            f"{_RULE} {_plain(message.channel)}: {_plain(message.address)} {_RULE}",
            _plain(message.subject),
            "",
            _plain(message.body, "\n").rstrip("\n"),
            "",
        )
        data = "\n".join((*lines, "")).encode("utf-8", "replace")
        with self._lock:
            _write(self._stream if self._stream is not None else sys.stdout, data)
        return Sent(message.key)

    def close(self) -> None:
        """Nothing to close: the stream belongs to who gave it."""


def open_console(settings: Mapping[str, Any]) -> Console:
    """Open the channel; ``settings["stream"]`` names another stream than standard output."""
    return Console(settings.get("stream"))


def _plain(text: str, kept: str = "") -> str:
    """The text without control characters: a customer's words must not steer the terminal they are shown on."""
    return "".join(letter if letter in kept or letter.isprintable() else " " for letter in text)


def _write(stream: Any, data: bytes) -> None:
    """Put UTF-8 bytes on a stream, whatever encoding a text stream was opened with."""
    binary = getattr(stream, "buffer", None)
    if binary is not None:
        stream.flush()
        binary.write(data)
        binary.flush()
        return
    try:
        stream.write(data.decode("utf-8"))
    except TypeError:
        stream.write(data)
    stream.flush()
