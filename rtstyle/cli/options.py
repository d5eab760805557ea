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
Styles = Annotated[
    list[str],
    typer.Option(
        "--style",
        "-s",
        metavar="NAME|PATH[@TIME]",
        help="A bundled style (NAME is the lite network, NAME-full the full one) or the path of an .onnx file; "
        "several with the times at which they begin.",
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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done with every stream, and do nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
