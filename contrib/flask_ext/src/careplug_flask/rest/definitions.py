"""Policies, calendars and subscriptions as operations: list, read, revisions, put, accept."""

from __future__ import annotations

from typing import Any

from careplug.text import Text
from careplug_flask.rest.table import Call, Operation, Reply
from careplug_flask.rest.wire.house import Definition, DefinitionIn, Definitions

__all__ = ["DEFINITIONS", "operations"]

DEFINITIONS = {"policies": "policy", "calendars": "calendar", "subscriptions": "subscription"}
"""The kinds of definitions the API shows, by the word in the path."""


def operations() -> tuple[Operation, ...]:
    """List, read, put and accept for each kind of definition."""
    return tuple(made for word, kind in DEFINITIONS.items() for made in _Kind(word, kind).operations())


class _Kind:
    """One kind of definition: what its operations do."""

    def __init__(self, word: str, kind: str) -> None:
        self.word, self.kind = word, kind

    def operations(self) -> tuple[Operation, ...]:
        """The five of them."""
        title, path = self.kind.capitalize(), f"/{self.word}/{{name}}"
        revision = f"{path}/revisions/{{digest}}/accept"
        return (
            self._operation(f"list{self.word.capitalize()}", "GET", f"/{self.word}", self.listed, Definitions),
            self._operation(f"get{title}", "GET", path, self.one, Definition),
            self._operation(f"put{title}", "PUT", path, self.put, Definition, body=DefinitionIn),
            self._operation(f"list{title}Revisions", "GET", f"{path}/revisions", self.revisions, Definitions),
            self._operation(f"accept{title}", "POST", revision, self.accept, Definition),
        )

    def _operation(self, name: str, method: str, path: str, run: Any, answer: Any, **more: Any) -> Operation:
        return Operation(name=name, method=method, path=path, run=run, answer=answer, tag=self.word, **more)

    def listed(self, call: Call) -> Reply:
        """The active revisions of a kind, by name."""
        call.unit.allow("definitions.read")
        active = call.unit.definitions.active(self.kind)
        return Reply(value=Definitions(items=[_shown(active[name]) for name in sorted(active)]))

    def one(self, call: Call) -> Reply:
        """The active revision of a name."""
        call.unit.allow("definitions.read")
        return Reply(value=_shown(call.unit.definitions.get(self.kind, call.path["name"])))

    def revisions(self, call: Call) -> Reply:
        """Every revision of a name, oldest first, proposed ones too."""
        call.unit.allow("definitions.read")
        found = call.unit.definitions.revisions(self.kind, call.path["name"])
        if not found:
            call.unit.definitions.get(self.kind, call.path["name"])  # NotFound, with the names there are
        return Reply(value=Definitions(items=[_shown(each) for each in found]))

    def put(self, call: Call) -> Reply:
        """Store a new active revision."""
        body: DefinitionIn = call.body
        # a new policy or calendar may concern open cases, which `changes` knows about
        service = call.unit.definitions if self.kind == "subscription" else call.unit.changes
        label = Text(en=body.label_en, zh=body.label_zh)
        return Reply(value=_shown(service.put(self.kind, call.path["name"], body.data, label=label)))

    def accept(self, call: Call) -> Reply:
        """Make a proposed revision the active one."""
        service = call.unit.definitions if self.kind == "subscription" else call.unit.changes
        return Reply(value=_shown(service.accept(self.kind, call.path["name"], call.path["digest"])))


def _shown(found: Any) -> Definition:
    return Definition(
        kind=found.kind,
        name=found.name,
        digest=found.digest,
        revision=found.revision,
        state=found.state,
        label_en=found.label.en,
        label_zh=found.label.zh,
        data=found.data,
        source=found.source,
        created_at=found.created_at,
    )
