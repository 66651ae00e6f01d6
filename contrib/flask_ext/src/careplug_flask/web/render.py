"""Pages made of templates: an environment of careplug's own, inside careplug's layout or a block of the host's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import current_app, render_template_string
from jinja2 import ChoiceLoader, Environment, FunctionLoader, PackageLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from careplug_flask.errors import HostError, error
from careplug_flask.identity import visitor
from careplug_flask.web.context import page_context

if TYPE_CHECKING:
    from careplug_flask.state import State

__all__ = ["Renderer"]

_BETWEEN = "<!--careplug-->"
"""Stands in ``bare.html`` between the title and the content; in what people write it would be escaped."""


class Renderer:
    """Renders careplug's templates. The host's own Jinja environment is asked for its layout alone and never changed.

    A host replaces a template by one of the same name below ``careplug/`` in its own template folder.
    """

    def __init__(self, here: State) -> None:
        self._here = here
        self._environment = Environment(
            loader=ChoiceLoader(
                [FunctionLoader(self._replaced), FunctionLoader(_of_plugin), PackageLoader("careplug_flask")]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._wrapper = _wrapper(here)

    def page(self, template: str, unit: Any, /, *, alone: bool = False, **values: Any) -> str:
        """A whole page, in the reader's language, as the visitor may see it; ``alone`` in careplug's own layout."""
        found = self._environment.get_template(template)
        context = {**page_context(self._here, unit), **values}
        if alone or not self._wrapper:
            return found.render(context, layout="layout.html")
        title, _, inside = found.render(context, layout="bare.html").partition(_BETWEEN)
        content = self._environment.get_template("host.html").render({**context, "inside": inside})
        return self._in_host(
            careplug_title=Markup(title.strip()),  # noqa: S704  an environment that escapes rendered it
            careplug_content=Markup(content),  # noqa: S704  as above
            careplug_styles=context["styles"],
            careplug_scripts=Markup(self._environment.get_template("scripts.html").render(context)),  # noqa: S704  as above
            careplug_language=visitor().language,
        )

    def _in_host(self, **values: Any) -> str:
        """The host's layout around our blocks; ``HostError`` names the setting where there is no such layout."""
        try:
            return render_template_string(self._wrapper, **values)
        except TemplateNotFound as missing:
            base = self._here.options.base_template
            if missing.name != base:
                raise
            raise error(HostError, "flask.base_template", field="config.CAREPLUG_BASE_TEMPLATE", value=base) from None

    def part(self, template: str, **values: Any) -> Markup:
        """A piece of a page: a plugin's panel."""
        return Markup(self._environment.get_template(template).render(values))  # noqa: S704  as above

    def _replaced(self, name: str) -> str | None:
        """The host's own template of that name, None where it has none."""
        if ":" in name:
            return None
        loader = current_app.jinja_env.loader
        if loader is None:
            return None
        try:
            return loader.get_source(current_app.jinja_env, f"careplug/{name}")[0]
        except TemplateNotFound:
            return None


def _of_plugin(name: str) -> str | None:
    """``package:path`` of a plugin's template."""
    package, colon, path = name.partition(":")
    if not colon:
        return None
    from importlib import resources

    file = resources.files(package).joinpath(path)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _wrapper(here: State) -> str:
    """The template in the host's environment that puts our blocks into its layout; empty for our own layout."""
    base: str = here.options.base_template
    if not base:
        return ""
    contents: Mapping[str, str] = {
        "title": "{{ careplug_title }}",
        "content": "{{ careplug_content }}",
        "head": '{{ super() }}{% for url in careplug_styles %}<link rel="stylesheet" href="{{ url }}">{% endfor %}',
        "scripts": "{{ super() }}{{ careplug_scripts }}",
    }
    blocks = here.options.blocks
    parts = [
        f"{{% block {blocks[name]} %}}{words}{{% endblock %}}" for name, words in contents.items() if name in blocks
    ]
    return f'{{% extends "{base}" %}}' + "".join(parts)
