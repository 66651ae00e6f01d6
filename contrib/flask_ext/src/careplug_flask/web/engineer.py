"""The pages of the service side: the queue, all cases, and the view of a case with everything that can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from careplug_flask.web.case_deeds import mount_deeds
from careplug_flask.web.case_page import case_page
from careplug_flask.web.cases_page import all_cases_view
from careplug_flask.web.queue_page import queue_view

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["case_page", "mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths; that of a case is the customer's rule, which asks ``case_page`` for our side's."""
    pages.add_url_rule("/queue", "queue", queue_view)
    pages.add_url_rule("/cases", "all_cases", all_cases_view)
    mount_deeds(pages)
