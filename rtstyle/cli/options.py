"""The options that several commands share; the grammar is the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Style = Annotated[
    str,
    typer.Option(
        "--style",
        "-s",
        metavar="NAME|PATH",
        help="A bundled style (NAME is the lite network, NAME-full the full one) or the path of an .onnx file.",
    ),
]
Strength = Annotated[
    float, typer.Option(min=0, max=1, help="How much of the painting is mixed into the original; 1 is all painting.")
]
Device = Annotated[
    str,
    typer.Option(metavar="NAME", help="auto, cpu, openvino, cuda, tensorrt, coreml or directml."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
