"""The options of ``python -m training train``; what a recipe leaves out is said from its own defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.recipe import PRESETS, WEIGHTS, Recipe

DEFAULT = Recipe(network="lite", style_images=("",), data="", steps=1)
PRESET = "quick"


def _default(value: object) -> str:
    return f" Default: {value}."


def _usual(loss: str) -> str:
    return _default(f"{WEIGHTS[loss]:g}")


def _by_preset(name: str) -> str:
    return _default(f"{PRESETS[PRESET][name]} by {PRESET}")


Out = Annotated[
    Path, typer.Option("--out", "-o", help="Where the checkpoint goes; previews and log are put beside it.")
]
Data = Annotated[Path | None, typer.Option(help="Folder of photos, searched recursively; COCO or any other.")]
StyleImage = Annotated[
    list[Path] | None,
    typer.Option("--style-image", "--style", help="The artwork, a picture file; several make one network of all."),
]
Preset = Annotated[
    str | None,
    typer.Option(
        help="smoke (does it run?), quick (with --init-from, a quarter of an hour of a CPU), best (a GPU) or calm "
        "(with --init-from, less flicker); any option beside it wins." + _default(PRESET)
    ),
]
Network = Annotated[
    str | None, typer.Option(help="lite (real time on CPUs) or full (Johnson et al. 2016)." + _default(DEFAULT.network))
]
Width = Annotated[
    int | None, typer.Option(min=4, help="Channels of the first layer; the others follow." + _default(DEFAULT.width))
]
Blocks = Annotated[int | None, typer.Option(min=1, help="Residual blocks. Default: 4 in lite, 5 in full.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Training steps." + _by_preset("steps"))]
Batch = Annotated[int | None, typer.Option(min=1, help="Photos per step." + _by_preset("batch"))]
Size = Annotated[int | None, typer.Option(min=64, help="Side of a training crop, px." + _by_preset("size"))]
Zoom = Annotated[
    float | None,
    typer.Option(
        min=1, help="Show photos that many times larger: strokes for large, soft pictures." + _default(DEFAULT.zoom)
    ),
]
Brushwork = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Lay up to so much of the runtime's brushwork under the photos, so that the network learns to paint it."
        + _default(DEFAULT.brushwork),
    ),
]
StyleSize = Annotated[
    int | None,
    typer.Option(min=64, help="Short side of the artwork, px: larger, larger strokes." + _by_preset("style_size")),
]
ContentWeight = Annotated[float | None, typer.Option(min=0, help="Weight of the content loss." + _usual("content"))]
StyleWeight = Annotated[float | None, typer.Option(min=0, help="Weight of the style loss." + _usual("style"))]
TemporalWeight = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Weight of the losses on what would flicker in a film; 0: not looked at." + _usual("temporal"),
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=NUMBER", help=f"Weight of any loss: {', '.join(WEIGHTS)}; repeatable."),
]
ContentLayers = Annotated[
    str | None, typer.Option(help="VGG-16 layers with weights: relu2_2, or conv4_2=1,conv_4=0.5.")
]
StyleLayers = Annotated[str | None, typer.Option(help="The same for the style loss.")]
Distance = Annotated[
    str | None, typer.Option(help="Of features and Gram matrices: mse or l1." + _default(DEFAULT.distance))
]
Gram = Annotated[
    str | None,
    typer.Option(
        help="Style losses: their overall sum over the artwork's own, each layer's relative to its own, or plain."
        + _default(DEFAULT.gram)
    ),
]
LearningRate = Annotated[
    float | None, typer.Option(min=0, help="Adam's highest learning rate." + _default(DEFAULT.learning_rate))
]
Ema = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Decay of the average of the weights, which is what is exported." + _default(DEFAULT.ema),
    ),
]
Clip = Annotated[
    float | None,
    typer.Option(min=0, help="Largest gradient, in units of the usual; 0: any." + _default(DEFAULT.clip)),
]
Include = Annotated[list[str] | None, typer.Option(help="Only photos whose names match this glob; repeatable.")]
HoldOut = Annotated[
    int | None,
    typer.Option(min=0, help="Keep every Nth photo by name out of training; 0: none." + _default(DEFAULT.hold_out)),
]
Seed = Annotated[
    int | None,
    typer.Option(min=0, max=(1 << 24) - 1, help="Same seed, same data, same order." + _default(DEFAULT.seed)),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on with the run in the checkpoint, as it was begun: without other options of it."
    ),
]
InitFrom = Annotated[Path | None, typer.Option(help="Begin with the weights of this checkpoint or exported .onnx.")]
Teacher = Annotated[
    list[Path] | None,
    typer.Option(
        help="Imitate the paintings of this checkpoint or exported .onnx; one for each --style-image. "
        "Losses that are not named then weigh nothing, and steps are quick."
    ),
]
Vgg = Annotated[Path | None, typer.Option(help="VGG-16 weights. Default: $RTSTYLE_VGG16, or found and cached.")]
Device = Annotated[str, typer.Option(help="cpu, or cuda where there is one.")]
Precision = Annotated[str, typer.Option(help="Of VGG: f32, bf16, fp16, or auto: what is fast on the device.")]
Compiled = Annotated[bool, typer.Option("--compile", help="VGG through torch.compile.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Steps between checkpoints and previews.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes that read photos.")]
