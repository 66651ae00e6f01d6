"""What may be given wrongly with links, answers, invitations, results and improvements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from careplug import Actor, Ref
from careplug.survey.tokens import Claim, sign
from careplug.unit import CareUnit
from tests.integration.bad_input.row import Row
from tests.integration.bad_input.world import START, SURVEY_KEY, WANG, World

VISITOR = Actor(Ref("link", "visitor"), side="customer")
HAPPY: Mapping[str, object] = {"satisfaction": 5}


def claim(world: World, name: str, *, days: int = 9, tenant: str = "", purpose: str = "answer") -> Claim:
    """What a token about one of the world's ids may say."""
    return Claim(tenant, world.ids[name], START + timedelta(days=days), purpose)


def answer(world: World, token: str, answers: Mapping[str, object] = HAPPY, **more: Any) -> None:
    """Answer by a link, as somebody who has nothing else."""
    world.work(lambda unit: unit.surveys.answer(token, answers, **more), VISITOR)


def ask_by_one_that_is_off(world: World) -> None:
    """Ask by hand once nobody is to be asked."""

    def ask(unit: CareUnit) -> None:
        """Switch the trigger off, then ask by it; nothing of either is kept."""
        data = unit.definitions.active("survey_trigger")["asked"].data
        unit.definitions.put("survey_trigger", "asked", {**data, "active": False})
        unit.surveys.invite(world.ids["open"], form="nps")

    world.work(ask)


