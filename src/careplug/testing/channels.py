"""The conformance suite of channels: what the outbox relies on when it hands over a message.

import pytest
from careplug.testing.channels import ChannelSuite

class TestMyChannel(ChannelSuite):
    address = "13800000000"
    bad_address = "not a number"

    @pytest.fixture
    def channel(self):
        return MyChannel(...)

    def received(self, channel):
        return [Received(m.to, m.title, m.text) for m in my_server.messages]
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from careplug.errors import Invalid
from careplug.ports import Channel, Outgoing, Sent

__all__ = ["ChannelSuite", "Received"]


@attrs.frozen
class Received:
    """What came out at the other end of a channel."""

    address: str
    subject: str
    body: str


class ChannelSuite:
    """Subclass it; give the fixture ``channel`` (a new one for each test) and, where it can be looked at, ``received``.

    ``address`` is one the channel reaches, ``bad_address`` one it never can (None: there is none such).
    ``deduplicates``: the receiver shows a message once however often it is sent with one key. ``has_subject``: the
    subject arrives apart from the body. ``keeps_joiners``: characters without width, of which some emoji are made,
    come through (a terminal must not show them, as they can turn a line around).
    """

    address = "someone"
    bad_address: str | None = ""
    deduplicates = False
    has_subject = True
    keeps_joiners = True

    @pytest.fixture
    def channel(self) -> Channel:
        """The channel under test."""
        raise NotImplementedError("give the fixture channel in your subclass of ChannelSuite")

    def received(self, channel: Channel) -> Sequence[Received] | None:
        """What arrived so far, oldest first; None where nobody can look."""
        del channel
        return None

    def test_it_has_a_name(self, channel: Channel) -> None:
        """Subscriptions name the channel."""
        assert channel.name
        assert channel.name == channel.name.strip()

    def test_a_message_arrives(self, channel: Channel) -> None:
        """Address and words come through, and the answer is a ``Sent``."""
        assert isinstance(channel.send(self._message()), Sent)
        self._arrived(channel, self._message())

    def test_the_same_key_may_come_again(self, channel: Channel) -> None:
        """The outbox delivers at least once: a second time is no error."""
        first, second = channel.send(self._message()), channel.send(self._message())
        assert isinstance(first, Sent)
        assert isinstance(second, Sent)
        found = self.received(channel)
        if found is not None and self.deduplicates:
            assert len(found) == 1
            assert first == second

    @pytest.mark.parametrize(
        ("subject", "body"),
        [
            ("您的反馈 F-2026-00001 已受理", "尊敬的客户：\n\n您好！我们将在 30 分钟内响应。\n"),
            ("😀 𠮷野家 é", "emoji 😁, astral 𠮷, accents e\u0301\nfrom العربية"),
            ("long", "中" * 2000 + "\n" + "x" * 2000),
            ("dots and dashes", "-- \n.\n..\nFrom here\n=20=\n"),
            ("", "no subject"),
            ("<b>& \"quoted\" 'words'</b>", "<script>alert(1)</script> {braces} %s \\n"),
        ],
        ids=["chinese", "astral", "long", "dots", "no subject", "markup"],
    )
    def test_words_arrive_as_they_are(self, channel: Channel, subject: str, body: str) -> None:
        """Chinese, emoji, long lines and what protocols treat specially."""
        message = self._message(subject=subject, body=body)
        channel.send(message)
        self._arrived(channel, message)

    def test_emoji_made_of_several(self, channel: Channel) -> None:
        """A zero-width joiner stays where it is."""
        message = self._message(body="👩\u200d🔧")
        channel.send(message)
        if self.keeps_joiners:
            self._arrived(channel, message)

    def test_a_subject_is_one_line(self, channel: Channel) -> None:
        """A customer's line break must not begin a header of its own: refused, or made a blank."""
        try:
            channel.send(self._message(subject="hello\r\nBcc: everybody@example.com"))
        except Invalid:
            return
        for one in self.received(channel) or ():
            assert one.address == self.address
            assert not {"\r", "\n"} & set(one.subject)

    def test_an_address_that_never_works(self, channel: Channel) -> None:
        """``Invalid``, so that the outbox gives up at once; any other error would be tried again for days."""
        if self.bad_address is None:
            return
        with pytest.raises(Invalid) as caught:
            channel.send(self._message(address=self.bad_address))
        assert caught.value.field
        assert caught.value.text("zh") != caught.value.text("en")
        assert not self.received(channel)

    def test_several_threads_may_send(self, channel: Channel) -> None:
        """Each message arrives whole."""
        messages = [self._message(key=f"k{number}", body=f"正文 {number}\n" * 20) for number in range(12)]
        with ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(channel.send, messages))) == len(messages)
        found = self.received(channel)
        if found is not None:
            assert sorted(one.body.strip() for one in found) == sorted(one.body.strip() for one in messages)

    def test_closed_twice(self, channel: Channel) -> None:
        """Closing again, or before anything was sent, does nothing."""
        channel.close()
        channel.close()

    def test_closed_after_sending(self, channel: Channel) -> None:
        """What was sent before the close has arrived."""
        channel.send(self._message())
        channel.close()
        channel.close()
        self._arrived(channel, self._message())

    def _message(self, **values: str) -> Outgoing:
        usual = {"key": "key-1", "address": self.address, "subject": "主题", "body": "正文", "language": "zh_CN"}
        return Outgoing(channel="under test", **{**usual, **values})  # type: ignore[arg-type]

    def _arrived(self, channel: Channel, message: Outgoing) -> None:
        found = self.received(channel)
        if found is None:
            return
        last = found[-1]
        assert last.address == message.address
        assert last.body.strip() == message.body.strip()
        if self.has_subject:
            assert last.subject == message.subject
