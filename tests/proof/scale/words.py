"""An invented word stock in Chinese and English: what customers write and engineers answer, by a given chance."""

from __future__ import annotations

from random import Random

__all__ = ["COMMON", "PAIR", "RARE", "Said", "said"]

Said = dict[str, str]

COMMON = {"zh": "打印机", "en": "printer"}
"""A word that every twentieth case or so holds."""

PAIR = {"zh": "打印机 卡纸", "en": "printer jammed"}
"""Two words that some cases hold together."""

RARE = {"zh": "示波管", "en": "oscilloscope"}
"""A word of one case in two thousand of its language."""

_RARITY = 2_000
_ENGLISH = 0.25

_THINGS = {
    "zh": (
        *("打印机", "扫描仪", "交换机", "路由器", "服务器", "显示器", "投影仪", "条码枪", "读卡器", "考勤机"),
        *(
            "报销系统",
            "合同系统",
            "库存模块",
            "排班模块",
            "门户网站",
            "移动应用",
            "数据接口",
            "报表平台",
            "电子签章",
            "监控平台",
        ),
    ),
    "en": (
        *("printer", "scanner", "switch", "router", "server", "monitor", "projector", "barcode gun", "card reader"),
        *(
            "expense system",
            "contract system",
            "stock module",
            "roster",
            "portal",
            "mobile app",
            "interface",
            "reports",
        ),
    ),
}
_FAULTS = {
    "zh": (
        *(
            "卡纸",
            "无法启动",
            "登录失败",
            "响应缓慢",
            "数据丢失",
            "显示异常",
            "频繁重启",
            "无法连接",
            "导出报错",
            "权限不足",
        ),
        *(
            "时间不准",
            "重复扣款",
            "界面乱码",
            "发热严重",
            "噪音很大",
            "升级失败",
            "无法保存",
            "找不到记录",
            "金额不符",
            "验证码收不到",
        ),
    ),
    "en": (
        *(
            "jammed",
            "does not start",
            "login fails",
            "very slow",
            "data missing",
            "wrong colours",
            "restarts by itself",
        ),
        *("cannot connect", "export fails", "no permission", "wrong time", "charged twice", "overheats", "is loud"),
    ),
}
_PLACES = {
    "zh": (
        "三楼财务室",
        "仓库二区",
        "前台",
        "总部机房",
        "门诊大厅",
        "实训中心",
        "东厂区",
        "客服中心",
        "会议室",
        "档案科",
    ),
    "en": (
        "accounts office",
        "warehouse two",
        "front desk",
        "server room",
        "main hall",
        "training centre",
        "east plant",
    ),
}
_WHEN = {
    "zh": ("今天早上", "昨天下午", "上周开始", "断电之后", "更新以后", "每到月底", "换线之后", "刚才"),
    "en": ("this morning", "since yesterday", "since last week", "after the power cut", "after the update", "just now"),
}
_TRIED = {
    "zh": (
        "重启过两次没有用",
        "换了一台电脑还是一样",
        "已经重新安装",
        "同事那里正常",
        "请尽快派人来看",
        "影响正常办公",
    ),
    "en": (
        "restarted it twice",
        "same on another desk",
        "installed it again",
        "works for colleagues",
        "please send help",
    ),
}
_DONE = {
    "zh": ("更换了部件", "重新配置后恢复", "清理缓存并重启", "修正了数据", "升级到新版本", "远程指导客户完成设置"),
    "en": ("replaced a part", "configured it anew", "cleared the cache", "corrected the data", "updated the version"),
}
_RESULT = {"zh": ("客户确认正常", "观察一天无异常", "已恢复使用"), "en": ("confirmed by the customer", "works again")}
_ANSWER = {
    "zh": ("您好，已收到，工程师稍后与您联系", "我们正在查看，请稍候", "请提供设备编号和照片"),
    "en": ("we have it and will call you", "we are looking into it", "please send the serial number"),
}
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"


def said(chance: Random, number: int) -> Said:
    """Everything that people say in the case of this number."""
    language = "en" if chance.random() < _ENGLISH else "zh"
    pick = chance.choice
    thing, fault, place = pick(_THINGS[language]), pick(_FAULTS[language]), pick(_PLACES[language])
    when, tried = pick(_WHEN[language]), pick(_TRIED[language])
    if number % _RARITY == 0:
        thing = RARE[language]
    if language == "zh":
        subject, body = f"{place}{thing}{fault}", f"{when}，{place}的{thing}{fault}，{tried}。"
    else:
        subject, body = f"{thing} {fault}, {place}", f"The {thing} in {place} {fault} {when}; {tried}."
    return {
        "subject": subject,
        "body": body,
        "contact_name": pick(_SURNAMES) + pick(_GIVEN) + pick(_GIVEN),
        "contact_phone": f"13{chance.randrange(10**9):09d}",
        "answer": pick(_ANSWER[language]),
        "measure": pick(_DONE[language]),
        "result": pick(_RESULT[language]),
    }
