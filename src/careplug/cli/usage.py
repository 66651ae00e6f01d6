"""click's own errors in our words."""

from __future__ import annotations

import click

from careplug.cli.problems import Usage
from careplug.cli.values import field_of

__all__ = ["translated"]


def translated(error: click.ClickException) -> Usage:
    """The ``Usage`` that says the same as an error of click."""
    if isinstance(error, click.NoSuchOption):
        near = ", ".join(error.possibilities or ())
        code = "cli.no_option_near" if near else "cli.no_option"
        return Usage(code, field=error.option_name, near=near)
    if isinstance(error, click.MissingParameter):
        code = "cli.missing_option" if isinstance(error.param, click.Option) else "cli.missing_argument"
        return Usage(code, field=field_of(error.param))
    if isinstance(error, click.BadOptionUsage):
        flag = _option(error)
        return Usage("cli.flag_value" if flag is not None and flag.is_flag else "cli.no_value", field=error.option_name)
    if type(error) is click.UsageError and error.ctx is not None and isinstance(error.ctx.command, click.Group):
        return Usage("cli.no_command_given", field=error.ctx.command_path)
    # A plugin's own click types speak for themselves.
    return Usage("cli.other", field="", message=error.format_message())


def _option(error: click.BadOptionUsage) -> click.Option | None:
    if error.ctx is None:
        return None
    params = (param for param in error.ctx.command.get_params(error.ctx) if isinstance(param, click.Option))
    return next((param for param in params if error.option_name in (*param.opts, *param.secondary_opts)), None)
