"""The options of ``rtstyle keyframe``; the defaults shown are the recipe's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtstyle.gatys import recipe as choices
from rtstyle.gatys.presets import PRESETS
from rtstyle.gatys.recipe import LEARNING_RATES, Recipe

_D = Recipe()


def _default(value: object) -> str:
    return f" Default: {value}."


Content = Annotated[str, typer.Argument(metavar="INPUT", help="A photo or a video.", show_default=False)]
Output = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        help="A picture; for keyframes of a video a folder, with --propagate a video.",
        show_default=False,
    ),
]
StyleImage = Annotated[list[str] | None, typer.Option(metavar="FILE[=WEIGHT]", help="An artwork; repeatable.")]
Mask = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Where an artwork applies: where the mask is white and opaque. One per artwork, in order; "
        "the last artwork may have none and takes the rest.",
    ),
]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help=f"A known recipe: {', '.join(PRESETS)}.")]
Size = Annotated[
    str | None,
    typer.Option(metavar="PX|WxH|content", help="Short side, WxH or the input's size." + _default(_D.size)),
]
StyleSize = Annotated[
    int | None,
    typer.Option(help="Short side of the artworks, px; larger values give larger strokes. Default: the painting's."),
]
Colors = Annotated[
    choices.Colors | None,
    typer.Option(help="The artwork's colours (style), or a way to keep the photo's." + _default(_D.colors)),
]
Init = Annotated[
    str | None,
    typer.Option(metavar="content|style|noise|FILE", help="The picture to start from." + _default(_D.init)),
]
ContentLayers = Annotated[
    str | None,
    typer.Option(metavar="NAME[=WEIGHT],…", help="Layers of the content loss: relu4_2, conv_4, …. Default: relu4_2."),
]
StyleLayers = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[=WEIGHT],…|1-5", help="Layers of the style loss, or VGG blocks. Default: relu1_1 … relu5_1."
    ),
]
ContentWeight = Annotated[float | None, typer.Option(help="Weight of the content loss." + _default(_D.content_weight))]
StyleWeight = Annotated[float | None, typer.Option(help="Weight of the style loss." + _default(_D.style_weight))]
TvWeight = Annotated[float | None, typer.Option(help="Weight of the total variation." + _default(_D.tv_weight))]
Loss = Annotated[choices.Loss | None, typer.Option(help="Distance between features." + _default(_D.loss))]
Network = Annotated[choices.Network | None, typer.Option(help="The loss network." + _default(_D.network))]
Pooling = Annotated[choices.Pooling | None, typer.Option(help="Pooling in VGG." + _default(_D.pooling))]
Optimizer = Annotated[choices.Optimizer | None, typer.Option(help="The optimiser." + _default(_D.optimizer))]
LearningRate = Annotated[
    float | None,
    typer.Option(help=", ".join(f"{k} {v:g}" for k, v in LEARNING_RATES.items()).join(("Default: ", "."))),
]
Iterations = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto", help="At the coarsest scale; auto: until it stops improving." + _default(_D.iterations)
    ),
]
Multiscale = Annotated[
    bool | None,
    typer.Option(
        "--multiscale/--one-scale",
        help="Work from coarse to fine in steps of √2. Default: multiscale.",
        show_default=False,
    ),
]
Average = Annotated[
    float | None, typer.Option(help="Decay of the running average of the iterates; 0: off." + _default(_D.average))
]
Tile = Annotated[int | None, typer.Option(help="Tile side, px; 0: no tiles. Default: chosen to fit memory.")]
Seed = Annotated[int | None, typer.Option(help="Random seed for the noise." + _default(_D.seed))]
Process = Annotated[int, typer.Option(min=0, help="Keep this many intermediate pictures, as a strip and an mp4.")]
SaveEvery = Annotated[int, typer.Option(min=0, help="Save the best picture every so many iterations; 0: never.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")]
Reconstruct = Annotated[
    str | None, typer.Option(metavar="content|style", help="Make a sheet of what each of the --style-layers sees.")
]
Layer = Annotated[str | None, typer.Option(help="Reconstruct this layer only.")]
Sweep = Annotated[
    list[str] | None, typer.Option(metavar="SETTING=A,B,…", help="Make a sheet over the values of one setting, or two.")
]
At = Annotated[
    list[str] | None,
    typer.Option(metavar="TIME", help="Paint a video's frame at this time: 12.5 or 00:01:02; repeatable."),
]
Every = Annotated[
    str | None, typer.Option(metavar="N|TIMEs", help="Paint every Nth frame, or one every N seconds (2s).")
]
Scenes = Annotated[bool, typer.Option("--scenes", help="Paint the first frame of every shot.")]
Propagate = Annotated[bool, typer.Option("--propagate", help="Carry the keyframes through the whole video.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")]
Vgg = Annotated[Path | None, typer.Option(help="File of the network's weights. Default: found or fetched, and cached.")]
