from __future__ import annotations

import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplug.care import Care
from careplug.errors import Invalid
from careplug.messages.console import Console, open_console
from careplug.ports import Outgoing


def outgoing(**fields):
    values = {
        "key": "k",
        "channel": "console",
        "address": "person:li",
        "subject": "主题",
        "body": "第一行\n第二行\n",
        "language": "zh_CN",
    }
    return Outgoing(**(values | fields))


def test_a_message_is_written_whole():
    stream = io.StringIO()
    assert Console(stream).send(outgoing()).reference == "k"
    assert stream.getvalue().splitlines() == [
        "──────── console: person:li ────────",
        "主题",
        "",
        "第一行",
        "第二行",
        "",
    ]


def test_it_is_utf_8_whatever_the_stream_thinks():
    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    Console(ascii_only).send(outgoing())
    Console(raw).send(outgoing(subject="b"))
    assert "主题" in raw.getvalue().decode("utf-8")


@given(st.text())
def test_words_cannot_steer_a_terminal(words):
    raw = io.BytesIO()
    Console(raw).send(outgoing(subject=words, body=words))
    text = raw.getvalue().decode("utf-8")
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    assert "\n" not in text.split("\n", 2)[1]


def test_nobody_is_refused():
    with pytest.raises(Invalid) as caught:
        Console(io.StringIO()).send(outgoing(address=" "))
    assert caught.value.field == "console.address"


def test_threads_do_not_mix_their_lines():
    stream = io.StringIO()
    console = Console(stream)
    body = "\n".join(["same"] * 50)
    threads = [
        threading.Thread(target=lambda: [console.send(outgoing(body=body)) for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    once = io.StringIO()
    Console(once).send(outgoing(body=body))
    assert stream.getvalue() == once.getvalue() * 80


def test_closing_leaves_the_stream_to_its_owner(capsys):
    stream = io.StringIO()
    console = open_console({"stream": stream})
    console.close()
    console.close()
    console.send(outgoing())
    assert stream.getvalue()
    open_console({}).send(outgoing())
    assert "第二行" in capsys.readouterr().out


def test_a_care_opens_it_with_the_hosts_stream():
    stream = io.StringIO()
    with Care(environ={"CAREPLUG_PLUGINS": ""}, channels={"console": {"stream": stream}}) as care:
        care.channel("console").send(outgoing())
        assert care.channel_owner("console").startswith("careplug")
    assert "主题" in stream.getvalue()
