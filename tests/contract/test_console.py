"""The console channel passes the suite of channels."""

from __future__ import annotations

import io
import re

import pytest

from careplug.messages.console import Console
from careplug.testing.channels import ChannelSuite, Received

_MESSAGE = re.compile(r"─{8} under test: (.*?) ─{8}\n([^\n]*)\n\n(.*?)\n\n(?=─{8} |\Z)", re.DOTALL)


class TestConsole(ChannelSuite):
    keeps_joiners = False

    @pytest.fixture
    def channel(self):
        return Console(io.BytesIO())

    def received(self, channel):
        return [Received(*found) for found in _MESSAGE.findall(channel._stream.getvalue().decode())]
