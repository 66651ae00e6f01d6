"""What people may write wrongly in the TOML of a definition: the policies, calendars, templates of a company."""

from __future__ import annotations

from careplug.cli.documents import load
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import BOSS, World


def put(world: World, kind: str, text: str) -> None:
    """Store a definition called ``gold``, as ``careplug definitions put`` does."""
    data = load(str(world.write(f"{kind}.toml", text)), "document")
    with world.care.unit(actor=BOSS) as unit:
        service = unit.changes if kind in ("policy", "calendar") else unit.definitions
        service.put(kind, "gold", data)


def applied(world: World, text: str) -> None:
    """Store a policy and submit a case that it is for."""
    data = load(str(world.write("policy.toml", text)), "document")
    with world.care.unit(actor=BOSS) as unit:
        unit.changes.put("policy", "gold", data)
        unit.feedback.submit("fault", "x")


ROWS: tuple[Row, ...] = (
    Row(
        "TOML",
        "a policy without targets",
        lambda w: put(w, "policy", 'calendar = "office"\ntargets = []\n'),
        "Invalid",
        "policy.gold.targets",
        en="policy.gold.targets: a policy needs a list with at least one target; add one.",
        zh="policy.gold.targets：服务策略至少需要一个目标，请补充。",
    ),
    Row(
        "TOML",
        "a policy without a calendar",
        lambda w: put(w, "policy", 'targets = [{metric = "response", target = {type = "elapsed", hours = 2}}]\n'),
        "Invalid",
        "policy.gold.calendar",
        en="policy.gold.calendar: the text is missing or empty. Write it.",
        zh="policy.gold.calendar：缺少文本或文本为空。请填写。",
    ),
    Row(
        "TOML",
        "a promise in half hours",
        lambda w: put(
            w,
            "policy",
            'calendar = "office"\ntargets = [{metric = "response", target = {type = "elapsed", hours = 0.5}}]\n',
        ),
        "Invalid",
        "policy.gold.targets[0].target.hours",
        en="policy.gold.targets[0].target.hours: '0.5' is no whole number. Give whole units; a half hour is 30 minutes.",
        zh="policy.gold.targets[0].target.hours：'0.5' 不是整数。请给出整数；半小时请写 30 分钟。",
    ),
    Row(
        "TOML",
        "a promise of a type that is none",
        lambda w: put(
            w, "policy", 'calendar = "office"\ntargets = [{metric = "response", target = {type = "soon"}}]\n'
        ),
        "Invalid",
        "policy.gold.targets[0].target.type",
        en="policy.gold.targets[0].target.type: 'soon' is no type of target. Use one of working_time, working_days, elapsed, calendar_days.",
        zh="policy.gold.targets[0].target.type：'soon' 不是时限目标类型。请使用 working_time, working_days, elapsed, calendar_days 之一。",
    ),
    Row(
        "TOML",
        "priority 5",
        lambda w: put(
            w,
            "policy",
            'calendar = "office"\ntargets = [{metric = "response", target = {type = "elapsed", hours = 2}, priorities = [5]}]\n',
        ),
        "Invalid",
        "policy.gold.targets[0].priorities[0]",
        en="policy.gold.targets[0].priorities[0]: 5 is no priority; use whole numbers from 1 (emergency) to 4.",
        zh="policy.gold.targets[0].priorities[0]：5 不是优先级；请使用 1（紧急）到 4 的整数。",
    ),
    Row(
        "TOML",
        "a way to reopen that is none",
        lambda w: put(
            w,
            "policy",
            'calendar = "office"\ntargets = [{metric = "response", target = {type = "elapsed", hours = 2}, reopen = "again"}]\n',
        ),
        "Invalid",
        "policy.gold.targets[0].reopen",
        en="policy.gold.targets[0].reopen: 'again' is not possible; use one of: continue, restart, new, none.",
        zh="policy.gold.targets[0].reopen：'again' 不可用；可用：continue, restart, new, none。",
    ),
    Row(
        "TOML",
        "a level at two times",
        lambda w: put(
            w,
            "policy",
            'calendar = "office"\n[[targets]]\nmetric = "response"\ntarget = {type = "elapsed", hours = 2}\nlevels = [{name = "warn", share = 80, before = 60}]\n',
        ),
        "Invalid",
        "policy.gold.targets[0].levels[0].time",
        en="policy.gold.targets[0].levels[0].time: a level fires at exactly one of share, before, after; found: share, before.",
        zh="policy.gold.targets[0].levels[0].time：升级级别须且只能写 share、before、after 之一；现有：share, before。",
    ),
    Row(
        "TOML",
        "a level at 120 per cent",
        lambda w: put(
            w,
            "policy",
            'calendar = "office"\n[[targets]]\nmetric = "response"\ntarget = {type = "elapsed", hours = 2}\nlevels = [{name = "warn", share = 120}]\n',
        ),
        "Invalid",
        "policy.gold.targets[0].levels[0].share",
        en="policy.gold.targets[0].levels[0].share: 120 is not possible; share is 1–100 per cent, before and after are whole seconds.",
        zh="policy.gold.targets[0].levels[0].share：120 不可用；share 为 1–100 的百分数，before 与 after 为整秒数。",
    ),
    Row(
        "TOML",
        "a policy on a calendar nobody stored",
        lambda w: applied(
            w,
            'rank = 1\ncalendar = "moon"\ntargets = [{metric = "response", target = {type = "elapsed", hours = 2}}]\n',
        ),
        "NotFound",
        "policy.gold.calendar",
        en="policy.gold.calendar: there is no calendar moon; known: always, office. Store it first.",
        zh="policy.gold.calendar：没有名为 moon 的日历；现有：always, office。请先存入该日历。",
    ),
    Row(
        "TOML",
        "a day of the week that is none",
        lambda w: put(w, "calendar", 'name = "gold"\nzone = "Asia/Shanghai"\nweek = {monday = [["09:00", "17:00"]]}\n'),
        "Invalid",
        "calendar.week.monday",
        en="calendar.week.monday: 'monday' is no day of the week. Use mon, tue, wed, thu, fri, sat, sun.",
        zh="calendar.week.monday：'monday' 不是星期代码。请使用 mon, tue, wed, thu, fri, sat, sun。",
    ),
    Row(
        "TOML",
        "a time of day that is none",
        lambda w: put(w, "calendar", 'name = "gold"\nzone = "Asia/Shanghai"\nweek = {mon = [["9:00", "17:00"]]}\n'),
        "Invalid",
        "calendar.week.mon.0.open",
        en="calendar.week.mon.0.open: '9:00' is no time of day. Write HH:MM or HH:MM:SS from 00:00 to 23:59:59; only a closing may be 24:00.",
        zh="calendar.week.mon.0.open：'9:00' 不是一天中的时刻。请写 HH:MM 或 HH:MM:SS（00:00 至 23:59:59）；只有结束时刻可写 24:00。",
    ),
    Row(
        "TOML",
        "a holiday that is no date",
        lambda w: put(
            w,
            "calendar",
            'name = "gold"\nzone = "Asia/Shanghai"\nweek = {mon = [["09:00", "17:00"]]}\nholidays = ["1 May"]\n',
        ),
        "Invalid",
        "calendar.holidays.0",
        en="calendar.holidays.0: 1 May is no date. Write it as YYYY-MM-DD.",
        zh="calendar.holidays.0：1 May 不是日期。请写成 YYYY-MM-DD。",
    ),
    Row(
        "TOML",
        "a metric that nothing starts",
        lambda w: put(w, "metric", 'stops = [{fact = "resolved"}]\n'),
        "Invalid",
        "metric.gold.starts.empty",
        en="metric.gold.starts.empty: a metric needs at least one fact that starts it; add one.",
        zh="metric.gold.starts.empty：指标至少需要一个起算事实，请补充。",
    ),
    Row(
        "TOML",
        "a matrix of two rows",
        lambda w: put(w, "matrix", "rows = [[1, 2, 3], [2, 3, 4]]\n"),
        "Invalid",
        "matrix.gold.rows",
        en="matrix.gold.rows: the matrix has not three rows. Write one for each impact 1–3, and no other key.",
        zh="matrix.gold.rows：矩阵不是三行。请按影响 1–3 各写一行，不要写其他键。",
    ),
    Row(
        "TOML",
        "a pause reason that waits for nobody known",
        lambda w: put(w, "pause_reason", 'party = "weather"\n'),
        "Invalid",
        "pause_reason.gold.party",
        en="pause_reason.gold.party: 'weather' is nobody a case waits for; use one of: customer, third_party, vendor, own, force_majeure.",
        zh="pause_reason.gold.party：'weather' 不是等待对象；可用：customer, third_party, vendor, own, force_majeure。",
    ),
    Row(
        "TOML",
        "a step that demands what is unknown",
        lambda w: put(w, "transition", 'from = ["received"]\nto = "closed"\nfact = "closed"\nrequires = ["luck"]\n'),
        "Invalid",
        "transition.gold.requires[0]",
        en="transition.gold.requires[0]: luck is not possible; use one of: reason, measure, result, cause, assignee, into, expected_at.",
        zh="transition.gold.requires[0]：luck 不可用；可用：reason, measure, result, cause, assignee, into, expected_at。",
    ),
    Row(
        "TOML",
        "a state of a category that is none",
        lambda w: put(w, "state", 'category = "half"\n'),
        "Invalid",
        "state.gold.category",
        en="state.gold.category: 'half' is no category; use open, done or void.",
        zh="state.gold.category：'half' 不是类别；可用 open、done、void。",
    ),
    Row(
        "TOML",
        "a placeholder nobody fills",
        lambda w: put(w, "template", 'subject = {en = "{nmber}"}\nbody = {en = "x"}\n'),
        "Invalid",
        "template.gold.subject.en.nmber",
        en="template.gold.subject.en.nmber: there is no value nmber; use data.NAME for a value of the fact, or one of: number, kind, state, priority, subject, reader, customer, organisation, assignee, actor, text, reason, measure, result, expected, due, received, at, metric, level, form, link.",
        zh="template.gold.subject.en.nmber：没有名为 nmber 的值；事实中的值请写 data.NAME，其他可用：number, kind, state, priority, subject, reader, customer, organisation, assignee, actor, text, reason, measure, result, expected, due, received, at, metric, level, form, link。",
    ),
    Row(
        "TOML",
        "a brace that belongs to nothing",
        lambda w: put(w, "template", 'subject = {en = "x"}\nbody = {zh = "{x"}\n'),
        "Invalid",
        "template.gold.body.zh",
        en="template.gold.body.zh: the brace at “{x” belongs to no placeholder; write a brace that is meant as one twice.",
        zh="template.gold.body.zh：“{x”处的花括号不属于任何占位符；如需显示花括号，请连写两个。",
    ),
    Row(
        "TOML",
        "a subscription for nobody",
        lambda w: put(
            w, "subscription", 'events = ["resolved"]\nto = []\nchannel = "console"\ntemplate = "resolved"\n'
        ),
        "Invalid",
        "subscription.gold.to.empty",
        en="subscription.gold.to.empty: a subscription tells at least one person; name a role or a reference.",
        zh="subscription.gold.to.empty：订阅至少需要一个接收人，请填写角色或引用。",
    ),
    Row(
        "TOML",
        "an internal note for the customer",
        lambda w: put(
            w, "subscription", 'events = ["noted"]\nto = ["requester"]\nchannel = "console"\ntemplate = "replied"\n'
        ),
        "Invalid",
        "subscription.gold.to.internal",
        en="subscription.gold.to.internal: noted is internal and must not reach the customer; leave requester and contact out.",
        zh="subscription.gold.to.internal：noted 属于内部内容，不得发送给客户；请去掉 requester 与 contact。",
    ),
)
