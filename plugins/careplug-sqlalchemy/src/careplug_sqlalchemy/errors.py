"""The sentences of this storage and the translation of database errors into careplug's.

What passes by itself (deadlock, busy file, lost connection) is ``Retry``, a connection lost by a COMMIT ``InDoubt``, a
server that does not answer ``Unavailable``; a broken key ``Conflict``; text the column cannot hold ``Invalid``; a missing
table ``SchemaMissing``. Anything else is the database's own error and is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exc

from careplug.errors import CareError, Conflict, InDoubt, Invalid, Retry, SchemaMissing, Unavailable
from careplug.text import Text

_NO_KEYS: Mapping[str, str] = {}

__all__ = ["SENTENCES", "error", "translate", "uncommitted", "unreached"]

SENTENCES: Mapping[str, Text] = {
    "storage.url": Text(
        en="{field}: {value} is no database careplug knows; give a URL that begins with sqlite, postgresql+psycopg or mariadb+pymysql.",
        zh="{field}：{value} 不是 careplug 支持的数据库；请使用以 sqlite、postgresql+psycopg 或 mariadb+pymysql 开头的地址。",
    ),
    "storage.driver": Text(
        en="{field}: the driver {value} is not supported; write {wanted} in the URL.",
        zh="{field}：不支持驱动 {value}；请在地址中写 {wanted}。",
    ),
    "storage.driver_missing": Text(
        en='{field}: the driver {value} is not installed; run pip install "{wanted}".',
        zh='{field}：未安装驱动 {value}；请执行 pip install "{wanted}"。',
    ),
    "storage.engine": Text(
        en="{field}: {value} gives no database; pass a URL, an Engine, a sessionmaker bound to an Engine, or a function that returns an Engine.",
        zh="{field}：{value} 得不到数据库；请传入地址、Engine、绑定了 Engine 的 sessionmaker，或返回 Engine 的函数。",
    ),
    "storage.mysql": Text(
        en="{field}: this server is MySQL or an older MariaDB ({value}); careplug needs MariaDB 10.6 or later (code point collation, sequences, SKIP LOCKED).",
        zh="{field}：该服务器是 MySQL 或较旧的 MariaDB（{value}）；careplug 需要 MariaDB 10.6 或更高版本（按码点排序、序列、SKIP LOCKED）。",
    ),
    "storage.cipher_missing": Text(
        en="{field}: personal columns of this database are encrypted (cipher {cipher}, key {key}) and no plugin brings a cipher; install careplug-crypto and give it the keys (careplug doctor says why a plugin failed), or decrypt with careplug crypto decrypt first.",
        zh="{field}：此数据库的个人信息列已加密（加密方式 {cipher}，密钥 {key}），但没有插件提供解密；请安装 careplug-crypto 并提供密钥（careplug doctor 会说明插件失败的原因），或先执行 careplug crypto decrypt。",
    ),
    "storage.cipher_key": Text(
        en="{field}: this database was encrypted with the key {key}, which is not among the keys of {cipher}; add it to them behind the first one. Nothing was changed.",
        zh="{field}：此数据库使用密钥 {key} 加密，而 {cipher} 的密钥中没有它；请将其加在第一个密钥之后。未做任何更改。",
    ),
    "storage.no_seal": Text(
        en="{field}: {value} has no encrypted columns; careplug crypto status lists the entities that have some.",
        zh="{field}：{value} 没有加密的列；careplug crypto status 会列出有加密列的实体。",
    ),
    "storage.unbound": Text(
        en="{field}: {value} is no entity of this storage; declare it through the hook careplug_entities.",
        zh="{field}：{value} 不是此存储的实体；请通过钩子 careplug_entities 声明。",
    ),
    "storage.backup_server": Text(
        en="{field}: {value} is a server, whose files nobody but itself can copy; use {tool}, or careplug export, which goes into any database.",
        zh="{field}：{value} 是数据库服务器，其文件只能由服务器自身复制；请使用 {tool}，或使用 careplug export（可恢复到任何数据库）。",
    ),
    "storage.backup_exists": Text(
        en="{field}: {value} is there already, and a backup never replaces a file; name another one.",
        zh="{field}：{value} 已存在，备份不会覆盖任何文件；请指定其他文件名。",
    ),
    "storage.backup_file": Text(
        en="{field}: the copy {value} cannot be written ({reason}); name a file in a folder with enough room that you may write to.",
        zh="{field}：无法写入副本 {value}（{reason}）；请指定有写权限且空间充足的文件夹中的文件。",
    ),
    "storage.name": Text(
        en="{field}: an entity name is lower-case letters, digits and underscores, at most 40 characters; {value!r} is not.",
        zh="{field}：实体名只能由小写字母、数字和下划线组成，最多 40 个字符；{value!r} 不符合。",
    ),
    "storage.index_kind": Text(
        en="{field}: a {kind} column cannot be part of an index; index a text column with a length instead.",
        zh="{field}：{kind} 列不能编入索引；请改用有长度的文本列。",
    ),
    "storage.index_length": Text(
        en="{field}: the index takes {value} bytes at four a character, MariaDB keeps at most {limit}; declare shorter texts with column(length=…).",
        zh="{field}：索引按每字符四字节计算需要 {value} 字节，MariaDB 最多 {limit}；请用 column(length=…) 声明更短的文本。",
    ),
    "storage.row_length": Text(
        en="{field}: a row takes {value} bytes at four a character, MariaDB keeps at most {limit}; declare shorter texts or column(long=True).",
        zh="{field}：一行按每字符四字节计算需要 {value} 字节，MariaDB 最多 {limit}；请声明更短的文本或 column(long=True)。",
    ),
    "storage.compare": Text(
        en="{field}: {op} needs one column, {value} is stored in several; compare one of its parts.",
        zh="{field}：{op} 只能用于单列，而 {value} 存于多列；请比较其中一部分。",
    ),
    "storage.order": Text(
        en="{field}: a {value} column has no order; sort by another field.",
        zh="{field}：{value} 列没有顺序；请按其他字段排序。",
    ),
    "storage.after": Text(
        en="{field}: a page key has {wanted} values (one for each order, then the id), {value} were given; pass the key of the last row.",
        zh="{field}：分页键应有 {wanted} 个值（每个排序一个，最后是 id），实际给出 {value} 个；请传入最后一行的键。",
    ),
    "storage.measure": Text(
        en="{field}: {value} cannot be computed; use count, sum, mean, min or max of a field that allows it.",
        zh="{field}：无法计算 {value}；请使用 count、sum、mean、min 或 max，并选择适用的字段。",
    ),
    "storage.not_claimable": Text(
        en="{field}: {value} cannot be claimed; declare claimable=True with next_at, leased_until and fence.",
        zh="{field}：{value} 不可领取；请声明 claimable=True 并提供 next_at、leased_until 和 fence。",
    ),
    "storage.read_only": Text(
        en="{field}: this transaction only reads; write in a unit (care.unit(…)), or open one with writes=True.",
        zh="{field}：此事务只读；请在 care.unit(…) 中写入，或以 writes=True 打开事务。",
    ),
    "storage.closed": Text(
        en="{field}: the transaction has ended; open another one.",
        zh="{field}：事务已结束；请重新打开一个。",
    ),
    "storage.stale": Text(
        en="{field}: version {expected} of {id} was changed by somebody else; read it again and repeat the change.",
        zh="{field}：{id} 的版本 {expected} 已被他人修改；请重新读取后再改。",
    ),
    "storage.unique": Text(
        en="{field}: a row with this key is already stored; use another key or read the stored one.",
        zh="{field}：已存在相同键的记录；请换一个键或读取已有记录。",
    ),
    "storage.gone": Text(
        en="{field}: {id} is not stored for this tenant; add it, or look whether it was removed.",
        zh="{field}：该租户没有 {id}；请先添加，或检查是否已被删除。",
    ),
    "storage.too_long": Text(
        en="{field}: the database refuses a value as too long or out of range; shorten it, or run careplug db upgrade if the declaration grew.",
        zh="{field}：数据库认为某个值过长或超出范围；请缩短，若声明已加长请运行 careplug db upgrade。",
    ),
    "storage.busy": Text(
        en="{field}: the database file is held by another writer; run the unit again.",
        zh="{field}：数据库文件正被其他写入者占用；请重新执行该操作。",
    ),
    "storage.deadlock": Text(
        en="{field}: the database ended this transaction for another one (deadlock, serialization or lock wait); run the unit again.",
        zh="{field}：数据库为其他事务让路，结束了本事务（死锁、串行化冲突或锁等待）；请重新执行该操作。",
    ),
    "storage.connection_lost": Text(
        en="{field}: the connection to the database was lost; nothing was kept, run the unit again.",
        zh="{field}：与数据库的连接已断开；未保留任何更改，请重新执行该操作。",
    ),
    "storage.in_doubt": Text(
        en="{field}: the connection was lost while the database kept the changes; look whether they are there, or run the unit again with the same idempotency key.",
        zh="{field}：数据库保存更改时连接断开；请先查看更改是否已保存，或使用相同的幂等键重新执行该操作。",
    ),
    "storage.unreachable": Text(
        en="{field}: the database does not let us in ({problem}); see that the server runs and that address, user and password are right, then try again.",
        zh="{field}：无法连接数据库（{problem}）；请确认服务器正在运行，且地址、用户和密码正确，然后重试。",
    ),
    "storage.pool": Text(
        en="{field}: no connection became free in time; run the unit again, or give the engine a larger pool.",
        zh="{field}：没有及时空闲的连接；请重新执行，或增大引擎的连接池。",
    ),
    "storage.schema_missing": Text(
        en="{field}: the database lacks what {value} needs; run: careplug db upgrade",
        zh="{field}：数据库缺少 {value} 所需的内容；请运行：careplug db upgrade",
    ),
    "storage.schema_newer": Text(
        en="{field}: the database holds version {value} of {entity}, this process knows {known}; install the newer {plugin}.",
        zh="{field}：数据库中 {entity} 的版本为 {value}，本进程只认识 {known}；请安装更新的 {plugin}。",
    ),
    "storage.kind_changed": Text(
        en="{field}: the column holds {value} and is now declared {wanted}; give the field another name and fill it with an upcaster.",
        zh="{field}：该列存的是 {value}，现在声明为 {wanted}；请换一个字段名并用 upcaster 填充。",
    ),
    "storage.backfill_unique": Text(
        en="{field}: old rows are not unique in it; fill it with an upcaster, or clean the rows, then run careplug db upgrade again.",
        zh="{field}：旧数据在此键上不唯一；请用 upcaster 填充或清理数据，然后再次运行 careplug db upgrade。",
    ),
    "storage.upcast": Text(
        en="{field}: the upcaster from version {value} failed on row {id}: {reason}; correct it and run careplug db upgrade again, it goes on there.",
        zh="{field}：从版本 {value} 升级时在记录 {id} 上失败：{reason}；请修正后再次运行 careplug db upgrade，将从此处继续。",
    ),
    "storage.unknown_step": Text(
        en="{field}: {value} is no step of the plan; look at careplug db plan.",
        zh="{field}：计划中没有步骤 {value}；请查看 careplug db plan。",
    ),
    "storage.join_type": Text(
        en="{field}: {value} is no SQLAlchemy Connection or Session; pass the one your transaction runs in.",
        zh="{field}：{value} 不是 SQLAlchemy 的 Connection 或 Session；请传入事务所在的那个对象。",
    ),
    "storage.join_async": Text(
        en="{field}: {value} is asynchronous; join inside run_sync, where the plain Session or Connection is.",
        zh="{field}：{value} 是异步对象；请在 run_sync 中使用同步的 Session 或 Connection。",
    ),
    "storage.join_autocommit": Text(
        en="{field}: the connection is in AUTOCOMMIT, nothing could be undone; give one with a transaction (isolation level READ COMMITTED).",
        zh="{field}：连接处于 AUTOCOMMIT，无法回滚；请传入带事务的连接（隔离级别 READ COMMITTED）。",
    ),
    "storage.join_recipe": Text(
        en="{field}: this SQLite engine does not BEGIN before SAVEPOINT, a rolled back row would stay; call careplug_sqlalchemy.api.sqlite_recipe(engine) once.",
        zh="{field}：该 SQLite 引擎在 SAVEPOINT 前不执行 BEGIN，回滚后数据仍会留下；请调用一次 careplug_sqlalchemy.api.sqlite_recipe(engine)。",
    ),
    "storage.join_bind": Text(
        en="{field}: the session has no engine for careplug's tables; bind it to one, or pass session.connection(bind_arguments=…).",
        zh="{field}：该会话没有可用于 careplug 表的引擎；请绑定引擎，或传入 session.connection(bind_arguments=…)。",
    ),
    "storage.join_tables": Text(
        en="{field}: the database of this connection lacks careplug's tables ({value}); pass a connection to the database careplug uses, or run careplug db upgrade there.",
        zh="{field}：该连接的数据库缺少 careplug 的表（{value}）；请传入 careplug 所用数据库的连接，或在那里运行 careplug db upgrade。",
    ),
    "storage.host_ended": Text(
        en="{field}: the host's transaction ended inside the unit; commit or roll back after the unit, not in it.",
        zh="{field}：宿主事务在操作单元内已结束；请在单元之后再提交或回滚。",
    ),
}  # fmt: skip
"""Every sentence of this storage by its code."""


def error(cls: type[CareError], code: str, *, field: str, **params: object) -> CareError:
    """An error of this storage with its own words; raise what it gives."""
    return cls(code, field=field, sentence=SENTENCES[code], **params)


# SQLite's extended result codes are the primary code in the low byte.
_SQLITE_PASSING = {5, 6}
_SQLITE_UNIQUE = {1555, 2067, 2579}
_SQLITE_TOO_BIG = 18
_PASSING = {"40001", "40P01", "55P03", 1213, 1205, 1020}
_UNIQUE = {"23505", 1062, 1169}
_LOST = {"57P01", "57P02", "57P03", 1053, 1927, 2006, 2013, 2055}
_TOO_LONG = {"22001", "22003", "54000", 1406, 1264, 1153}
_MISSING = {"42P01", "42703", "3F000", 1146, 1054, 1049, 4091}


def unreached(found: exc.SQLAlchemyError, *, field: str) -> Exception:
    """The careplug error of a connection that could not be made."""
    known = translate(found, field=field)
    if known is not found or not isinstance(found, exc.DBAPIError) or _is_sqlite(found.orig):
        return known
    problem = str(found.orig.args[-1] if found.orig is not None and found.orig.args else found.orig)
    return error(Unavailable, "storage.unreachable", field=field, problem=problem.partition("\n")[0])


def uncommitted(found: exc.SQLAlchemyError, *, field: str) -> Exception:
    """The careplug error of a COMMIT that failed. Who loses the connection then does not learn what became of it."""
    known = translate(found, field=field)
    if isinstance(known, Retry) and known.code == "storage.connection_lost":
        return error(InDoubt, "storage.in_doubt", field=field)
    return known


def translate(found: exc.SQLAlchemyError, *, field: str, keys: Mapping[str, str] = _NO_KEYS) -> Exception:
    """The careplug error of a database error; the same error where it is nothing of ours.

    ``keys`` gives the field that an error names for each unique index.
    """
    if isinstance(found, exc.TimeoutError):
        return error(Retry, "storage.pool", field=field)
    if not isinstance(found, exc.DBAPIError):
        return found
    code = _code(found.orig)
    kind = _sqlite(code, str(found.orig)) if _is_sqlite(found.orig) else _server(code)
    if kind == "" and (found.connection_invalidated or str(code).startswith("08")):
        kind = "lost"
    match kind:
        case "busy":
            return error(Retry, "storage.busy", field=field)
        case "passing":
            return error(Retry, "storage.deadlock", field=field)
        case "unique":
            return error(Conflict, "storage.unique", field=_key(str(found.orig), field, keys))
        case "long":
            return error(Invalid, "storage.too_long", field=field)
        case "missing":
            return error(SchemaMissing, "storage.schema_missing", field="database", value=field)
        case "lost":
            return error(Retry, "storage.connection_lost", field=field)
    return found


def _is_sqlite(orig: Any) -> bool:
    return hasattr(orig, "sqlite_errorcode")


def _code(orig: Any) -> Any:
    """SQLite's extended code, MariaDB's number, PostgreSQL's SQLSTATE."""
    found = getattr(orig, "sqlite_errorcode", None)
    if found is not None:
        return found
    first = orig.args[0] if orig is not None and orig.args else None
    if isinstance(first, int):  # before the SQLSTATE, which newer PyMySQL gives too, and which is too coarse
        return first
    return getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)


