"""Where the pages of surveys are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from careplug_flask.web.surveys import case_deeds, editor, fill, improvements, responses, results, tables, triggers

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["mount"]


def mount(pages: Blueprint, found: State) -> None:
    """Put the pages on their paths."""
    both = ["GET", "POST"]
    pages.add_url_rule("/survey/<token>", "survey", fill.page, methods=both)
    pages.add_url_rule("/cases/<number>/survey", "survey_invite", case_deeds.invite, methods=both)
    pages.add_url_rule("/cases/<number>/survey/<ident>/withdraw", "survey_withdraw", case_deeds.withdraw, methods=both)
    pages.add_url_rule("/surveys", "surveys", results.overview)
    pages.add_url_rule("/surveys/<name>", "survey_results", results.page)
    pages.add_url_rule("/surveys/<name>/scores.csv", "survey_scores_csv", tables.scores)
    pages.add_url_rule("/surveys/<name>/responses.csv", "survey_responses_csv", tables.answers)
    pages.add_url_rule("/survey-responses", "survey_responses", responses.listed)
    pages.add_url_rule("/survey-responses/<ident>", "survey_response", responses.one)
    pages.add_url_rule("/survey-paper", "survey_paper", responses.paper, methods=both)
    pages.add_url_rule("/survey-forms", "survey_forms", editor.forms)
    pages.add_url_rule("/survey-form-new", "survey_form_new", editor.new, methods=both)
    pages.add_url_rule("/survey-forms/<name>", "survey_form", editor.edit, methods=both)
    pages.add_url_rule("/survey-forms/<name>/preview", "survey_preview", editor.preview, methods=both)
    pages.add_url_rule("/survey-triggers", "survey_triggers", triggers.listed)
    pages.add_url_rule("/survey-triggers/<name>", "survey_trigger", triggers.one, methods=both)
    pages.add_url_rule("/survey-triggers/<name>/switch", "survey_switch", triggers.switch, methods=both)
    pages.add_url_rule("/improvements", "improvements", improvements.listed)
    pages.add_url_rule("/improvement-new", "improvement_new", improvements.new, methods=both)
    pages.add_url_rule("/improvements/<ident>", "improvement", improvements.one)
    pages.add_url_rule(
        f"/improvements/<ident>/<{improvements.ACTIONS}:action>", "improvement_act", improvements.act, methods=both
    )
