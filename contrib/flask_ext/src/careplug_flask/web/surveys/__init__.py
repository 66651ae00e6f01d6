"""Surveys: the form by its link, answers and results for the service side, improvements, the editor of forms."""
