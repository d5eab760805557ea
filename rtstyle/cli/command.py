"""A command whose help and error messages name its options as they are typed."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from rtstyle.cli.outcome import OPTIONS, one_sentence
from rtstyle.errors import UsageError
from rtstyle.places import local_path

_WANTED = re.compile(r"Input should be ([^,]*)|Value error, .* is not (one of .*?)\.?$")

HELP = {"help_option_names": ["-h", "--help"]}


class _Spelt:
    """What commands and their group have in common."""

    def get_params(self, context: Any) -> Any:  # noqa: ANN401 - Typer's own or Click's, by its version
        """Return all parameters; a flag's type is left out of the help, since ``--json true`` is not a thing."""
        parameters = super().get_params(context)  # type: ignore[misc]  # of the command's own class
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class Command(_Spelt, TyperCommand):
    """Names the wrong value, and knows its options' names.

    What is empty means nothing, in no option; the ``file://`` address of a file is its path, wherever it stands.
    """

    def parse_args(self, context: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        if not context.resilient_parsing:  # as a shell's completion asks for
            with one_sentence(context.find_root().info_name.split()[-1]):
                _check_words(args)
        try:
            return super().parse_args(context, [_with_path(arg) for arg in args])
        except typer.BadParameter as error:
            for found in getattr(error.__cause__, "errors", list)()[:1]:  # Pydantic's, which leave the value out
                if wanted := _WANTED.match(found["msg"]):
                    error.message = f"expected {wanted[1] or wanted[2]}, got {found['input']}"
            raise

    def invoke(self, context: Any) -> Any:  # noqa: ANN401 - as above
        OPTIONS.set(frozenset(name for parameter in self.params for name in parameter.opts))
        return super().invoke(context)


def _with_path(arg: str) -> str:
    option, told, value = arg.partition("=") if arg.startswith("--") else ("", "", arg)
    return option + told + local_path(value)


def _check_words(args: Sequence[str]) -> None:
    """Raise UsageError for an empty string, as an unset variable of a shell makes one."""
    for before, arg in pairwise(["", *args]):
        option, told, value = arg.partition("=") if arg.startswith("--") else (before, "", arg)
        if not value and (told or not arg):
            where = option if option.startswith("-") and option != "--" else "an argument"
            raise UsageError(f"{where}: expected something, got an empty string; is a variable of your shell not set?")


class Group(_Spelt, TyperGroup):
    """The commands of one program. A full disk where no file is named, as behind standard output, is one sentence."""

    def main(self, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
        try:
            return super().main(*args, **named)
        except OSError as error:
            if error.errno != errno.ENOSPC or error.filename is not None:
                raise
            typer.echo(f"{self.name}: cannot write: {error.strerror}; free some space", err=True)
            sys.exit(1)
