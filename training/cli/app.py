"""Puts the commands together."""

from __future__ import annotations

import typer

from rtstyle.cli.command import HELP, Command, Group
from training.cli.catalogue import catalogue
from training.cli.download import download
from training.cli.evaluate import evaluate
from training.cli.export import export
from training.cli.train import train

app = typer.Typer(
    name="training",
    cls=Group,
    help="Train style networks on photos and an artwork, and export them to ONNX for rtstyle.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)
for command in (download, train, export, evaluate, catalogue):
    app.command(cls=Command)(command)
