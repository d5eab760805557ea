"""The options of ``rtstyle keyframe``; what a recipe leaves out is said from its own defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import LEARNING_RATES, Recipe

_D = Recipe()


def _default(value: object) -> str:
    return f" Default: {value}."


Content = Annotated[str, typer.Argument(help="A photo, or a video.", show_default=False)]
Output = Annotated[
    str, typer.Option("--output", "-o", help="A picture; of a video a folder, or with --propagate a video.")
]
StyleImage = Annotated[
    list[str] | None, typer.Option(metavar="FILE[=WEIGHT]", help="An artwork; repeatable, with weights.")
]
Mask = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE", help="For each artwork in turn: its style where this is white; the last may go without."
    ),
]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help=f"A known recipe: {', '.join(PRESETS)}.")]
Size = Annotated[str | None, typer.Option(help="Short side in px, WxH, or content." + _default(_D.size))]
StyleSize = Annotated[
    int | None, typer.Option(help="Short side of the artworks in px: larger, larger strokes. Default: the size.")
]
Colors = Annotated[
    str | None,
    typer.Option(help="style, or the photo's: luminance, covariance, histogram." + _default(_D.colors)),
]
Init = Annotated[str | None, typer.Option(help="Begin with content, style, noise or a picture." + _default(_D.init))]
ContentLayers = Annotated[
    str | None,
    typer.Option(metavar="NAME[=WEIGHT],…", help="relu4_2, conv_4 and so on; several with commas. Default: relu4_2."),
]
StyleLayers = Annotated[
    str | None,
    typer.Option(metavar="NAME[=WEIGHT],…|1-5", help="Likewise, or blocks. Default: relu1_1 … relu5_1."),
]
ContentWeight = Annotated[float | None, typer.Option(help="Of the loss." + _default(_D.content_weight))]
StyleWeight = Annotated[float | None, typer.Option(help="Of the loss." + _default(_D.style_weight))]
TvWeight = Annotated[float | None, typer.Option(help="Of the total variation." + _default(_D.tv_weight))]
Loss = Annotated[str | None, typer.Option(help="mse or l1." + _default(_D.loss))]
Network = Annotated[str | None, typer.Option(help="vgg16 or vgg19." + _default(_D.network))]
Pooling = Annotated[str | None, typer.Option(help="max or average." + _default(_D.pooling))]
Optimizer = Annotated[str | None, typer.Option(help="lbfgs, adam or sgd." + _default(_D.optimizer))]
LearningRate = Annotated[
    float | None,
    typer.Option(help=", ".join(f"{k} {v:g}" for k, v in LEARNING_RATES.items()).join(("Default: ", "."))),
]
Iterations = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto", help="At the coarsest scale; auto: until it no longer improves." + _default(_D.iterations)
    ),
]
Multiscale = Annotated[
    bool | None,
    typer.Option("--multiscale/--one-scale", help="From coarse to fine in steps of √2.", show_default=False),
]
Average = Annotated[
    float | None, typer.Option(help="Decay of the mean of the iterates; 0: none." + _default(_D.average))
]
Tile = Annotated[int | None, typer.Option(help="Side of tiles in px, 0: whole. Default: as memory asks.")]
Seed = Annotated[int | None, typer.Option(help="Of the noise." + _default(_D.seed))]
Process = Annotated[int, typer.Option(min=0, help="Pictures along the way: a strip and an mp4.")]
SaveEvery = Annotated[int, typer.Option(min=0, help="Save the best every so many iterations.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")]
Reconstruct = Annotated[
    str | None, typer.Option(metavar="content|style", help="What each of the --style-layers sees, as a sheet.")
]
Layer = Annotated[str | None, typer.Option(help="Reconstruct this layer only.")]
Sweep = Annotated[
    list[str] | None, typer.Option(metavar="SETTING=A,B,…", help="A sheet of values of one setting, or of two.")
]
At = Annotated[list[str] | None, typer.Option(metavar="TIME", help="Of a video: this frame; 12.5 or 00:01:02.")]
Every = Annotated[str | None, typer.Option(metavar="N|TIMEs", help="Every so many frames, or seconds (2s).")]
Scenes = Annotated[bool, typer.Option("--scenes", help="The first frame of every shot.")]
Propagate = Annotated[bool, typer.Option("--propagate", help="Carry the keyframes through the video.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and end.")]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")]
Vgg = Annotated[Path | None, typer.Option(help="The network's weights. Default: found and cached.")]
