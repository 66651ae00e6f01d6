"""A wire between a client and a database server that can be cut at the answer to a COMMIT: kept, and nobody hears of it."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_COMMIT = re.compile(rb"COMMIT(\x00|$)")  # and not READ COMMITTED


class Wire:
    """Passes bytes on both ways. After ``cut()`` the next answer to a COMMIT is swallowed and its connection closed."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._cut = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Swallow the next answer to a COMMIT."""
        self._cut.set()

    def close(self) -> None:
        """Close everything."""
        _end(self._listener, *self._open)
        for each in (self._listener, *self._open):
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                lost = threading.Event()
                threading.Thread(target=self._there, args=(client, server, lost), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server, lost), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if _COMMIT.search(data) and self._cut.is_set():
                    self._cut.clear()
                    lost.set()
                server.sendall(data)
        _end(client, server)

    def _back(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := server.recv(65536)) and not lost.is_set():
                client.sendall(data)
        _end(client, server)


def _end(*ends: socket.socket) -> None:
    for each in ends:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def through(url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the server of a URL, and the URL of the same database by way of it."""
    parts = urlsplit(url)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 0)
    try:
        plain = "?sslmode=disable" if url.startswith("postgresql") else ""
        yield wire, url.replace(f":{parts.port}/", f":{wire.port}/") + plain
    finally:
        wire.close()
