"""Forms as people keep them: which there are, what one asks, the next revision of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from careplug.definitions import Definition
from careplug.errors import Invalid
from careplug.survey import _reading as read
from careplug.survey.base import FORM, Base
from careplug.survey.forms import Form
from careplug.text import Text

__all__ = ["Asking", "FormLine"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


@attrs.frozen(kw_only=True)
class FormLine:
    """A form that can be asked: its active revision, and how many there were."""

    name: str
    label: Text
    digest: str
    revision: int
    form: Form


class Asking(Base):
    """Listing, reading, changing forms."""

    def forms(self) -> list[FormLine]:
        """The forms that can be asked, by name. Needs ``survey.forms``."""
        self.unit.allow("survey.forms")
        return [self._line(found) for _, found in sorted(self.definitions.active(FORM).items())]

    def form(self, name: str, *, digest: str = "") -> FormLine:
        """One form as it is asked now, or by an earlier revision; ``NotFound``. Needs ``survey.forms``."""
        self.unit.allow("survey.forms", name)
        if not digest:
            return self._line(self.definitions.get(FORM, name))
        self._revision(name, digest)  # `NotFound` for one that never was
        return next(self._line(found) for found in self.definitions.revisions(FORM, name) if found.digest == digest)

    def put_form(
        self, name: str, data: Mapping[str, Any], *, label: Text = Text(), expected: int | None = None
    ) -> FormLine:
        """Make the next revision of a form, or a new one. Earlier ones stay readable, open invitations stay with theirs.

        ``expected`` is the revision that was changed (0: there was none); ``Conflict`` where it is another by now.
        ``Invalid`` names what is wrong with it. Needs ``survey.forms.put`` and ``definitions.put``.
        """
        self.unit.allow("survey.forms.put", name)
        if not _NAME.fullmatch(name):
            raise Invalid("survey.form_name", field="survey.form.name", value=read.shown(name))
        form = Form.parse(name, data)
        return self._line(self.definitions.put(FORM, name, data, label=label or form.title, expected=expected))

    def preview(self, name: str, data: Mapping[str, Any]) -> Form:
        """The form as it would be asked; nothing is stored. ``Invalid`` names what is wrong. Needs ``survey.forms``."""
        self.unit.allow("survey.forms", name)
        return Form.parse(name, data)

    def _line(self, found: Definition) -> FormLine:
        form: Form = self.definitions.cache.parsed(found)
        return FormLine(
            name=found.name,
            label=found.label or form.title,
            digest=found.digest,
            revision=found.revision,
            form=form,
        )
