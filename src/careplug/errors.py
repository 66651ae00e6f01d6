"""The errors careplug raises.

Every error carries a ``code`` (its key in the message catalogue), the ``field`` that is wrong and the
values of the sentence. The sentence itself is made when it is read, in the reader's language, so an
error can cross a process or be stored without freezing its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careplug.text import Catalogue, Text

__all__ = [
    "CareError",
    "Conflict",
    "InDoubt",
    "Invalid",
    "NotFound",
    "PluginFailed",
    "Refused",
    "Retry",
    "SchemaMissing",
    "SchemaNewer",
    "Unavailable",
]


class CareError(Exception):
    """Base of every error careplug raises on purpose.

    ``code`` is the catalogue key below ``error.`` (``"calendar.naive"``), ``field`` the dotted name of
    the input that is wrong (``""`` where there is none), the keyword values fill the sentence.
    ``sentence`` carries the words of a plugin's own error, which no catalogue of the core knows.
    """

    def __init__(self, code: str, *, field: str = "", sentence: Text | None = None, **params: object) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.sentence = sentence
        self.params = params

    def text(self, language: str = "en", catalogue: Catalogue | None = None) -> str:
        """The sentence in ``language`` (``"en"``, ``"zh_CN"``): what is wrong and what to do about it.

        ``catalogue`` is that of a ``Care`` (``care.catalogue``), which knows the sentences its plugins hand over.
        """
        from careplug import text

        # An error inside an error, and a name in two languages, are read in the same language.
        params = self.params.items()
        inner = {key: each.text(language, catalogue) for key, each in params if isinstance(each, CareError)}
        inner |= {key: each.get(language) for key, each in params if isinstance(each, text.Text)}
        values = {"field": self.field, **self.params, **inner}
        if self.sentence is not None:
            return text.fill(self.sentence.get(language), values)
        return (catalogue or text.Catalogue()).say(f"error.{self.code}", language, **values)

    def __str__(self) -> str:
        return self.text("en")


class Invalid(CareError, ValueError):
    """A value that cannot be accepted; nothing was stored."""


class NotFound(CareError, LookupError):
    """Something named does not exist, for this tenant and this actor."""


class Refused(CareError, PermissionError):
    """A rule or a permission says no; ``params["plugin"]`` names the plugin where one decided."""


class Conflict(CareError):
    """Somebody else was faster: a stale version, or an idempotency key used for another payload."""


class Retry(CareError):
    """A passing fault of the database (deadlock, serialization, busy snapshot): run the unit again."""


class InDoubt(CareError):
    """The database went away while it kept the unit: kept or not, nobody can say from here.

    Look, or run the unit again if it would find what it did (an idempotency key, an expected version).
    """


class Unavailable(CareError):
    """The database does not answer or does not let us in; nothing was begun. Wait before you try again."""


class SchemaMissing(CareError):
    """The database lacks tables or columns; ``careplug db upgrade`` makes them."""


class SchemaNewer(CareError):
    """The database was written by a newer careplug or plugin than this process runs."""


class PluginFailed(CareError):
    """A plugin that the host requires did not load."""
