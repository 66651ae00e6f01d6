"""Exports that were cut, altered, swapped or mixed up, wrong keys, wrong places: nothing is written then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from careplug import Care
from careplug.documents import canonical
from careplug.feedback.entities import Feedback, RequestKey
from careplug.storage.files import FolderFiles
from careplug.transfer import backup, drill, export, restore
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, World

KEY = b"a key of thirty-two random bytes"
OTHER = b"another key of thirty-two bytes."
Damage = Callable[[Path], None]
ROWS_OF_CASES = "feedback.000001.jsonl"


def _empty(care: Care) -> bool:
    with care.transaction(tenant=None, writes=False) as store:
        return not store.find(Feedback, limit=1) and not store.find(RequestKey, limit=1)


def _restored(
    damage: Damage | None = None,
    *,
    signed: bytes = KEY,
    key: bytes = b"",
    begun: bool = False,
    durable_files: bool = False,
    **more: Any,
) -> Any:
    def act(world: World) -> None:
        """Export the world, damage that, and restore it into a new database, which must stay empty unless it has ``begun``."""
        folder = world.scratch / "export"
        export(world.care, folder, key=signed)
        if damage is not None:
            damage(folder)
        files = FolderFiles(world.scratch / "files") if durable_files else None
        with world.open(f"sqlite:///{world.scratch}/new.db", files=files) as care:
            try:
                restore(care, folder, key=key, **more)
            finally:
                assert begun or _empty(care), "something was written"

    return act


def _rewritten(change: Callable[[dict[str, Any]], None], *, seal: bool = True) -> Damage:
    def damage(folder: Path) -> None:
        """Change the manifest, and with ``seal`` its digest too, as somebody who knows the format would."""
        path = folder / "manifest.json"
        data = json.loads(path.read_text(encoding="utf-8"))
        change(data)
        if seal:
            data["digest"] = hashlib.sha256(canonical(data["content"], "test").encode()).hexdigest()
        path.write_text(json.dumps(data), encoding="utf-8")

    return damage


def _cases(data: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in data["content"]["entities"] if each["name"] == "feedback")


def _on_rows(change: Callable[[bytes], bytes]) -> Damage:
    def damage(folder: Path) -> None:
        """Change the file of the cases."""
        path = folder / "rows" / ROWS_OF_CASES
        path.write_bytes(change(path.read_bytes()))

    return damage


def _swap(folder: Path) -> None:
    one, other = (folder / "rows" / f"{name}.000001.jsonl" for name in ("feedback", "message"))
    one.rename(folder / "kept")
    other.rename(one)
    (folder / "kept").rename(other)


def _too_long(folder: Path) -> None:
    path = folder / "rows" / ROWS_OF_CASES
    lines = path.read_bytes().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "contact_phone": "1" * 61}, ensure_ascii=False).encode()
    data = b"\n".join((*lines, b""))
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    _rewritten(lambda found: _cases(found)["chunks"][0].update(sha256=digest))(folder)


def _with_a_file(folder: Path) -> None:
    data = b"a photograph"
    digest = hashlib.sha256(data).hexdigest()
    (folder / "files" / digest[:2]).mkdir()
    (folder / "files" / digest[:2] / digest).write_bytes(data)
    _rewritten(lambda found: found["content"]["files"].update(count=1))(folder)


def _into_another(world: World, *, told: bool) -> None:
    """Restore the world into a database that has a case of the same number."""
    export(world.care, world.scratch / "export")
    with world.open(f"sqlite:///{world.scratch}/other.db") as care:
        with care.unit(actor=BOSS) as unit:
            unit.feedback.submit("fault", "mine")
        try:
            restore(care, world.scratch / "export", into_non_empty=told)
        finally:
            with care.transaction(tenant=None, writes=False) as store:
                assert [row.subject for row in store.find(Feedback)] == ["mine"]


def _unfinished(world: World, do: Callable[[Care, Path], Any]) -> None:
    """Something done with a database into which a restore was broken off."""
    folder = world.scratch / "export"
    export(world.care, folder)
    with world.open(f"sqlite:///{world.scratch}/half.db") as care:
        with care.transaction(tenant="") as store:
            store.add(_note(world))
        do(care, folder)


def _note(world: World) -> RequestKey:
    """What a restore of some other export leaves when it stops."""
    values = {"source": "careplug.restore", "key": "0/begun", "payload": "", "result": "0"}
    return RequestKey(id=world.ids["open"], made_at=world.clock(), **values)


def _row(given: str, act: Any, cls: str, field: str, en: str, zh: str) -> Row:
    return Row("database", given, act, cls, field, en, zh)


def _file(world: World, name: str) -> Path:
    path = world.scratch / name
    path.write_text("mine")
    return path


ROWS: tuple[Row, ...] = (
    _row(
        "a restore of a folder that holds no export",
        lambda world: restore(world.care, world.scratch),
        "NotFound",
        "export.folder",
        en="export.folder: <FOLDER> holds no finished export (No such file or directory). Name the folder of one; an export that was interrupted is finished by running it again.",
        zh="export.folder：<FOLDER> 中没有已完成的导出（No such file or directory）。请指定导出文件夹；被中断的导出再次运行即可完成。",
    ),
    _row(
        "a manifest that breaks off",
        _restored(lambda folder: (folder / "manifest.json").write_text('{"kind":')),
        "Invalid",
        "export.manifest",
        en="export.manifest: <FOLDER>/export/manifest.json cannot be read as a manifest (<…>). Take another copy of the export.",
        zh="export.manifest：无法读取清单 <FOLDER>/export/manifest.json（<…>）。请使用该导出的另一份副本。",
    ),
    _row(
        "a manifest of something else",
        _restored(lambda folder: (folder / "manifest.json").write_text('{"name": "app"}')),
        "Invalid",
        "export.kind",
        en="export.kind: <FOLDER>/export/manifest.json is no manifest of a careplug export. Name a folder that careplug export wrote.",
        zh="export.kind：<FOLDER>/export/manifest.json 不是 careplug 导出的清单。请指定由 careplug export 写出的文件夹。",
    ),
    _row(
        "an export of a later format",
        _restored(_rewritten(lambda data: data.update(format=2))),
        "Invalid",
        "export.format",
        en="export.format: the export has format 2, this careplug reads up to 1. Install the careplug that wrote it, or a newer one.",
        zh="export.format：导出格式为 2，本版 careplug 最高支持 1。请安装写出该导出的版本或更新版本。",
    ),
    _row(
        "a manifest with another number of rows",
        _restored(_rewritten(lambda data: _cases(data).update(rows=2), seal=False)),
        "Invalid",
        "export.digest",
        en="export.digest: <FOLDER>/export/manifest.json is not as it was written: its own digest does not fit it. Take another copy of the export.",
        zh="export.digest：<FOLDER>/export/manifest.json 已被改动：与其自身摘要不符。请使用该导出的另一份副本。",
    ),
    _row(
        "an export without one of its files",
        _restored(lambda folder: (folder / "rows" / ROWS_OF_CASES).unlink()),
        "NotFound",
        "export.chunk.file",
        en="export.chunk.file: <FOLDER>/export/rows/feedback.000001.jsonl is missing. Nothing was written; take another copy of the export.",
        zh="export.chunk.file：缺少 <FOLDER>/export/rows/feedback.000001.jsonl。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "a file that breaks off in its last line",
        _restored(_on_rows(lambda data: data[:-9])),
        "Invalid",
        "export.chunk.line",
        en="export.chunk.line: <FOLDER>/export/rows/feedback.000001.jsonl breaks off or is damaged at line 3 of 3. Nothing was written; take another copy of the export.",
        zh="export.chunk.line：<FOLDER>/export/rows/feedback.000001.jsonl 在第 3 行（共 3 行）处截断或损坏。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "a file in which one letter is another one",
        _restored(_on_rows(lambda data: data.replace(b'"solved"', b'"salved"'))),
        "Invalid",
        "export.chunk.sha256",
        en="export.chunk.sha256: <FOLDER>/export/rows/feedback.000001.jsonl is not as it was written: its SHA-256 does not fit the manifest. Nothing was written; take another copy of the export.",
        zh="export.chunk.sha256：<FOLDER>/export/rows/feedback.000001.jsonl 已被改动：SHA-256 与清单不符。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "two files with each other's names",
        _restored(_swap),
        "Invalid",
        "export.chunk.place",
        en="export.chunk.place: <FOLDER>/export/rows/feedback.000001.jsonl holds what belongs to message.000001.jsonl. Nothing was written; give the files their names back, or take another copy.",
        zh="export.chunk.place：<FOLDER>/export/rows/feedback.000001.jsonl 中是 message.000001.jsonl 的内容。未作写入；请恢复文件名，或使用另一份副本。",
    ),
    _row(
        "a file with a line more",
        _restored(_on_rows(lambda data: data + data[: data.index(b"\n") + 1])),
        "Invalid",
        "export.chunk.rows",
        en="export.chunk.rows: <FOLDER>/export/rows/feedback.000001.jsonl has more than its 3 lines. Nothing was written; take another copy of the export.",
        zh="export.chunk.rows：<FOLDER>/export/rows/feedback.000001.jsonl 超过应有的 3 行。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "an attachment that was altered",
        _restored(lambda folder: (folder / "files" / ("0" * 64)).write_text("altered")),
        "Invalid",
        "export.files",
        en=f"export.files: <FOLDER>/export/files/{'0' * 64} is no attachment as it was written: its SHA-256 is not its name. Nothing was written; take another copy of the export.",
        zh=f"export.files：附件 <FOLDER>/export/files/{'0' * 64} 已被改动：SHA-256 与文件名不符。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "an export that lacks an attachment",
        _restored(_rewritten(lambda data: data["content"]["files"].update(count=1)), durable_files=True),
        "Invalid",
        "export.files.count",
        en="export.files.count: <FOLDER>/export/files holds 0 attachments of 1. Nothing was written; take another copy of the export.",
        zh="export.files.count：<FOLDER>/export/files 中只有 0 个附件，应有 1 个。未作写入；请使用该导出的另一份副本。",
    ),
    _row(
        "attachments where files are kept in memory",
        _restored(_with_a_file),
        "Invalid",
        "restore.files",
        en='restore.files: the export brings 1 files of attachments, and files are kept in memory here, gone when this process ends. Say where to keep them: files = "FOLDER" in careplug.toml, or Care(files=…).',
        zh='restore.files：导出含 1 个附件文件，而此处的文件仅存于内存，进程结束即消失。请指定存放位置：在 careplug.toml 中写 files = "文件夹"，或使用 Care(files=…)。',
    ),
    _row(
        "the wrong key",
        _restored(key=OTHER),
        "Invalid",
        "export.signature",
        en="export.signature: the signature does not fit this key: the key is another one, or the export was altered. Nothing was written; give the key it was signed with.",
        zh="export.signature：签名与密钥不符：密钥不对，或导出被改动。未作写入；请提供签名时所用的密钥。",
    ),
    _row(
        "a key for an export that was not signed",
        _restored(signed=b"", key=KEY),
        "Invalid",
        "export.signature.none",
        en="export.signature.none: the export was made without a key, so that no key can say anything about it. Restore it without one, or take a signed export.",
        zh="export.signature.none：该导出未使用密钥，无法用密钥核对。请不带密钥恢复，或改用已签名的导出。",
    ),
    _row(
        "an entity of a plugin that is not here",
        _restored(_rewritten(lambda data: _cases(data).update(name="visit", plugin="visits"))),
        "Invalid",
        "restore.entity",
        en="restore.entity: the export holds visit of the plugin visits, which is not loaded. Install it, or leave it out with --skip visits.",
        zh="restore.entity：导出中有插件 visits 的 visit，但该插件未加载。请安装该插件，或用 --skip visits 略过。",
    ),
    _row(
        "rows of a newer version",
        _restored(_rewritten(lambda data: _cases(data).update(version=9))),
        "SchemaNewer",
        "restore.version",
        en="restore.version: feedback of the plugin careplug was written by a newer version (9). Nothing was written; upgrade careplug and the plugin first.",
        zh="restore.version：插件 careplug 的 feedback 由更新的版本（9）写出。未作写入；请先升级 careplug 与该插件。",
    ),
    _row(
        "a name to skip that nothing in the export has",
        _restored(skip=["visits"]),
        "Invalid",
        "restore.skip",
        en="restore.skip: visits is no entity and no plugin of this. There are: <…>.",
        zh="restore.skip：visits 不是其中的实体或插件。可用的有：<…>。",
    ),
    _row(
        "a restore into a database that holds a case",
        lambda world: _into_another(world, told=False),
        "Conflict",
        "restore.database",
        en="restore.database: the database is not empty: <…>. Restore into a new one, or add what is absent with --into-non-empty.",
        zh="restore.database：数据库非空：<…>。请恢复到新数据库，或用 --into-non-empty 只补充缺少的内容。",
    ),
    _row(
        "an addition whose number another case has",
        lambda world: _into_another(world, told=True),
        "Conflict",
        "restore.rows",
        en="restore.rows: 1 rows are there with other content, or their keys are taken: feedback :<open>. Nothing was written; restore into a new database.",
        zh="restore.rows：1 行已存在但内容不同，或其键已被占用：feedback :<open>。未作写入；请恢复到新数据库。",
    ),
    _row(
        "a restore where another one stopped",
        lambda world: _unfinished(world, restore),
        "Conflict",
        "restore.unfinished",
        en="restore.unfinished: the restore of another export into this database was not finished. Finish that one first, or take a new database.",
        zh="restore.unfinished：另一份导出在该数据库中的恢复尚未完成。请先完成它，或使用新数据库。",
    ),
    _row(
        "an export of a database whose restore stopped",
        lambda world: _unfinished(world, lambda care, _: export(care, world.scratch / "again")),
        "Conflict",
        "export.unfinished",
        en="export.unfinished: a restore into this database was not finished, so that it is not what it should be. Run careplug restore again first.",
        zh="export.unfinished：该数据库的恢复尚未完成，内容不完整。请先再次运行 careplug restore。",
    ),
    _row(
        "an export into a folder of other things",
        lambda world: export(world.care, _file(world, "mine.txt").parent),
        "Invalid",
        "export.folder.other",
        en="export.folder.other: <FOLDER> holds something else. Name a new folder.",
        zh="export.folder.other：<FOLDER> 中有其他内容。请指定新文件夹。",
    ),
    _row(
        "an export over a finished one",
        lambda world: [export(world.care, world.scratch / "export") for _ in range(2)],
        "Invalid",
        "export.folder.done",
        en="export.folder.done: <FOLDER>/export holds a finished export already. Name another folder.",
        zh="export.folder.done：<FOLDER>/export 中已有完成的导出。请指定其他文件夹。",
    ),
    _row(
        "an export below a file",
        lambda world: export(world.care, _file(world, "mine.txt") / "export"),
        "Invalid",
        "export.folder.write",
        en="export.folder.write: <FOLDER>/mine.txt/export cannot be written to (Not a directory). Name a folder with enough room that you may write to; an export that was interrupted is finished by running it again.",
        zh="export.folder.write：无法写入 <FOLDER>/mine.txt/export（Not a directory）。请指定有写权限且空间足够的文件夹；被中断的导出再次运行即可完成。",
    ),
    _row(
        "a name to leave out that nothing has",
        lambda world: export(world.care, world.scratch / "export", skip=["visits"]),
        "Invalid",
        "export.skip",
        en="export.skip: visits is no entity and no plugin of this. There are: <…>.",
        zh="export.skip：visits 不是其中的实体或插件。可用的有：<…>。",
    ),
    _row(
        "a backup over a file",
        lambda world: backup(world.care, _file(world, "mine.db")),
        "Invalid",
        "backup.file.exists",
        en="backup.file.exists: <FOLDER>/mine.db is there already, and a backup never replaces a file; name another one.",
        zh="backup.file.exists：<FOLDER>/mine.db 已存在，备份不会覆盖任何文件；请指定其他文件名。",
    ),
    _row(
        "a backup into a folder that is not there",
        lambda world: backup(world.care, world.scratch / "no" / "copy.db"),
        "Invalid",
        "backup.file",
        en="backup.file: the copy <FOLDER>/no/copy.db cannot be written (<…>); name a file in a folder with enough room that you may write to.",
        zh="backup.file：无法写入副本 <FOLDER>/no/copy.db（<…>）；请指定有写权限且空间充足的文件夹中的文件。",
    ),
    _row(
        "a drill of a file that is no database",
        lambda world: drill(_file(world, "mine.txt"), world.open),
        "Invalid",
        "drill.file",
        en="drill.file: <FOLDER>/mine.txt is no SQLite database. Name a file that careplug backup wrote, or an export folder.",
        zh="drill.file：<FOLDER>/mine.txt 不是 SQLite 数据库。请指定由 careplug backup 写出的文件，或导出文件夹。",
    ),
    _row(
        "a drill of nothing",
        lambda world: drill(world.scratch / "nothing", world.open),
        "NotFound",
        "drill.path",
        en="drill.path: <FOLDER>/nothing cannot be read (No such file or directory). Name a backup file or an export folder.",
        zh="drill.path：无法读取 <FOLDER>/nothing（No such file or directory）。请指定备份文件或导出文件夹。",
    ),
    Row(
        "CLI",
        "an export without the plugin of an entity",
        None,
        "Invalid",
        "export.plugin",
        en="export.plugin: the database holds quote of the plugin quotes, which is not loaded. Install it, or leave it out with --skip quotes.",
        zh="export.plugin：数据库中有插件 quotes 的 quote，但该插件未加载。请安装该插件，或用 --skip quotes 略过。",
        words=("export", "carried"),
        code=1,
    ),
    Row(
        "CLI",
        "a backup by somebody who may not",
        None,
        "Refused",
        "permission.transfer.backup",
        en="permission.transfer.backup: person:li may not do transfer.backup. Ask somebody whose role allows it.",
        zh="permission.transfer.backup：person:li 无权执行 transfer.backup。请由具有相应角色的人员操作。",
        words=("--actor", "person:li", "--role", "manager", "backup", "copy.db"),
        code=1,
    ),
    _row(
        "a row longer than its column",
        _restored(_too_long, begun=True),
        "Invalid",
        "restore.feedback.row",
        en="restore.feedback.row: line 2 of <FOLDER>/export/rows/feedback.000001.jsonl cannot be stored (feedback.contact_phone: <…>). What stands before it is kept; run it again with the plugins and custom fields it was written with.",
        zh="restore.feedback.row：<FOLDER>/export/rows/feedback.000001.jsonl 第 2 行无法存储（feedback.contact_phone：<…>）。此前的内容已保留；请备齐写出时的插件与自定义字段后再次运行。",
    ),
)