ROWS: tuple[Row, ...] = (
    Row(
        "API",
        "a link that is none",
        lambda w: answer(w, "hello"),
        "Invalid",
        "survey.token",
        en="survey.token: this is no link to a survey. Open it from the message again, or copy it as a whole.",
        zh="survey.token：该链接不是有效的问卷链接。请从消息中重新打开，或完整复制链接。",
    ),
    Row(
        "API",
        "a link that somebody else signed",
        lambda w: answer(w, sign(claim(w, "asked"), "o" * 32)),
        "Refused",
        "survey.token.seal",
        en="survey.token.seal: this link was not made by us, or was changed. Open it from the message again; if that does not help, ask us for a new one.",
        zh="survey.token.seal：该链接并非由我们签发，或已被更改。请从消息中重新打开；如仍无法打开，请联系我们重新发送。",
    ),
    Row(
        "API",
        "a link for something else",
        lambda w: answer(w, sign(claim(w, "asked", purpose="unsubscribe"), SURVEY_KEY)),
        "Refused",
        "survey.token.purpose",
        en="survey.token.purpose: this link is for something else (unsubscribe) and opens no survey. Open the one in the invitation.",
        zh="survey.token.purpose：该链接用于其他用途（unsubscribe），不能打开问卷。请使用邀请中的链接。",
    ),
    Row(
        "API",
        "a link whose time is over",
        lambda w: answer(w, sign(claim(w, "asked", days=-1), SURVEY_KEY)),
        "Refused",
        "survey.token.expires",
        en="survey.token.expires: this link was valid until 2026-01-04T02:00:00.000000Z. If you would still like to answer, please tell us.",
        zh="survey.token.expires：该链接已于 2026-01-04T02:00:00.000000Z 过期。如您仍愿意填写，请与我们联系。",
    ),
    Row(
        "API",
        "a link of another tenant",
        lambda w: answer(w, sign(claim(w, "asked", tenant="acme"), SURVEY_KEY)),
        "Refused",
        "survey.token.tenant",
        en="survey.token.tenant: this link belongs to another tenant; open it where it was sent from.",
        zh="survey.token.tenant：该链接属于其他租户；请在发送方的网站打开。",
    ),
    Row(
        "API",
        "a link of an invitation that nobody made",
        lambda w: answer(w, sign(claim(w, "party"), SURVEY_KEY)),
        "NotFound",
        "invitation.id",
        en="invitation.id: there is no invitation <party>; look it up in the list of invitations.",
        zh="invitation.id：没有编号为 <party> 的邀请；请在邀请列表中查找。",
    ),
    Row(
        "API",
        "a link that was taken back",
        lambda w: answer(w, w.tokens["recalled"]),
        "Refused",
        "survey.token.invitation",
        en="survey.token.invitation: this survey was withdrawn; nothing needs to be answered. Thank you.",
        zh="survey.token.invitation：本次调查已撤回，无需再填写。感谢您的支持。",
    ),
    Row(
        "API",
        "a link a second time",
        lambda w: answer(w, w.tokens["replied"], {"recommend": 1}),
        "Conflict",
        "survey.invitation",
        en="survey.invitation: this survey was answered already (2026-01-05T02:00:00.000000Z). Thank you; to add something, please write to us.",
        zh="survey.invitation：本问卷已于 2026-01-05T02:00:00.000000Z 提交，感谢您的支持；如需补充，请与我们联系。",
    ),
    Row(
        "API",
        "answers to another revision",
        lambda w: answer(w, w.tokens["asked"], digest="0" * 32),
        "Conflict",
        "survey.digest",
        en="survey.digest: the answers are for another revision of the form (00000000000000000000000000000000) than the one that was asked (776ff5787687fce4df30ad9e16e00da2); load the form again and answer that.",
        zh="survey.digest：答复对应的问卷版本（00000000000000000000000000000000）与所发问卷的版本（776ff5787687fce4df30ad9e16e00da2）不一致；请重新打开问卷后再填写。",
    ),
    Row(
        "API",
        "an answer beyond the scale",
        lambda w: answer(w, w.tokens["asked"], {"satisfaction": 6}),
        "Invalid",
        "answers.satisfaction.range",
        en="answers.satisfaction.range: 6 is outside the scale from 1 to 5. Choose a number within it.",
        zh="answers.satisfaction.range：6 超出量表范围（1 至 5）。请在范围内选择。",
    ),
    Row(
        "API",
        "no answer where one is required",
        lambda w: answer(w, w.tokens["asked"], {"comment": "x"}),
        "Invalid",
        "answers.satisfaction",
        en="answers.satisfaction: please answer this question.",
        zh="answers.satisfaction：请回答此题。",
    ),
    Row(
        "API",
        "an answer in words where a number belongs",
        lambda w: answer(w, w.tokens["asked"], {"satisfaction": "five"}),
        "Invalid",
        "answers.satisfaction.type",
        en="answers.satisfaction.type: 'five' is no whole number. Choose one of the numbers of the scale.",
        zh="answers.satisfaction.type：'five' 不是整数。请在量表中选择一个数字。",
    ),
    Row(
        "API",
        "an answer to what was not asked",
        lambda w: answer(w, w.tokens["asked"], {"satisfaction": 5, "colour": "red"}),
        "Invalid",
        "answers.colour.unknown",
        en="answers.colour.unknown: the form has no such question. Answer these: comment, satisfaction.",
        zh="answers.colour.unknown：表单中没有该问题。可回答：comment, satisfaction。",
    ),
    Row(
        "API",
        "a channel that is none",
        lambda w: answer(w, w.tokens["asked"], channel="pigeon"),
        "Invalid",
        "survey.channel",
        en="survey.channel: 'pigeon' is no way in which answers come; one of web, paper, mail, phone, api.",
        zh="survey.channel：'pigeon' 不是有效的答复渠道；可用：web, paper, mail, phone, api。",
    ),
    Row(
        "API",
        "an anonymous answer to a form that names",
        lambda w: answer(w, w.tokens["asked"], anonymous=True),
        "Invalid",
        "anonymous",
        en="anonymous: this form cannot be answered anonymously. Leave anonymous out.",
        zh="anonymous：该表单不能匿名填写。请勿选择匿名。",
    ),
    Row(
        "API",
        "a paper form from tomorrow",
        lambda w: w.work(lambda u: u.surveys.enter("csat", HAPPY, at=w.later(days=1))),
        "Invalid",
        "survey.at.future",
        en="survey.at.future: 2026-01-06T02:00:00.000000Z lies in the future; give the time at which the form was filled in.",
        zh="survey.at.future：2026-01-06T02:00:00.000000Z 晚于当前时间；请填写问卷的实际填写时间。",
    ),
    Row(
        "API",
        "the same form twice about a cycle",
        lambda w: w.work(lambda u: u.surveys.invite(w.ids["open"], anyway=True)),
        "Conflict",
        "survey.form",
        en="survey.form: csat was asked about this handling cycle already (CP-2026-000001); look at its invitation, or ask another form.",
        zh="survey.form：本处理周期已发出问卷 csat（CP-2026-000001）；请查看已有邀请，或选择其他问卷。",
    ),
    Row(
        "API",
        "asking by a trigger of another event",
        lambda w: w.work(lambda u: u.surveys.invite(w.ids["open"], trigger="after_closing")),
        "Invalid",
        "survey.trigger",
        en="survey.trigger: the trigger after_closing waits for closed; to ask by hand name one whose event is on_demand.",
        zh="survey.trigger：触发规则 after_closing 的事件为 closed；人工发起时请指定事件为 on_demand 的规则。",
    ),
    Row(
        "API",
        "asking by a trigger that is off",
        ask_by_one_that_is_off,
        "Refused",
        "survey.trigger.active",
        en="survey.trigger.active: the trigger asked is switched off and asks nobody; switch it on, or ask by another one.",
        zh="survey.trigger.active：触发规则 asked 已停用，不会发出邀请；请启用它，或改用其他触发规则。",
    ),
    Row(
        "API",
        "a sheet of paper with the revision of another form",
        lambda w: w.work(lambda u: u.surveys.enter("nps", HAPPY, digest="776ff5787687fce4df30ad9e16e00da2")),
        "NotFound",
        "survey.digest.form",
        en="survey.digest.form: the form nps never had the revision 776ff5787687fce4df30ad9e16e00da2; take one that careplug survey forms or the form's history names.",
        zh="survey.digest.form：问卷 nps 没有版本 776ff5787687fce4df30ad9e16e00da2；请使用 careplug survey forms 或问卷历史中列出的版本。",
    ),
    Row(
        "API",
        "asking nobody",
        lambda w: w.work(lambda u: u.surveys.invite(contact=None)),
        "Invalid",
        "survey.contact",
        en="survey.contact: None is no reference; pass a Ref(kind, id).",
        zh="survey.contact：None 不是引用；请传入 Ref(kind, id)。",
    ),
    Row(
        "API",
        "taking back what was answered",
        lambda w: w.work(lambda u: u.surveys.withdraw(w.ids["replied"])),
        "Refused",
        "survey.invitation.state",
        en="survey.invitation.state: the invitation has ended (answered); nothing can be changed about it any more.",
        zh="survey.invitation.state：该邀请已结束（answered），不能再更改。",
    ),
    Row(
        "API",
        "a state of invitations that is none",
        lambda w: w.work(lambda u: u.surveys.invitations(state="lost")),
        "Invalid",
        "survey.invitation.state",
        en="survey.invitation.state: lost is no state of an invitation; one of scheduled, sent, reminded, answered, expired, skipped, withdrawn.",
        zh="survey.invitation.state：lost 不是有效的邀请状态；可用：scheduled, sent, reminded, answered, expired, skipped, withdrawn。",
    ),
    Row(
        "API",
        "results by the weather",
        lambda w: w.work(lambda u: u.surveys.scores("csat", by="weather")),
        "Invalid",
        "survey.by",
        en="survey.by: results are not grouped by weather; one of organisation, product, kind, assignee, team, month, quarter, year.",
        zh="survey.by：不能按 weather 分组统计；可用：organisation, product, kind, assignee, team, month, quarter, year。",
    ),
    Row(
        "API",
        "results of the customers of a colour",
        lambda w: w.work(lambda u: u.surveys.scores("csat", filters={"colour": "red"})),
        "Invalid",
        "survey.filter.colour",
        en="survey.filter.colour: results are not grouped by colour; one of organisation, product, kind, assignee, team.",
        zh="survey.filter.colour：不能按 colour 分组统计；可用：organisation, product, kind, assignee, team。",
    ),
    Row(
        "API",
        "a form with a name in words",
        lambda w: w.work(lambda u: u.surveys.put_form("Our Visit", {})),
        "Invalid",
        "survey.form.name",
        en="survey.form.name: 'Our Visit' cannot be the name of a form; use lower-case letters, digits and _, beginning with a letter.",
        zh="survey.form.name：'Our Visit' 不能作为问卷名称；请使用小写字母、数字和下划线，并以字母开头。",
    ),
    Row(
        "API",
        "a form by a revision that is gone",
        lambda w: w.work(lambda u: u.surveys.put_form("csat", u.surveys.form("csat").form.to_data(), expected=7)),
        "Conflict",
        "definition.survey.csat.revision",
        en="definition.survey.csat.revision: you edited revision 7, and meanwhile 1 is the active one. Read that one, and make your change in it.",
        zh="definition.survey.csat.revision：您编辑的是第 7 版，而当前启用的是第 1 版。请读取当前版本，在其上重新修改。",
    ),
    Row(
        "API",
        "an improvement of no words",
        lambda w: w.work(lambda u: u.surveys.plan_improvement(" ", form="csat")),
        "Invalid",
        "improvement.title",
        en="improvement.title: write some words, at most 200 characters.",
        zh="improvement.title：请填写文字，最多 200 个字符。",
    ),
    Row(
        "API",
        "an improvement of a form that measures nothing",
        lambda w: w.work(lambda u: u.surveys.plan_improvement("x", form="csat", question="comment")),
        "Invalid",
        "improvement.question",
        en="improvement.question: comment has no answers that can be compared; one of satisfaction.",
        zh="improvement.question：comment 没有可比较的答案；可用：satisfaction。",
    ),
    Row(
        "API",
        "an improvement over no days",
        lambda w: w.work(lambda u: u.surveys.plan_improvement("x", form="csat", days=0)),
        "Invalid",
        "improvement.days",
        en="improvement.days: 0 is no number of days; write a whole number from 1 to 3660.",
        zh="improvement.days：0 不是有效的天数；请填写 1 至 3660 之间的整数。",
    ),
    Row(
        "API",
        "the results of everybody as an engineer who may see the own",
        lambda w: w.work(lambda u: u.surveys.responses(), WANG),
        "Refused",
        "permission.survey.responses",
        en="permission.survey.responses: person:wang may not do survey.responses. Ask somebody whose role allows it.",
        zh="permission.survey.responses：person:wang 无权执行 survey.responses。请由具有相应角色的人员操作。",
    ),
)
