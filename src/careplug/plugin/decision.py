"""The one decision plugins take while careplug runs: whether an actor may do something."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from careplug.contributions import Denied
from careplug.errors import Refused
from careplug.plugin.candidate import Candidate, passes, raised_error, say_failure
from careplug.plugin.report import Owner
from careplug.refs import Actor

__all__ = ["Decider", "decide"]

HOOK = "careplug_allow"

_ARGUMENTS = ("actor", "action", "subject")
_BROKEN = ("plugin.allow_failed", "plugin.allow_result")


@attrs.frozen
class Decider:
    """One plugin's part in every decision: its functions, and which of the three arguments each takes.

    Called directly, because this one runs at every use case: through pluggy's subset of one plugin it costs ten
    times as much, and the loader has checked the functions already.
    """

    owner: Owner
    calls: tuple[tuple[Callable[..., Any], tuple[int, ...]], ...]

    @classmethod
    def of(cls, candidate: Candidate) -> Decider:
        """The decider of a loaded plugin that implements ``careplug_allow``."""
        functions = [found.function for found in candidate.implementations if found.hook == HOOK]
        names = [inspect.signature(function).parameters for function in functions]
        places = [tuple(_ARGUMENTS.index(name) for name in each) for each in names]
        return cls(candidate.owner, tuple(zip(functions, places, strict=True)))

    def refusal(self, actor: Actor, action: str, subject: object | None) -> Refused | None:
        """The plugin's no, None where it has no objection; what breaks is a no too."""
        values = (actor, action, subject)
        for function, places in self.calls:
            arguments = [values[place] for place in places]
            try:
                answer = function(*arguments)
            except BaseException as error:
                if passes(error):
                    raise
                return self._broken(error, action)
            if answer is not None:
                return self._answered(answer, action)
        return None

    def _answered(self, answer: object, action: str) -> Refused:
        field, who = f"allow.{action}", self._who(action)
        if isinstance(answer, Denied):
            return Refused(answer.code, field=field, sentence=answer.reason, **who)
        wrong = Refused("plugin.allow_result", field=field, value=type(answer).__name__, **who)
        say_failure(self.owner, wrong)
        return wrong

    def _broken(self, raised: BaseException, action: str) -> Refused:
        who = self._who(action)
        if isinstance(raised, Refused):
            raised.params = {**raised.params, **who}
            return raised
        reason = raised_error(raised, f"plugins.{self.owner.name}.{HOOK}", HOOK)
        wrong = Refused("plugin.allow_failed", field=f"allow.{action}", error=reason, **who)
        wrong.__cause__ = raised
        say_failure(self.owner, wrong)
        return wrong

    def _who(self, action: str) -> dict[str, Any]:
        return {"plugin": self.owner.name, "version": self.owner.version, "action": action}


def decide(deciders: Iterable[Decider], actor: Actor, action: str, subject: object | None) -> None:
    """Ask all; ``Refused`` where at least one says no: the same one whatever the order of plugins.

    A plugin's own no goes before that of a broken plugin, then by name.
    """
    found = [decider.refusal(actor, action, subject) for decider in deciders]
    refusals = [refusal for refusal in found if refusal is not None]
    if refusals:
        raise min(refusals, key=lambda each: (each.code in _BROKEN, str(each.params["plugin"])))
