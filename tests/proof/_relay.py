"""The channel of the proofs with processes: a plugin that appends the key of each message to a file, as a vendor's would."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from careplug import Actor, Care, Ref
from careplug.messages.directory import Parties
from careplug.ports import Address
from tests.housekeeping import ROOT
from tests.unit.plugin.tiny import install

PLUGINS = "relay,sqlalchemy"

_CODE = """
import pathlib
from careplug.contributions import ChannelFactory
from careplug.plugin import hookimpl
from careplug.ports import Sent

class Relay:
    name = "relay"
    def send(self, message):
        with open(pathlib.Path(__file__).with_name("sent.txt"), "a") as file:
            file.write(f"{message.key}\\n")
        return Sent("relayed")
    def close(self):
        pass

@hookimpl
def careplug_channels():
    return (ChannelFactory("relay", lambda settings: Relay()),)
"""


def put(folder: Path) -> None:
    """Install the plugin in a folder."""
    install(folder, "relay", _CODE)


def environ(folder: Path, plugins: str = PLUGINS) -> dict[str, str]:
    """The environment of a process with the plugin."""
    path = os.pathsep.join(filter(None, [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "CAREPLUG_PLUGINS": plugins, "PYTHONPATH": path}


def opened(url: str, folder: Path, plugins: str = PLUGINS) -> Care:
    """A Care of this process's own with the plugin; whoever asks closes it."""
    sys.path.insert(0, str(folder))
    try:
        return Care(url, environ={"CAREPLUG_PLUGINS": plugins}, require=["relay"])
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("tiny_relay", None)


def subscribe(care: Care, actor: Actor, people: Iterable[str]) -> None:
    """Make the tables; every subscription goes through the relay, where these people have their addresses."""
    care.upgrade()
    with care.unit(actor=actor) as unit:
        for name, definition in list(unit.definitions.active("subscription").items()):
            unit.definitions.put("subscription", name, {**definition.data, "channel": "relay"})
        for name in people:
            unit.get(Parties).add(Ref("person", name), name=name, addresses=(Address("relay", name),))


def sent(folder: Path) -> Counter[str]:
    """How often each message reached the receiver, by its key."""
    path = folder / "sent.txt"
    return Counter(path.read_text().splitlines() if path.exists() else ())
