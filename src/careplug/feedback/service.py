"""The feedback service of a unit: everything that may be done with a case (S1, S3, S6, S8, S10)."""

from __future__ import annotations

from careplug.feedback.conversation import Conversation
from careplug.feedback.edits import Edits
from careplug.feedback.searching import Searching

__all__ = ["FeedbackService"]


class FeedbackService(Edits, Conversation, Searching):
    """What a unit offers as ``unit.feedback``.

    Every method names an action (``feedback.submit``, ``feedback.step.resolve``, ``feedback.reply`` …) that the unit asks
    about before anything is decided; a case the actor may not know of is ``NotFound``.
    """
