"""Privacy given wrongly: wrong keys of the cipher, rules that cannot be read, archives, requests, held cases."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from careplug import Care, Ref
from careplug.contributions import FieldSpec
from careplug.plugin import hookimpl
from careplug.privacy import erase_contact, export_contact
from careplug_crypto.api import FernetCipher, key_id
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, LI, World

OLD, OTHER = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (7, 8))
LOCK = key_id(OLD)


def _house(world: World, *keys: str, plugins: tuple[Any, ...] = (), **more: Any) -> Care:
    settings = {"crypto": {"keys": keys, **more}}
    environ = {"CAREPLUG_PLUGINS": "sqlalchemy,crypto"}
    url = f"sqlite:///{world.scratch}/locked.db"
    return Care(url, plugins=plugins, settings=settings, environ=environ, clock=world.clock)


def _locked(world: World) -> bytes:
    """A database that is encrypted, with a case in it; its bytes."""
    with _house(world, OLD) as care:
        care.upgrade()
        with care.unit(actor=LI) as unit:
            unit.feedback.submit("fault", "secret", contact_name="李雷")
    return Path(f"{world.scratch}/locked.db").read_bytes()


def _opened(*keys: str) -> Callable[[World], None]:
    def act(world: World) -> None:
        """Write into the encrypted database with other keys: nothing of it may change."""
        before = _locked(world)
        try:
            with _house(world, *keys) as care, care.unit(actor=LI) as unit:
                unit.feedback.submit("fault", "more")
        finally:
            assert Path(f"{world.scratch}/locked.db").read_bytes() == before, "something was written"

    return act


def _opens(place: str, *, cut: int = 0) -> Callable[[World], Any]:
    cipher = FernetCipher((OLD,))
    stored = cipher.seal("secret", "feedback.subject:1")
    return lambda _: cipher.open(stored[: len(stored) - cut], place)


class Wards:
    """A personal custom field with an index."""

    @hookimpl
    def careplug_entities(self) -> tuple[FieldSpec, ...]:
        """The field."""
        return (FieldSpec(name="ward", personal=True, indexed=True),)


def _export(world: World, name: str) -> None:
    export_contact(world.care, LI.ref, world.scratch / name, actor=BOSS)


def _held(world: World) -> None:
    def act(unit: Any) -> None:
        """Erase what is held, and leave nothing of it behind."""
        unit.feedback.place_hold(world.ids["solved"], reason="court")
        unit.feedback.erase(world.ids["solved"], request="letter 7")

    world.work(act)


def _rule(**data: Any) -> Callable[[World], None]:
    return lambda world: world.work(lambda unit: unit.definitions.put("retention", "old", data))


ROWS: tuple[Row, ...] = (
    Row(
        "database",
        "an encrypted database with another key",
        _opened(OTHER),
        "Invalid",
        f"cipher.{LOCK}",
        en=f"cipher.{LOCK}: this database was encrypted with the key {LOCK}, which is not among the keys of fernet; add it to them behind the first one. Nothing was changed.",
        zh=f"cipher.{LOCK}：此数据库使用密钥 {LOCK} 加密，而 fernet 的密钥中没有它；请将其加在第一个密钥之后。未做任何更改。",
    ),
    Row(
        "database",
        "an encrypted database without a key",
        _opened(),
        "Invalid",
        "database.cipher",
        en=f"database.cipher: personal columns of this database are encrypted (cipher fernet, key {LOCK}) and no plugin brings a cipher; install careplug-crypto and give it the keys (careplug doctor says why a plugin failed), or decrypt with careplug crypto decrypt first.",
        zh=f"database.cipher：此数据库的个人信息列已加密（加密方式 fernet，密钥 {LOCK}），但没有插件提供解密；请安装 careplug-crypto 并提供密钥（careplug doctor 会说明插件失败的原因），或先执行 careplug crypto decrypt。",
    ),
    Row(
        "database",
        "an encrypted value moved to another row",
        _opens("feedback.subject:2"),
        "Invalid",
        "cipher.feedback.subject:2.moved",
        en="cipher.feedback.subject:2.moved: what is stored at feedback.subject:2 was encrypted at feedback.subject:1 and was moved by somebody; restore it from a backup.",
        zh="cipher.feedback.subject:2.moved：feedback.subject:2 处保存的内容原本在 feedback.subject:1 处加密，被人移动过；请从备份恢复。",
    ),
    Row(
        "database",
        "an encrypted value that was cut",
        _opens("feedback.subject:1", cut=4),
        "Invalid",
        "cipher.feedback.subject:1",
        en=f"cipher.feedback.subject:1: what is stored at feedback.subject:1 does not open with the key {LOCK}: it was changed, or belongs to another key. Restore it from a backup; nothing was overwritten.",
        zh=f"cipher.feedback.subject:1：feedback.subject:1 处保存的内容无法用密钥 {LOCK} 解密：内容被改动，或属于其他密钥。请从备份恢复；未覆盖任何内容。",
    ),
    Row(
        "API",
        "a key that is none",
        lambda w: _house(w, OLD, "short"),
        "Invalid",
        "crypto.keys.2",
        en="crypto.keys.2: key number 2 is no Fernet key: 32 bytes in URL-safe base64. Make one with careplug crypto generate-key.",
        zh="crypto.keys.2：第 2 个密钥不是 Fernet 密钥（应为 32 字节的 URL 安全 base64）；请用 careplug crypto generate-key 生成。",
    ),
    Row(
        "API",
        "a key named twice",
        lambda w: _house(w, OLD, OLD),
        "Invalid",
        "crypto.keys.2.twice",
        en=f"crypto.keys.2.twice: key number 2 ({LOCK}) was given before; name each key once.",
        zh=f"crypto.keys.2.twice：第 2 个密钥（{LOCK}）重复；每个密钥只写一次。",
    ),
    Row(
        "API",
        "a key file that is not there",
        lambda w: _house(w, key_file="/nowhere/keys"),
        "Invalid",
        "crypto.key_file",
        en="crypto.key_file: /nowhere/keys cannot be read (No such file or directory); give the path of a text file with one key on each line.",
        zh="crypto.key_file：无法读取 /nowhere/keys（No such file or directory）；请给出每行一个密钥的文本文件路径。",
    ),
    Row(
        "API",
        "a personal field with an index under a cipher",
        lambda w: _house(w, OLD, plugins=(Wards(),)),
        "Invalid",
        "feedback.x_ward",
        en="feedback.x_ward: a personal column is stored encrypted and has to be text or a document; a text column is not. Declare it without indexed=True, or not as personal.",
        zh="feedback.x_ward：个人信息列会加密保存，必须是文本或文档；text 列不行。请去掉 indexed=True，或不要声明为个人信息。",
    ),
    Row(
        "API",
        "an export of nobody",
        lambda w: export_contact(w.care, 17, w.scratch / "x.zip", actor=BOSS),  # type: ignore[arg-type]
        "Invalid",
        "export.contact",
        en="export.contact: 17 names nobody. Give a reference such as person:li, or a party of the directory.",
        zh="export.contact：17 未指明任何人。请给出引用（如 person:li）或通讯录中的条目。",
    ),
    Row(
        "API",
        "an export into a folder that is not there",
        lambda w: _export(w, "none/x.zip"),
        "Invalid",
        "export.file",
        en="export.file: <FOLDER>/none/x.zip cannot be written (No such file or directory); name a file in a folder that you may write to.",
        zh="export.file：无法写入 <FOLDER>/none/x.zip（No such file or directory）；请指定可写文件夹中的文件。",
    ),
    Row(
        "API",
        "an erasure without a request",
        lambda w: erase_contact(w.care, Ref("person", "li"), request=" ", actor=BOSS),
        "Invalid",
        "erase.request",
        en="erase.request is empty. Write something here; nothing was stored.",
        zh="erase.request 为空。请填写内容；未保存任何数据。",
    ),
    Row(
        "API",
        "erasing what is under legal hold",
        _held,
        "Refused",
        "erase.held",
        en="erase.held: CP-2026-000002 is under legal hold, nothing of it is erased; lift the hold first (careplug privacy lift).",
        zh="erase.held：CP-2026-000002 处于法律保全中，不能删除任何内容；请先解除保全（careplug privacy lift）。",
    ),
    Row(
        "API",
        "a retention rule without an age",
        _rule(do=["erase"]),
        "Invalid",
        "retention.old.after",
        en="retention.old.after: None is no age; write one of days, months or years with a whole number from 1 to 36500, such as months = 24.",
        zh="retention.old.after：None 不是期限；请写 days、months 或 years 之一及 1 到 36500 的整数，例如 months = 24。",
    ),
    Row(
        "API",
        "a retention rule that would do what it cannot",
        _rule(after={"days": 1}, do=["shred"]),
        "Invalid",
        "retention.old.do.action",
        en="retention.old.do.action: shred is nothing a rule about feedback can do; name at least one of: erase, anonymise, attachments, messages.",
        zh="retention.old.do.action：针对 feedback 的规则不能执行 shred；请至少写一项：erase, anonymise, attachments, messages。",
    ),
    Row(
        "API",
        "a retention rule about what nobody keeps",
        _rule(entity="clock", after={"days": 1}, do=["erase"]),
        "Invalid",
        "retention.old.entity",
        en="retention.old.entity: nothing is known of keeping 'clock'; a rule is about one of: feedback, message.",
        zh="retention.old.entity：不支持 'clock' 的保留期限；规则可用于：feedback, message。",
    ),
)
