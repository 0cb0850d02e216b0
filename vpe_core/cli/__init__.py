"""The command line: `python -m vpe_core …`. One file a command; each is imported when it is used.

A `VPEError` is printed as one sentence, with exit code 2.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import typer
from typer.core import TyperGroup

from vpe_core import __version__
from vpe_core.errors import VPEError

_COMMANDS = {
    "doctor": "doctor:doctor",
    "models": "models:app",
    "datasets": "datasets:app",
    "leak": "leak:leak",
    "classify": "classify:classify",
    "benchmark": "benchmark:app",
    "lab": "lab:app",
    "simulate": "simulate:simulate",
    "train": "train:train",
    "serve": "serve:serve",
}
"""Where each command is: module and function (or group of commands) in this package."""


class _LazyGroup(TyperGroup):
    """Knows its commands by name, and imports one when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in _COMMANDS if self.get_command(ctx, name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # typer fixes the signature
        if cmd_name not in self.commands and cmd_name in _COMMANDS:
            module, _, attribute = _COMMANDS[cmd_name].partition(":")
            if importlib.util.find_spec(f"{__name__}.{module}"):
                found = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
                self.commands[cmd_name] = _as_command(cmd_name, found)
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VPEError as error:
            typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
            raise typer.Exit(2) from None


def _as_command(name: str, found: Any) -> Any:
    """A function or a group of commands, as typer runs it under `name`."""
    if isinstance(found, typer.Typer):
        command = typer.main.get_command(found)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(found)
        command = typer.main.get_command(single)
    command.name = name
    return command


app = typer.Typer(
    cls=_LazyGroup, name="vpe_core", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def main(
    version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True),
) -> None:
    """Visual prompt engineering for vision-language models in radiology. For research, not for patients."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
