"""Where the pages of surveys are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from careplug_flask.web.surveys import case_deeds, editor, fill, responses

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths."""
    both = ["GET", "POST"]
    pages.add_url_rule("/survey/<token>", "survey", fill.page, methods=both)
    pages.add_url_rule("/cases/<number>/survey", "survey_invite", case_deeds.invite, methods=both)
    pages.add_url_rule("/cases/<number>/survey/<ident>/withdraw", "survey_withdraw", case_deeds.withdraw, methods=both)
    pages.add_url_rule("/survey-responses", "survey_responses", responses.listed)
    pages.add_url_rule("/survey-responses/<ident>", "survey_response", responses.one)
    pages.add_url_rule("/survey-paper", "survey_paper", responses.paper, methods=both)
    pages.add_url_rule("/survey-forms", "survey_forms", editor.forms)
    pages.add_url_rule("/survey-form-new", "survey_form_new", editor.new, methods=both)
    pages.add_url_rule("/survey-forms/<name>", "survey_form", editor.edit, methods=both)
    pages.add_url_rule("/survey-forms/<name>/preview", "survey_preview", editor.preview, methods=both)
