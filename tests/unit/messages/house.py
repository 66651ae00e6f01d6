"""A Care in memory with people, and a channel of a host that fails on order: what the tests of this room share."""

from __future__ import annotations

import types
from datetime import UTC, datetime

from careplug.care import Care
from careplug.clock import ManualClock
from careplug.contributions import ChannelFactory
from careplug.messages.directory import Parties
from careplug.messages.entities import Message
from careplug.plugin import hookimpl
from careplug.ports import Address, Sent
from careplug.refs import Actor, Ref
from careplug.storage.memory import MemoryStorage

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LI, WANG, CHEN, ZHOU = (Ref("person", name) for name in ("li", "wang", "chen", "zhou"))
ACME = Ref("organisation", "acme")
CUSTOMER = Actor.customer("li")
ENGINEER = Actor.engineer("wang")
MANAGER = Actor.engineer("chen", "manager")


class Post:
    """A channel that keeps what it is given. ``troubles`` are raised one a send, first; None among them is no trouble."""

    name = "post"

    def __init__(self):
        self.got = []
        self.troubles = []
        self.before = lambda message: None
        self.receipt = Sent("r-1")

    def send(self, message):
        self.before(message)
        if self.troubles:
            trouble = self.troubles.pop(0)
            if trouble is not None:
                raise trouble
        self.got.append(message)
        return self.receipt

    def close(self):
        """Nothing to close."""


def plugin(post):
    """A host's plugin that brings the channel."""
    made = types.ModuleType("post_plugin")

    @hookimpl
    def careplug_channels():
        return (ChannelFactory("post", lambda settings: post),)

    made.careplug_channels = careplug_channels
    return made


class House:
    """A Care whose customers are all told by post; ``clock`` is the business time, ``database`` that of the leases."""

    def __init__(self, *, people=True):
        self.clock = ManualClock(START)
        self.database = ManualClock(START)
        self.post = Post()
        self.storage = MemoryStorage(database_now=self.database)
        self.care = Care(self.storage, plugins=[plugin(self.post)], environ={"CAREPLUG_PLUGINS": ""}, clock=self.clock)
        if people:
            self.people()
            self.by_post()

    def people(self):
        with self.care.unit(actor=MANAGER) as unit:
            parties = unit.get(Parties)
            for ref, name, roles, language, zone in (
                (LI, "李雷", (), "zh_CN", "Asia/Shanghai"),
                (WANG, "Wang Wei", ("engineer", "team:hotline"), "en", "Europe/Berlin"),
                (CHEN, "Chen Jing", ("manager",), "en", "Asia/Shanghai"),
                (ZHOU, "Zhou Min", ("manager", "team:hotline"), "zh", "Asia/Shanghai"),
            ):
                addresses = (Address("post", f"{ref.id} street"), Address("mail", f"{ref.id}@example.org"))
                parties.add(ref, name=name, roles=roles, addresses=addresses, language=language, zone=zone)

    def by_post(self):
        with self.care.unit(actor=MANAGER) as unit:
            for name, definition in list(unit.definitions.active("subscription").items()):
                unit.definitions.put("subscription", name, {**definition.data, "channel": "post"})

    def submit(self, *, subject="打印机冒烟", requester=LI, **fields):
        with self.care.unit(actor=CUSTOMER if requester == LI else ENGINEER) as unit:
            return unit.feedback.submit("fault", subject, "详情见附件", requester=requester, **fields)

    def messages(self, tenant="", **wanted):
        with self.care.read(actor=MANAGER, tenant=tenant) as unit:
            found = unit.messages.find(limit=500)
        found.sort(key=lambda message: message.id)
        return [m for m in found if all(getattr(m, key) == value for key, value in wanted.items())]

    def message(self, **wanted):
        (found,) = self.messages(**wanted)
        return found

    def stored(self, ident):
        with self.care.transaction(tenant=None, writes=False) as store:
            return store.get(Message, ident)
