"""What people may write wrongly in TOML: the configuration, settings of plugins, maps of imports."""

from __future__ import annotations

import attrs

from careplug.cli.settings import read_config
from careplug.imports import run_import
from careplug.plugin.settings import load_settings
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import World

MAP = 'name = "log"\ncolumns = {case = "id", received = "at"}\n'
"""A map with nothing wrong."""


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of a plugin."""

    currency: str
    limit: int = 10


def config(world: World, text: str) -> None:
    """The configuration of the command line."""
    read_config(str(world.write("careplug.toml", text)))


def settings(world: World, text: str) -> None:
    """The settings of the plugin ``quotes``."""
    load_settings(Settings, "quotes", toml=world.write("careplug.toml", text))


def map(world: World, text: str) -> None:  # noqa: A001  what people call it
    """The map of an import."""
    log = world.write("log.csv", "id,at\n1,2026-01-05T02:00:00Z\n")
    run_import(world.care, log, world.write("map.toml", text))


ROWS: tuple[Row, ...] = (
    Row(
        "TOML",
        "a file that is no TOML",
        lambda w: config(w, "database = "),
        "Invalid",
        "toml.syntax",
        en="toml.syntax: <FOLDER>/careplug.toml is no valid TOML (<…>); correct that line.",
        zh="toml.syntax：<FOLDER>/careplug.toml 不是有效的 TOML（<…>）；请更正该行。",
    ),
    Row(
        "TOML",
        "a table the configuration has not",
        lambda w: config(w, "[server]\nport = 80\n"),
        "Invalid",
        "config.server",
        en="config.server: <FOLDER>/careplug.toml may hold the tables careplug, plugins, channels and nothing else. Rename or remove it.",
        zh="config.server：<FOLDER>/careplug.toml 只能包含表 careplug, plugins, channels。请改名或删除。",
    ),
    Row(
        "TOML",
        "a setting that is none",
        lambda w: config(w, '[careplug]\ndata_base = "x"\n'),
        "Invalid",
        "config.careplug.data_base",
        en="config.careplug.data_base: there is no such setting; known: database, number_prefix, language, zone, files, require, block.",
        zh="config.careplug.data_base：没有此设置；可用：database, number_prefix, language, zone, files, require, block。",
    ),
    Row(
        "TOML",
        "a number as the database",
        lambda w: config(w, "[careplug]\ndatabase = 3\n"),
        "Invalid",
        "config.careplug.database",
        en="config.careplug.database: 3 is not possible; a text that is not empty is wanted.",
        zh="config.careplug.database：3 不可用；需要非空文本。",
    ),
    Row(
        "TOML",
        "a text as a list of plugins",
        lambda w: config(w, '[careplug]\nrequire = "holidays"\n'),
        "Invalid",
        "config.careplug.require",
        en="config.careplug.require: 'holidays' is not possible; a list of names is wanted.",
        zh="config.careplug.require：'holidays' 不可用；需要名称列表。",
    ),
    Row(
        "TOML",
        "a zone nobody knows",
        lambda w: config(w, '[careplug]\nzone = "Mars/Base"\n'),
        "Invalid",
        "config.careplug.zone",
        en="config.careplug.zone: there is no time zone Mars/Base; write an IANA name such as Asia/Shanghai.",
        zh="config.careplug.zone：没有时区 Mars/Base；请写 IANA 名称，例如 Asia/Shanghai。",
    ),
    Row(
        "TOML",
        "a setting the plugin has not",
        lambda w: settings(w, "[plugins.quotes]\nlimt = 3\n"),
        "Invalid",
        "plugins.quotes.limt",
        en="plugins.quotes.limt: there is no setting limt; known are currency, limit.",
        zh="plugins.quotes.limt：没有设置项 limt；已知的有 currency, limit。",
    ),
    Row(
        "TOML",
        "a setting left out",
        lambda w: settings(w, "[plugins.quotes]\nlimit = 3\n"),
        "Invalid",
        "plugins.quotes.currency",
        en="plugins.quotes.currency: currency has to be set, in [plugins.quotes] or as CAREPLUG_QUOTES_CURRENCY.",
        zh="plugins.quotes.currency：必须设置 currency，可写在 [plugins.quotes] 中或用变量 CAREPLUG_QUOTES_CURRENCY。",
    ),
    Row(
        "TOML",
        "a quoted number",
        lambda w: settings(w, '[plugins.quotes]\ncurrency = "CNY"\nlimit = "3"\n'),
        "Invalid",
        "plugins.quotes.limit",
        en="plugins.quotes.limit: '3' is no whole number; write it with digits and without quotes.",
        zh="plugins.quotes.limit：'3' 不是整数；请用数字书写，不加引号。",
    ),
    Row(
        "TOML",
        "a key the map has not",
        lambda w: map(w, 'name = "log"\ncolumn = 3\n'),
        "Invalid",
        "map.column",
        en="map.column means nothing here; known: name, title, log, columns, refs, custom, defaults, steps, states, activities, kinds, impacts, urgencies, priorities, pause_reasons, calendars, policies, rules, apply, check. Correct the key or leave it out.",
        zh="map.column：未知的键；可用：name, title, log, columns, refs, custom, defaults, steps, states, activities, kinds, impacts, urgencies, priorities, pause_reasons, calendars, policies, rules, apply, check。请更正或删去。",
    ),
    Row(
        "TOML",
        "a map without a name",
        lambda w: map(w, 'title = "log"\n'),
        "Invalid",
        "map.name",
        en="map.name is missing; add it to the map.",
        zh="map.name：缺少该项，请在映射中补充。",
    ),
    Row(
        "TOML",
        "a log of two shapes",
        lambda w: map(w, 'name = "log"\nlog = {shape = "both"}\n'),
        "Invalid",
        "map.log.shape",
        en="map.log.shape: 'both' is not possible; use one of: cases, events.",
        zh="map.log.shape：'both' 不可用；可用：cases, events。",
    ),
    Row(
        "TOML",
        "an encoding nobody knows",
        lambda w: map(w, 'name = "log"\nlog = {encoding = "utf-9"}\n'),
        "Invalid",
        "map.log.encoding",
        en="map.log.encoding: there is no encoding utf-9; use for example utf-8 or gb18030.",
        zh="map.log.encoding：没有编码 utf-9；例如可用 utf-8 或 gb18030。",
    ),
    Row(
        "TOML",
        "a time format without a year",
        lambda w: map(w, 'name = "log"\nlog = {times = ["%H:%M"]}\n'),
        "Invalid",
        "map.log.times",
        en="map.log.times: '%H:%M' is no format with a year; use strptime codes (%Y-%m-%d %H:%M), iso or epoch.",
        zh="map.log.times：'%H:%M' 不是含年份的格式；请使用 strptime 代码（%Y-%m-%d %H:%M）、iso 或 epoch。",
    ),
    Row(
        "TOML",
        "a delimiter of two characters",
        lambda w: map(w, 'name = "log"\nlog = {delimiter = ", "}\n'),
        "Invalid",
        "map.log.delimiter",
        en='map.log.delimiter: \', \' is not one character; write for example "," or ";".',
        zh='map.log.delimiter：\', \' 不是单个字符；例如可写 "," 或 ";"。',
    ),
    Row(
        "TOML",
        "a map without the column of the intake",
        lambda w: map(w, 'name = "log"\ncolumns = {case = "id"}\n'),
        "Invalid",
        "map.columns.received",
        en="map.columns.received is missing; add it to the map.",
        zh="map.columns.received：缺少该项，请在映射中补充。",
    ),
    Row(
        "TOML",
        "impact 4 as a default",
        lambda w: map(w, MAP + "[defaults]\nimpact = 4\n"),
        "Invalid",
        "map.defaults.impact",
        en="map.defaults.impact: 4 is no level; use 1 (high), 2 or 3.",
        zh="map.defaults.impact：4 不是级别；请用 1（高）、2 或 3。",
    ),
    Row(
        "TOML",
        "a kind of feedback that is none",
        lambda w: map(w, MAP + '[kinds]\nnoise = "noise"\n'),
        "Invalid",
        "map.kinds.noise",
        en="map.kinds.noise: 'noise' is no kind of feedback; use one of: fault, question, complaint, suggestion, change, data_fix, alarm, inquiry, installation, training, security.",
        zh="map.kinds.noise：'noise' 不是反馈类别；可用：fault, question, complaint, suggestion, change, data_fix, alarm, inquiry, installation, training, security。",
    ),
    Row(
        "TOML",
        "a priority of text",
        lambda w: map(w, MAP + '[priorities]\nP1 = "high"\n'),
        "Invalid",
        "map.priorities.P1",
        en="map.priorities.P1: 'high' is neither a priority from 1 to 4 (to be checked) nor a pair [impact, urgency]; write one of them.",
        zh="map.priorities.P1：'high' 既不是 1 到 4 的优先级（用于核对），也不是 [impact, urgency] 这样的一对；请二者择一。",
    ),
    Row(
        "TOML",
        "a choice without choices",
        lambda w: map(w, MAP + '[custom.region]\ncolumn = "id"\ntype = "choice"\n'),
        "Invalid",
        "map.custom.region.choices",
        en="map.custom.region.choices: a field of type choice needs its choices, and only such a field has them; add or remove them.",
        zh="map.custom.region.choices：choice 类型的字段须列出选项，其他类型不应有选项；请补充或删去。",
    ),
    Row(
        "TOML",
        "a custom field nobody declared",
        lambda w: map(w, MAP + '[custom.colour]\ncolumn = "id"\n'),
        "Invalid",
        "map.custom.colour",
        en="map.custom.colour is not declared; build the Care with plugins=[fields_of(map)], or declare a FieldSpec of this name.",
        zh="map.custom.colour 未声明；请以 plugins=[fields_of(map)] 创建 Care，或声明同名 FieldSpec。",
    ),
    Row(
        "TOML",
        "a state that is none",
        lambda w: map(w, MAP + '[states]\ndone = "finished"\n'),
        "Invalid",
        "map.states.done.state",
        en="map.states.done.state: there is no state finished; use one of: closed, confirmed, diagnosing, dispatched, handling, merged, received, rejected, resolved, verifying, withdrawn.",
        zh="map.states.done.state：没有状态 finished；可用：closed, confirmed, diagnosing, dispatched, handling, merged, received, rejected, resolved, verifying, withdrawn。",
    ),
    Row(
        "TOML",
        "a pause reason that is none",
        lambda w: map(w, MAP + '[states]\nwait = {pause = "lunch"}\n'),
        "Invalid",
        "map.states.wait.pause",
        en="map.states.wait.pause: there is no pause reason lunch; use one of force_majeure, scheduled, waiting_approval, waiting_customer, waiting_parts, waiting_third_party, waiting_vendor, or add it to pause_reasons.",
        zh="map.states.wait.pause：没有暂停原因 lunch；可用：force_majeure, scheduled, waiting_approval, waiting_customer, waiting_parts, waiting_third_party, waiting_vendor，或在 pause_reasons 中补充。",
    ),
    Row(
        "TOML",
        "a policy nobody stored",
        lambda w: map(w, MAP + 'apply = ["gold"]\n'),
        "Invalid",
        "map.apply.gold",
        en="map.apply.gold: there is no such policy; stored are: emergency, factory_repair, onsite_repair, standard.",
        zh="map.apply.gold：没有该服务策略；现有：emergency, factory_repair, onsite_repair, standard。",
    ),
    Row(
        "TOML",
        "a column the log has not",
        lambda w: map(w, 'name = "log"\ncolumns = {case = "id", received = "at", subject = "title"}\n'),
        "Invalid",
        "map.columns.subject",
        en="map.columns.subject: the log has no column title; it has: id, at.",
        zh="map.columns.subject：日志没有列 title；现有列：id, at。",
    ),
    Row(
        "TOML",
        "a calendar of holidays in a file that is not there",
        lambda w: map(
            w,
            MAP
            + '[calendars.city]\nzone = "Asia/Shanghai"\nweek = {mon = [["09:00", "17:00"]]}\nholidays = {file = "none.json"}\n',
        ),
        "NotFound",
        "map.calendars.city.holidays.file",
        en="map.calendars.city.holidays.file: there is no file none.json in: <FOLDER>, <FOLDER>. Put it beside the log or the map.",
        zh="map.calendars.city.holidays.file：以下文件夹中没有文件 none.json：<FOLDER>, <FOLDER>。请放在日志或映射旁。",
    ),
)
