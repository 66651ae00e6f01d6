"""click's own errors in our words."""

from __future__ import annotations

import click

from careplug.cli.problems import Usage
from careplug.cli.values import field_of

__all__ = ["translated"]


def translated(error: click.ClickException, ctx: click.Context | None = None) -> Usage:
    """The ``Usage`` that says the same as an error of click, met while a context's arguments were read."""
    if isinstance(error, click.NoSuchOption):
        near = ", ".join(error.possibilities or ())
        code = "cli.no_option_near" if near else "cli.no_option"
        return Usage(code, field=error.option_name, near=near)
    if isinstance(error, click.MissingParameter):
        code = "cli.missing_option" if isinstance(error.param, click.Option) else "cli.missing_argument"
        return Usage(code, field=field_of(error.param))
    if isinstance(error, click.BadOptionUsage):
        flag = _option(error.option_name, error.ctx or ctx)
        return Usage("cli.flag_value" if flag is not None and flag.is_flag else "cli.no_value", field=error.option_name)
    place = getattr(error, "ctx", None) or ctx
    if type(error) is click.UsageError and place is not None and isinstance(place.command, click.Group):
        return Usage("cli.no_command_given", field=place.command_path)
    # A plugin's own click types speak for themselves.
    return Usage("cli.other", field="", message=error.format_message())


def _option(name: str, ctx: click.Context | None) -> click.Option | None:
    if ctx is None:
        return None
    params = (param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option))
    return next((param for param in params if name in (*param.opts, *param.secondary_opts)), None)
