"""What people may write wrongly in the TOML of a form."""

from __future__ import annotations

from tests.integration.bad_input.row import Row
from tests.integration.bad_input.toml_definitions import put
from tests.integration.bad_input.world import World

TITLE = 'title = {en = "Visit", zh = "回访"}\n'
FIRST = '[[questions]]\nkey = "skill"\ntype = "csat"\ntext = {en = "How was it?"}\n'
SECOND = '[[questions]]\nkey = "why"\ntype = "text"\ntext = {en = "Why?"}\n'


def form(world: World, text: str, title: str = TITLE) -> None:
    """Store a form of this text."""
    put(world, "survey", title + text)


ROWS: tuple[Row, ...] = (
    Row(
        "TOML",
        "a form without a title",
        lambda w: form(w, FIRST, title=""),
        "Invalid",
        "survey.gold.title",
        en="survey.gold.title: the words are missing. Write en, zh or both below it.",
        zh="survey.gold.title：缺少文字。请在其下写 en、zh 或两者。",
    ),
    Row(
        "TOML",
        "a title in one word instead of two languages",
        lambda w: form(w, FIRST, title='title = "Visit"\n'),
        "Invalid",
        "survey.gold.title.table",
        en="survey.gold.title.table: 'Visit' is no table. Write a table with: en, zh.",
        zh="survey.gold.title.table：'Visit' 不是表。请写成表，可用的键：en, zh。",
    ),
    Row(
        "TOML",
        "a form without questions",
        lambda w: form(w, ""),
        "Invalid",
        "survey.gold.questions.number",
        en="survey.gold.questions.number: a form has 1 to 100 questions, not 0. Add one, or split the form.",
        zh="survey.gold.questions.number：表单应有 1 至 100 个问题，现为 0 个。请增加问题，或拆分表单。",
    ),
    Row(
        "TOML",
        "two questions of one key",
        lambda w: form(w, FIRST + FIRST),
        "Invalid",
        "survey.gold.questions[1].key.twice",
        en="survey.gold.questions[1].key.twice: there is skill already. Give each its own key.",
        zh="survey.gold.questions[1].key.twice：skill 已存在。请使用不同的键。",
    ),
    Row(
        "TOML",
        "a question that waits for a later one",
        lambda w: form(w, SECOND + 'when = {field = "skill", op = "le", value = 2}\n' + FIRST),
        "Invalid",
        "survey.gold.questions[0].when.skill",
        en="survey.gold.questions[0].when.skill: there is no question or choice skill before this place. Use one of: –.",
        zh="survey.gold.questions[0].when.skill：此处之前没有 skill 这一问题或选项。可用：–。",
    ),
    Row(
        "TOML",
        "a condition that no answer meets",
        lambda w: form(w, FIRST + SECOND + 'when = {field = "skill", op = "gt", value = 9}\n'),
        "Invalid",
        "survey.gold.questions[1].when.skill.value",
        en="survey.gold.questions[1].when.skill.value: no answer to this question can be 9. Compare with one it can have.",
        zh="survey.gold.questions[1].when.skill.value：该问题的答案不可能是 9。请与可能的答案比较。",
    ),
    Row(
        "TOML",
        "a scale for which the measure is not defined",
        lambda w: form(w, FIRST.replace('"csat"', '"scale"\nlow = 1\nhigh = 4\nmeasure = "nps"')),
        "Invalid",
        "survey.gold.questions[0].measure.scale",
        en=(
            "survey.gold.questions[0].measure.scale: nps needs one of these scales: 0–10, 1–10. Change low and high, "
            "or leave measure out."
        ),
        zh="survey.gold.questions[0].measure.scale：nps 需要以下量表之一：0–10, 1–10。请更改上下限，或删去 measure。",
    ),
    Row(
        "TOML",
        "choices of a question that has none",
        lambda w: form(w, FIRST + 'choices = [{key = "a", text = {en = "A"}}]\n'),
        "Invalid",
        "survey.gold.questions[0].choices.useless",
        en=(
            "survey.gold.questions[0].choices.useless: a question of type csat has no use for “choices”. Leave it out or "
            "change the type."
        ),
        zh="survey.gold.questions[0].choices.useless：类型为 csat 的问题用不到 choices。请删去，或更改类型。",
    ),
    Row(
        "TOML",
        "a name asked for on a form that is always anonymous",
        lambda w: form(w, 'anonymous = "always"\n' + SECOND + "personal = true\n"),
        "Invalid",
        "survey.gold.questions[0].personal.anonymous",
        en=(
            "survey.gold.questions[0].personal.anonymous: the form is always anonymous, and why says who answers. Remove "
            "the question or personal and prefill."
        ),
        zh=(
            "survey.gold.questions[0].personal.anonymous：该表单始终匿名，而 why 会透露填写人。"
            "请删去该问题，或去掉 personal 与 prefill。"
        ),
    ),
)
