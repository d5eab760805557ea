"""The options of ``python -m training train``; the defaults shown are the recipe's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.recipe import NETWORKS, PRESETS, WEIGHTS, Recipe

DEFAULT = Recipe(network="lite", style_images=("",), data="", steps=1)
PRESET = "quick"


def _default(value: object) -> str:
    return f" Default: {value}."


def _usual(loss: str) -> str:
    return _default(f"{WEIGHTS[loss]:g}")


def _by_network(name: str) -> str:
    chosen = {DEFAULT.network: getattr(DEFAULT, name)} | {network: own[name] for network, own in NETWORKS.items()}
    return _default("; ".join(f"{_in_words(value)} in {network}" for network, value in chosen.items()))


def _in_words(value: object) -> str:
    return ", ".join(f"{k}={v:g}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _by_preset(name: str) -> str:
    return _default(f"{PRESETS[PRESET][name]} in preset {PRESET}")


Out = Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write (.ckpt); previews and log go beside it.")]
Data = Annotated[Path | None, typer.Option(help="Folder of photos, COCO or any other; searched recursively.")]
StyleImage = Annotated[
    list[Path] | None,
    typer.Option(
        "--style-image", "--style", help="The artwork, a picture file; repeatable, for one network of several styles."
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        help="smoke (does it run?), quick (with --init-from, 15 minutes on a CPU), best (for a GPU), calm "
        "(with --init-from, less flicker) or refine (with --init-from of a full network, much nearer to its artwork); "
        "other options override it, and --network full keeps its own learning rate except with refine."
        + _default(PRESET)
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
        min=1,
        help="Enlarge photos this many times, to learn strokes for large, soft pictures." + _by_preset("zoom"),
    ),
]
Brushwork = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Add up to this much of the runtime's brushwork to the photos, so that the network learns to paint it."
        + _default(DEFAULT.brushwork),
    ),
]
StyleSize = Annotated[
    int | None,
    typer.Option(
        min=64, help="Short side of the artwork, px; larger values give larger strokes." + _by_preset("style_size")
    ),
]
ContentWeight = Annotated[float | None, typer.Option(min=0, help="Weight of the content loss." + _usual("content"))]
StyleWeight = Annotated[float | None, typer.Option(min=0, help="Weight of the style loss." + _usual("style"))]
TemporalWeight = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Weight of the losses against flicker in films; 0: off." + _usual("temporal"),
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=NUMBER", help=f"Weight of any loss: {', '.join(WEIGHTS)}; repeatable."),
]
ContentLayers = Annotated[
    str | None,
    typer.Option(help="VGG-16 layers with weights, such as conv4_2=1,conv_4=0.5." + _by_network("content_layers")),
]
StyleLayers = Annotated[str | None, typer.Option(help="The same, for the style loss." + _by_network("style_layers"))]
Distance = Annotated[
    str | None,
    typer.Option(help="Distance between features and between Gram matrices: mse or l1." + _default(DEFAULT.distance)),
]
Gram = Annotated[
    str | None,
    typer.Option(
        help="Style loss: overall (sum divided by the artwork's), relative (each layer's divided by its own) or plain."
        + _by_network("gram")
    ),
]
LearningRate = Annotated[
    float | None, typer.Option(min=0, help="Adam's highest learning rate." + _by_network("learning_rate"))
]
Ema = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Decay of the running average of the network's weights, which is exported." + _default(DEFAULT.ema),
    ),
]
Clip = Annotated[
    float | None,
    typer.Option(min=0, help="Largest gradient, in multiples of the usual; 0: no limit." + _default(DEFAULT.clip)),
]
Include = Annotated[list[str] | None, typer.Option(help="Only photos whose names match this glob; repeatable.")]
HoldOut = Annotated[
    int | None,
    typer.Option(min=0, help="Keep every Nth photo by name out of training; 0: none." + _default(DEFAULT.hold_out)),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=(1 << 24) - 1,
        help="Random seed; the same seed and data give the same order." + _default(DEFAULT.seed),
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Resume from the checkpoint; its original options apply."),
]
InitFrom = Annotated[Path | None, typer.Option(help="Start from the weights of this checkpoint or exported .onnx.")]
Teacher = Annotated[
    list[Path] | None,
    typer.Option(
        help="Imitate this checkpoint or exported .onnx, one for each --style-image. "
        "Losses without an explicit weight are then off, which makes steps fast."
    ),
]
Vgg = Annotated[
    Path | None, typer.Option(help="VGG-16 weights. Default: $RTSTYLE_VGG16, or found or fetched, and cached.")
]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Precision = Annotated[str, typer.Option(help="Precision of convolutions: f32, bf16, fp16, or auto (what is fast).")]
Compiled = Annotated[bool, typer.Option("--compile", help="Run VGG through torch.compile.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Steps between checkpoints and previews.")]
Workers = Annotated[int, typer.Option(min=0, help="Number of processes that read photos.")]
