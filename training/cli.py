"""`python -m training`: train and export networks from the command line."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rtstyle.cli.options import Overwrite
from rtstyle.cli.outcome import one_sentence
from rtstyle.errors import UsageError
from rtstyle.perceptual import find_vgg16
from training import loop
from training.catalogue import write_catalogue
from training.checkpoint import Checkpoint, Recipe
from training.data import find_photos
from training.export import Artwork, real_frames
from training.export import export as write_model

app = typer.Typer(
    help="Make transformer networks: train on photos and an artwork, export to ONNX for rtstyle.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)
QUIET_EVERY_S = 20.0  # off a terminal, a line this often
DEFAULT = Recipe(network="lite", style_image="", data="", steps=2000)


@app.command()
def train(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the checkpoint goes; previews are put beside it.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of photos, searched recursively; COCO or any other.")
    ] = None,
    style: Annotated[Path | None, typer.Option(help="The artwork, a picture file.")] = None,
    network: Annotated[
        str, typer.Option(help="lite (real time on CPUs) or full (Johnson et al. 2016).")
    ] = DEFAULT.network,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = DEFAULT.steps,
    batch: Annotated[int, typer.Option(min=1, help="Photos per step.")] = DEFAULT.batch,
    size: Annotated[int, typer.Option(min=64, help="Side of a training crop, px.")] = DEFAULT.size,
    style_size: Annotated[
        int, typer.Option(min=64, help="Short side of the artwork, px: larger, larger strokes.")
    ] = DEFAULT.style_size,
    style_weight: Annotated[float, typer.Option(min=0, help="Weight of the style loss.")] = DEFAULT.style_weight,
    content_weight: Annotated[float, typer.Option(min=0, help="Weight of the content loss.")] = DEFAULT.content_weight,
    lattice_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on patterns of 4, 8, 12, 16 px.")
    ] = DEFAULT.lattice_weight,
    tone_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on light and dark out of place.")
    ] = DEFAULT.tone_weight,
    border_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on what is painted otherwise near a border.")
    ] = DEFAULT.border_weight,
    calm_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the loss on what is drawn where the photo is even.")
    ] = DEFAULT.calm_weight,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's highest learning rate.")] = DEFAULT.learning_rate,
    include: Annotated[
        list[str] | None, typer.Option(help="Only photos whose names match this glob; repeatable.")
    ] = None,
    hold_out: Annotated[
        int, typer.Option(min=0, help="Keep every Nth photo by name out of training; 0: none.")
    ] = DEFAULT.hold_out,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the checkpoint, as it was begun.")
    ] = False,
    init_from: Annotated[Path | None, typer.Option(help="Begin with this checkpoint's weights.")] = None,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights; default: $RTSTYLE_VGG16, or found and cached.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Same seed, same data, same order.")] = DEFAULT.seed,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints and previews.")] = 200,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read photos.")] = 2,
) -> None:
    """Train a network on a folder of photos and one artwork.

    Example: python -m training train --data photos --style wave.jpg --network lite --steps 2000 -o wave.ckpt
    """
    with one_sentence("training", stopped=f"{out} has what was trained so far, go on with --resume"):
        weights = find_vgg16(vgg)
        console.print(f"VGG-16 from {weights.source}")
        start = Checkpoint.load(out) if resume else None
        if start is not None:
            recipe = start.recipe
        elif out.exists():
            raise UsageError(f"{out} exists: go on with it (--resume) or choose another name")
        elif data is None or style is None:
            raise UsageError("a new run needs --data FOLDER and --style IMAGE; an old one is continued with --resume")
        else:
            recipe = Recipe(
                network=network,
                style_image=str(style.resolve()),
                data=str(data.resolve()),
                include=tuple(include or ("*",)),
                hold_out=hold_out,
                steps=steps,
                batch=batch,
                size=size,
                style_size=style_size,
                content_weight=content_weight,
                style_weight=style_weight,
                lattice_weight=lattice_weight,
                tone_weight=tone_weight,
                border_weight=border_weight,
                calm_weight=calm_weight,
                learning_rate=learning_rate,
                seed=seed,
                init_from=str(init_from or ""),
            )
        with _Reporter(recipe.steps) as reporter:
            loop.train(
                recipe,
                out,
                vgg=weights,
                device=device,
                workers=workers,
                save_every=save_every,
                start=start,
                init=Checkpoint.load(init_from) if init_from else None,
                progress=reporter,
            )
        console.print(
            f"{out}: {recipe.steps} steps; next: python -m training export {out} -o NAME-{recipe.network}.onnx"
        )


@app.command()
def export(
    *,
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of `python -m training train`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model, say wave-lite.onnx.")],
    name: Annotated[str | None, typer.Option(help="Name of the style; default: from the file's name.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the artwork; default: the name.")] = None,
    artist: Annotated[str, typer.Option(help="Who made it.")] = "unknown",
    year: Annotated[str, typer.Option(help="When.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the artwork.")] = "unknown",
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photos for the check; default: those kept out of training.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn a checkpoint into an ONNX file that rtstyle runs, and check it against PyTorch.

    Example: python -m training export wave.ckpt -o wave-lite.onnx --title "The Great Wave" --artist Hokusai
    """
    with one_sentence("training"):
        state = Checkpoint.load(checkpoint)
        style = name or out.stem.removesuffix(f"-{state.recipe.network}")
        artwork = Artwork(
            name=style,
            title=title or style.replace("-", " ").title(),
            artist=artist,
            year=year,
            licence=licence,
        )
        frames = real_frames(find_photos(photos) if photos else loop.photos_of(state.recipe)[1])
        worst = write_model(state, artwork, out, photos=frames, overwrite=overwrite)
        console.print(f"{out}: {out.stat().st_size / 1e6:.2f} MB; differs from PyTorch by at most {worst} grey level")


@app.command()
def catalogue(
    folder: Annotated[Path, typer.Argument(help="Folder of exported models.")] = Path("exported"),
) -> None:
    """Write README.md in a folder of models: what each is and how it was made, from the models themselves.

    Example: python -m training catalogue exported
    """
    with one_sentence("training"):
        console.print(f"{write_catalogue(folder)}: written")


class _Reporter:
    """Progress as a bar on a terminal, as a line now and then elsewhere; Ctrl-C and `kill` stop between two steps."""

    def __init__(self, steps: int) -> None:
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        losses = TextColumn("{task.fields[losses]}")
        self.bar = Progress(*columns, losses, console=console, disable=not console.is_terminal)
        self.task = self.bar.add_task("", total=steps, losses="")
        self.last_line = time.monotonic()
        self.stopped = False

    def __enter__(self) -> Self:
        self.bar.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        self.bar.stop()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Inside a step the weights are half changed: wait for its end, but not if asked twice."""
        if self.stopped:
            signal.default_int_handler(number, None)
        self.stopped = True

    def __call__(self, progress: loop.Progress) -> None:
        losses = "  ".join(f"{name} {value:.4g}" for name, value in progress.losses.items())
        self.bar.update(self.task, completed=progress.step, losses=losses)
        due = time.monotonic() - self.last_line >= QUIET_EVERY_S or progress.step == progress.steps
        if not console.is_terminal and due:
            self.last_line = time.monotonic()
            console.print(f"step {progress.step}/{progress.steps}  {losses}  {progress.eta_s / 60:.1f} min to go")
        if self.stopped:
            raise KeyboardInterrupt


def main() -> None:
    """Entry point of ``python -m training``; exits as ``rtstyle`` does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()
