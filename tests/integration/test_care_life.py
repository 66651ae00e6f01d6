"""What a Care opened is closed, whatever breaks on the way."""

from __future__ import annotations

import pytest

from careplug import Care
from careplug.contributions import ChannelFactory, StorageFactory
from careplug.errors import PluginFailed
from careplug.ports import Sent
from careplug.storage.memory import MemoryStorage
from tests.unit.plugin.tiny import module

NONE = {"CAREPLUG_PLUGINS": ""}


class Closing:
    """A channel that notes that it was closed, and may break then."""

    def __init__(self, name, closed, error=None):
        self.name, self.closed, self.error = name, closed, error

    def send(self, message):
        return Sent()

    def close(self):
        self.closed.append(self.name)
        if self.error is not None:
            raise self.error


class Store(MemoryStorage):
    def __init__(self, closed):
        super().__init__()
        self.closed = closed

    def close(self):
        self.closed.append("storage")


def storage(closed):
    factory = StorageFactory("noted", ("noted",), lambda url: Store(closed))
    return module("noted", careplug_storage=lambda: (factory,))


@pytest.mark.parametrize("error", [OSError("gone"), SystemExit(1)])
def test_a_channel_that_breaks_keeps_nothing_else_open(error):
    closed = []
    channels = module(
        "channels",
        careplug_channels=lambda: (
            ChannelFactory("bad", lambda settings: Closing("bad", closed, error)),
            ChannelFactory("good", lambda settings: Closing("good", closed)),
        ),
    )
    care = Care("noted://", plugins=[channels, storage(closed)], environ=NONE)
    for name in ("bad", "good"):
        care.channel(name)
    care.close()
    assert closed == ["bad", "good", "storage"]


def test_a_care_that_could_not_start_leaves_nothing_open():
    closed = []

    def startup(care):
        raise OSError

    with pytest.raises(PluginFailed):
        Care(
            "noted://",
            plugins=[storage(closed), module("needed", careplug_startup=startup)],
            require=["needed"],
            environ=NONE,
        )
    assert closed == ["storage"]


def test_what_the_host_gave_stays_open():
    closed = []
    with Care(Store(closed), environ=NONE):
        pass
    assert closed == []
