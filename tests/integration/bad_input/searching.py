"""Searches that cannot be answered: no word, too much, no text, words of a kind there is not, entities without words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from careplug import Actor, Ref
from careplug.entity import EntitySpec, Searched
from careplug.feedback.entities import Attachment, Feedback
from careplug.storage.memory import MemoryStorage
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, World


def _asked(text: Any) -> Callable[[World], Any]:
    def act(world: World) -> None:
        """Search cases for it."""
        with world.care.read(actor=BOSS) as unit:
            unit.feedback.search(text)

    return act


def _stored(cls: type, **more: Any) -> Callable[[World], Any]:
    def act(world: World) -> None:
        """Search in the storage itself."""
        with world.care.transaction(tenant=more.pop("tenant", ""), writes=False) as store:
            store.search(cls, "水泵", **more)

    return act


@attrs.frozen(kw_only=True)
class Sign:
    """What somebody declares wrongly."""

    id: str
    count: int = 0
    title: str = ""


def _declared(*search: str | Searched) -> Callable[[World], Any]:
    return lambda _: MemoryStorage().bind((EntitySpec(name="sign", cls=Sign, search=search),))


def _by_nobody(world: World) -> None:
    with world.care.read(actor=Actor(Ref("person", "guest"), frozenset({"guest"}))) as unit:
        unit.feedback.search("水泵")


ROWS: tuple[Row, ...] = (
    Row(
        "database",
        "a search for punctuation",
        _asked("，。！"),
        "Invalid",
        "search.text",
        en="search.text: there is no word in what is searched for; give at least one word, number or Chinese character.",
        zh="search.text：搜索内容中没有词；请至少给出一个词、数字或汉字。",
    ),
    Row(
        "database",
        "a search for half a page",
        _asked("漏水" * 60),
        "Invalid",
        "search.length",
        en="search.length: 120 characters are too many to search for; give the few words that matter, at most 100 characters.",
        zh="search.length：搜索内容有 120 个字符，过长；请只写关键的几个词，最多 100 个字符。",
    ),
    Row(
        "database",
        "a search for NUL",
        _asked("pump\0"),
        "Invalid",
        "search.characters",
        en="search.characters: the text has a character that no text can hold (NUL, or half of one); leave it out.",
        zh="search.characters：文本中有任何文本都不能包含的字符（NUL 或半个字符）；请去掉它。",
    ),
    Row(
        "database",
        "a search for a number that is no text",
        _asked(7),
        "Invalid",
        "search.type",
        en="search.type: what is searched for is a text, not int.",
        zh="search.type：搜索内容必须是文本，而不是 int。",
    ),
    Row(
        "database",
        "a search by words of a kind there is not",
        _stored(Feedback, access=("secret",)),
        "Invalid",
        "search.access",
        en="search.access: secret is no kind of words; known are: head, public, internal, contact.",
        zh="search.access：没有 secret 这一类词；可用的有：head, public, internal, contact。",
    ),
    Row(
        "database",
        "a search among what has no words",
        _stored(Attachment),
        "Invalid",
        "search.attachment",
        en="search.attachment: attachment has no words to search; name its text fields in EntitySpec(search=…).",
        zh="search.attachment：attachment 没有可搜索的词；请在 EntitySpec(search=…) 中列出它的文本字段。",
    ),
    Row(
        "database",
        "a search in all tenants at once",
        lambda world: _stored(Feedback, tenant=None)(world),
        "Invalid",
        "search.feedback.tenant",
        en="search.feedback.tenant: a search is within one tenant; begin the transaction for the tenant whose feedback is searched.",
        zh="search.feedback.tenant：搜索只在一个租户内进行；请为要搜索 feedback 的租户开启事务。",
    ),
    Row(
        "database",
        "a search by somebody without a role",
        _by_nobody,
        "Refused",
        "permission.feedback.search",
        en="permission.feedback.search: person:guest may not do feedback.search. Ask somebody whose role allows it.",
        zh="permission.feedback.search：person:guest 无权执行 feedback.search。请由具有相应角色的人员操作。",
    ),
    Row(
        "database",
        "words searched in a number",
        _declared("count"),
        "Invalid",
        "sign.search.count",
        en="sign.search.count: words cannot be searched in count; name a text field that is stored in one column.",
        zh="sign.search.count：不能搜索 count 中的词；请指定存放在单独一列中的文本字段。",
    ),
    Row(
        "database",
        "words of a kind there is not, declared",
        _declared(Searched("title", "secret")),
        "Invalid",
        "sign.search.title.access",
        en="sign.search.title.access: secret is no kind of words; known are: head, public, internal, contact.",
        zh="sign.search.title.access：没有 secret 这一类词；可用的有：head, public, internal, contact。",
    ),
    Row(
        "CLI",
        "a search for nothing",
        None,
        "Usage",
        "TEXT",
        en="TEXT: say what to search for, at least one word.",
        zh="TEXT：请写明要搜索的内容，至少一个词。",
        words=("search",),
        code=2,
    ),
)
