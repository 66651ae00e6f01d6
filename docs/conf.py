"""Sphinx: MyST pages, the furo theme; `make docs` treats warnings as errors."""

from __future__ import annotations

from importlib.metadata import version as _version

project = "careplug"
author = "the careplug authors"
copyright = "the careplug authors, Apache-2.0"
release = _version("careplug")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "host"]
nitpicky = False
# JSON whose first line `# file: NAME` says where the reader saves it; that it parses without that line is tested.
suppress_warnings = ["misc.highlighting_failure"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"

html_theme = "furo"
html_title = f"careplug {release}"
html_copy_source = False
html_show_sphinx = False
