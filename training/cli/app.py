"""Puts the commands together."""

from __future__ import annotations

import typer

from training.cli.catalogue import catalogue
from training.cli.download import download
from training.cli.evaluate import evaluate
from training.cli.export import export
from training.cli.train import train

app = typer.Typer(
    help="Make transformer networks: train on photos and an artwork, export to ONNX for rtstyle.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(download)
app.command()(train)
app.command()(export)
app.command()(evaluate)
app.command()(catalogue)
