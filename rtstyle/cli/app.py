"""Puts the commands together, each in a module of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

import rtstyle
from rtstyle.cli.command import HELP, Command, Group

_COMMANDS = ("live", "transcode", "image", "keyframe", "styles", "export", "inspect", "cameras", "bench")


class _Commands(Group):
    """Loads a command only when asked for: loading all of them would delay the first frame by 0.1 s."""

    def list_commands(self, _context: object) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _context: object, name: str) -> Any:  # noqa: ANN401 - Typer's own or Click's, by its version
        # For a wrong name all are loaded, to suggest a similar one.
        for wanted in [name] if name in _COMMANDS else _COMMANDS:
            if wanted not in self.commands:
                self.commands[wanted] = _load(wanted)
        return self.commands.get(name)


def _load(name: str) -> Any:  # noqa: ANN401 - as above
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    alone.command(name, cls=Command)(getattr(import_module(f"rtstyle.cli.{name}"), name))
    return typer.main.get_command(alone)


app = typer.Typer(
    name="rtstyle",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rtstyle {rtstyle.__version__}")
        raise typer.Exit


@app.callback()
def _rtstyle(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Paint video and photos in the style of an artwork.

    [bold]rtstyle live[/bold] paints your camera; [bold]rtstyle styles[/bold] lists the artworks;
    [bold]rtstyle transcode clip.mp4 -o painting.mp4 --style wave[/bold] paints a clip.
    """
