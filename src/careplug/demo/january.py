"""January: nineteen cases of three customers."""

from __future__ import annotations

from careplug.demo.scenes import Scene, begin, ordinary, scene, steps

__all__ = ["SCENES"]

SCENES: tuple[Scene, ...] = (
    *ordinary(
        begin("a1", "01-05 09:12", "li", "fault", "营业收费系统无法打印水费发票", "三个窗口同时无法打印，提示驱动异常。", impact=2, urgency=1),
        ("01-05 09:25", "zhou", "您好，已受理，工程师正在远程查看。"),
        "01-05 15:40", "wang", "回退打印组件至上一版本，重新安装发票驱动", "三个窗口均恢复打印，连续打印五十张正常", "01-06 09:30",
    ),
    *ordinary(
        begin("a2", "01-05 14:05", "he", "question", "如何批量导入新生名单"),
        ("01-05 14:20", "zhou", "请使用模板“新生导入”，操作步骤已发至您的邮箱。"),
        "01-05 14:50", "zhou", "提供导入模板并电话指导", "已成功导入 326 名新生",
    ),
    *ordinary(
        begin("a3", "01-06 10:30", "sun", "fault", "运单查询页面打开缓慢", "查询近三个月运单要等一分钟以上。", impact=2, urgency=2),
        ("01-06 10:48", "wang", "已收到，正在分析数据库慢查询。"),
        "01-07 09:50", "wang", "为运单表增加复合索引，改写分页查询", "查询耗时由 68 秒降至 0.4 秒", "01-08 10:00",
    ),
    begin("a4", "01-07 16:50", "li", "data_fix", "抄表数据录错，申请更正", "滨江片区 12 户表底数录入错误。"),
    scene("a4", "01-07 17:02", "zhou", "reply", body="数据更正须有书面申请，请加盖公章后回传。"),
    scene("a4", "01-07 17:10", "zhou", "pause", reason="waiting_approval", note="等待书面申请"),
    scene("a4", "01-08 10:05", "zhou", "resume", reason="waiting_approval"),
    *steps("a4", "01-08 10:10", "01-08 16:30", "wang", "按书面申请更正 12 户表底数，保留更正前记录", "客户核对无误"),
    *ordinary(
        begin("a5", "01-08 09:03", "he", "complaint", "远程协助未按约定时间开始", "约定八点半，等到九点无人联系。", impact=2, urgency=2),
        ("01-08 09:20", "zhao", "非常抱歉，责任在我方排班，今天内给您书面答复。"),
        "01-08 17:20", "zhao", "核实排班疏漏，调整预约提醒，向客户书面致歉", "客户接受处理结果", "01-09 08:50",
    ),
    begin("a6", "01-09 11:20", "sun", "fault", "车辆定位数据中断", "全部车辆停留在一小时前的位置。", impact=1, urgency=1, channel="phone"),
    scene("a6", "01-09 11:22", "zhou", "call", direction="in", body="客户来电，已转应急小组。"),
    *steps("a6", "01-09 11:25", "01-09 13:45", "wang", "重启定位网关，清理积压队列", "车辆位置恢复实时更新", cause="网关连接数耗尽"),
    begin("a7", "01-12 15:30", "li", "change", "阶梯水价调整，需修改计费规则", "自二月起执行新价格，申请单由陈副总签字。", impact=2, urgency=2),
    scene("a7", "01-12 15:50", "wang", "reply", body="需求合理可行，请确认附件中的规则说明后我们开始开发。"),
    scene("a7", "01-12 16:30", "wang", "pause", reason="waiting_approval", note="等待签字确认"),
    scene("a7", "01-14 09:30", "wang", "resume", reason="waiting_approval"),
    scene("a7", "01-14 09:40", "wang", "expect", until="01-16 18:00", reason="涉及历史账单重算，需完整回归测试"),
    *steps("a7", "01-14 09:45", "01-16 16:00", "wang", "新增四档阶梯计费规则，重算并核对历史账单", "测试通过，已发布更新公告"),
    begin("a8", "01-13 09:40", "he", "training", "新教师系统操作培训", "约二十人，希望到校讲解。", site="qiming-campus"),
    scene("a8", "01-13 09:52", "zhou", "reply", body="可以安排，周四下午两点到校是否方便？"),
    scene("a8", "01-13 10:00", "zhou", "appoint", start="01-15 14:00", until="01-15 17:00"),
    scene("a8", "01-13 10:00", "zhou", "pause", reason="scheduled"),
    scene("a8", "01-15 13:50", "chen", "record", kind="arrived"),
    scene("a8", "01-15 14:00", "chen", "resume", reason="scheduled"),
    *steps("a8", "01-15 14:02", "01-15 17:00", "chen", "现场培训三小时，发放操作手册", "21 名教师通过上机练习"),
    *ordinary(
        begin("a9", "01-14 10:15", "sun", "suggestion", "希望运单可按客户导出"),
        ("01-14 10:30", "zhou", "感谢建议，已转产品组评估。"),
        "01-14 17:00", "wang", "在导出界面增加客户筛选条件", "客户试用满意", "01-15 09:10",
    ),
    *ordinary(
        begin("a10", "01-15 20:40", "li", "fault", "夜间自助终端无法缴费", "两台终端提示网络异常。", impact=1, urgency=2),
        ("01-16 09:12", "zhou", "您好，已受理，正在检查终端网络。"),
        "01-16 14:30", "chen", "更换终端网络模块，恢复专线配置", "两台终端缴费成功",
    ),
    *ordinary(
        begin("a11", "01-19 09:25", "he", "fault", "成绩录入页面报错", "保存时提示“数据已过期”。", impact=2, urgency=2),
        ("01-19 09:41", "wang", "已复现，正在定位原因。"),
        "01-19 16:05", "wang", "延长录入会话时长，修正版本校验", "多班级录入验证通过",
    ),
    scene("a11", "01-21 10:10", "he", "step", name="reopen", reason="初三两个班仍无法保存成绩"),
    scene("a11", "01-21 10:25", "wang", "reply", body="抱歉，正在检查这两个班的数据。"),
    scene("a11", "01-21 14:40", "wang", "step", name="verify"),
    scene("a11", "01-21 15:30", "wang", "step", name="resolve", measure="清理两个班的重复课程记录", result="全校成绩均可保存", cause="历史课程重复导致校验失败"),
    scene("a11", "01-22 09:00", "he", "step", name="close"),
    *ordinary(
        begin("a12", "01-20 13:20", "sun", "inquiry", "车队管理模块报价与实施周期"),
        ("01-20 13:45", "zhou", "已转商务，明天上午给您方案。"),
        "01-21 10:00", "zhao", "提供模块报价与六周实施计划", "客户进入内部审批",
    ),
    *ordinary(
        begin("a13", "01-22 10:00", "zhou", "alarm", "监控告警：数据库磁盘使用率 92%", customer="li", impact=2, urgency=2, channel="monitor"),
        ("01-22 10:06", "wang", "监控发现磁盘空间偏紧，我们正在清理归档日志。"),
        "01-22 11:40", "wang", "清理归档日志并扩容 200 GB", "使用率降至 54%",
    ),
    *ordinary(
        begin("a14", "01-23 17:45", "he", "question", "家长账号忘记密码如何重置"),
        ("01-23 17:52", "zhou", "管理员可在“账号管理”中重置，步骤如下。"),
        "01-23 18:05", "zhou", "指导管理员重置密码", "家长已登录",
    ),
    begin("a15", "01-26 09:50", "sun", "fault", "打印面单出现乱码", impact=2, urgency=2),
    scene("a15", "01-26 10:05", "wang", "reply", body="请提供打印机型号与一张样张照片。"),
    scene("a15", "01-26 10:20", "wang", "pause", reason="waiting_customer"),
    scene("a15", "01-27 09:05", "sun", "reply", body="型号为 ZD421，样张已上传。"),
    begin("a16", "01-27 10:10", "sun", "fault", "面单乱码（另一仓库）"),
    scene("a16", "01-27 10:22", "zhou", "reply", body="与您昨天的反馈原因相同，合并处理。"),
    scene("a16", "01-27 10:40", "zhou", "step", name="merge", into="a15"),
    *steps("a15", "01-27 10:45", "01-27 14:10", "wang", "更新打印模板编码并下发两个仓库", "样张清晰，两仓验证通过", cause="模板编码与新打印机固件不符"),
    *ordinary(
        begin("a17", "01-28 14:30", "li", "security", "发现弱口令账号", "安全检查发现三个弱口令管理员账号。", impact=1, urgency=1),
        ("01-28 14:42", "wang", "已锁定三个账号，正在核查登录记录。"),
        "01-28 19:20", "wang", "强制改密，启用复杂度策略与登录审计", "核查未发现异常登录", "01-29 09:15",
    ),
    begin("a18", "01-29 11:00", "he", "change", "课表模板增加晚自习"),
    scene("a18", "01-29 11:18", "zhou", "reply", body="已收到，正在评估可行性。"),
    scene("a18", "01-29 15:00", "zhao", "step", name="reject", reason="与现行排课规则冲突，且不在维保范围；建议列入下一版本规划"),
    begin("a19", "01-30 16:20", "sun", "question", "司机端如何切换语言"),
    scene("a19", "01-30 16:40", "sun", "step", name="withdraw", reason="已自行找到设置"),
)  # fmt: skip
