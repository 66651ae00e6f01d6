"""Visits to customers: an entity with a resource, a panel, a transition, a metric and a channel, in sixty lines."""
from datetime import date
import attrs
from careplug.contributions import Action, ChannelFactory, EntitySpec, FactType, FieldSpec, Grant, Messages, Panel, Resource, Seed
from careplug.criteria import Is
from careplug.entity import column
from careplug.feedback.fold import STEP_WORDS, step_fold
from careplug.plugin import hookimpl
from careplug.ports import Sent
from careplug.text import Text
@attrs.frozen(kw_only=True)
class Visit:
    id: str
    tenant: str = ""
    number: str = column(length=40)
    day: date
    report: str = column(length=500, default="")
    done: bool = False
    version: int = 1

class Bell:
    name, needs_address, rung = "bell", False, []
    def __init__(self, settings): pass
    def send(self, message): return self.rung.append(message.subject) or Sent(message.key)
    def close(self): pass

def finish(unit, visit, values):
    made = attrs.evolve(visit, done=True, report=values["report"], version=visit.version + 1)
    unit.store.save(made, was=visit)
    return made

def planned(unit, case):
    rows = [(visit.day, visit.done) for visit in unit.store.find(Visit, Is("number", "eq", case.number), limit=20)]
    return {"columns": ("visits.day", "visits.done"), "rows": rows} if rows else None

@hookimpl
def careplug_entities():
    return (EntitySpec(name="visit", cls=Visit, indexes=(("number",),)),
            FactType("visit_agreed", label=Text("Visit agreed", "已约上门"), personal=STEP_WORDS, fold=step_fold, edits=True, public=True))

@hookimpl
def careplug_definitions():
    return (Seed("state", "visiting", {"category": "open"}, Text("Visit ahead", "待上门")),
            Seed("transition", "visit", {"from": ["confirmed", "handling"], "to": "visiting", "fact": "visit_agreed"}, Text("Agree a visit", "约定上门")),
            Seed("metric", "visit", {"starts": [{"fact": "visit_agreed"}], "stops": [{"fact": "arrived"}]}, Text("Visit", "上门")),
            Seed("policy", "visits", {"rank": 5, "calendar": "office", "targets": [{"metric": "visit", "target": {"type": "working_time", "hours": 16}}]}),
            Seed("template", "visit", {"subject": {"en": "Visit for {number}", "zh": "{number} 需上门"}, "body": {"en": "Please go.", "zh": "请安排上门。"}}),
            Seed("subscription", "visit", {"events": ["visit_agreed"], "to": ["requester"], "channel": "bell", "template": "visit"}))

@hookimpl
def careplug_channels():
    return (ChannelFactory("bell", Bell, Text("Bell", "铃")),)

@hookimpl
def careplug_surfaces():
    done = Action("finish", finish, Text("Finish", "完成上门"), (FieldSpec(name="report", label=Text("Report", "上门报告"), required=True),))
    names = {"number": Text("Case", "反馈编号"), "day": Text("Day", "日期"), "report": Text("Report", "上门报告"), "done": Text("Done", "已完成")}
    return (Resource("visits", Visit, Text("Visits", "上门服务"), ("number", "day", "done"), ("number", "done"), ("number", "day"), (done,), labels=names),
            Panel("visits", planned, Text("Visits", "上门服务")), Grant("engineer", ("visits.*",)),
            Messages({"visits.day": Text("Day", "日期"), "visits.done": Text("Done", "已完成")}))