def _sqlite(code: Any, words: str) -> str:
    if isinstance(code, int) and code & 0xFF in _SQLITE_PASSING:
        return "busy"
    if code in _SQLITE_UNIQUE:
        return "unique"
    if code == _SQLITE_TOO_BIG:
        return "long"
    return "missing" if words.startswith(("no such table", "no such column")) or "has no column" in words else ""


def _server(code: Any) -> str:
    for kind, codes in (("passing", _PASSING), ("unique", _UNIQUE), ("long", _TOO_LONG), ("lost", _LOST)):
        if code in codes:
            return kind
    return "missing" if code in _MISSING else ""


# SQLite names the columns, the servers the index: "failed: careplug_x.tenant, careplug_x.key", "careplug_x_key_ux"
_COLUMN = re.compile(r"careplug_(\w+)\.(\w+)")
_INDEX = re.compile(r"careplug_\w+_(?:ux|pkey)|\bPRIMARY\b")


def _key(words: str, field: str, keys: Mapping[str, str]) -> str:
    """The field of a broken key: ``party.kind.number``."""
    columns = _COLUMN.findall(words.partition("UNIQUE constraint failed:")[2])
    if columns:
        names = [name for _, name in columns if name != "tenant"]
        return ".".join([columns[0][0], *names])
    named = _INDEX.search(words)
    return keys.get(named[0], f"{field}.id") if named else field
