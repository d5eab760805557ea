"""How long `rtstyle keyframe` takes to come as low as the loop of PyTorch's tutorial does in 200 and 500 iterations.

    python benchmarks/keyframe.py PHOTO ARTWORK [--size 512] [--plain 200 500] [--iterations 1000] [--multiscale]
                                  [--device auto] [--memory]

Both sides in one run, on one machine: the same layers, weights, network and L-BFGS settings (rate 1, 100 pairs, no
line search), both from the photo and at one size: coarser scales, which ours goes through with --multiscale, win
strokes, but as many seconds as they cost. The plain side is the tutorial's loop: NCHW, float32, torch.optim.LBFGS as
it comes; but both take memory in pages of 2 MB, which rtstyle asks PyTorch for. The loss of either picture is
evaluated by one function, in float32 at full size. Loading weights and pictures counts for neither; everything else
does. --memory adds what --dry-run states and what four iterations really took, each in a process of its own. Prints a
table and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch
import torch.nn.functional as F
from machine import machine
from torch import Tensor

from rtstyle.gatys.painter import Artwork, Painter
from rtstyle.gatys.pictures import resized
from rtstyle.gatys.precision import half_pays
from rtstyle.gatys.recipe import Recipe
from rtstyle.gatys.run import Step
from rtstyle.jobs.keyframe.studio import Materials, Studio, StyleImage
from rtstyle.perceptual import VggWeights, find_vgg16, layer_index
from rtstyle.sources.photo_folder import read_photo

SETTINGS = Recipe(history=100, tv_weight=0.0)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("artwork", type=Path)
    parser.add_argument("--size", default="512")
    parser.add_argument("--plain", type=int, nargs="+", default=[200, 500], help="iterations of the plain loop")
    parser.add_argument("--iterations", type=int, default=1000, help="ours, at the coarsest scale, at most")
    parser.add_argument("--multiscale", action="store_true", help="ours from coarse to fine, as it paints by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    recipe = replace(SETTINGS, size=asked.size, iterations=asked.iterations, multiscale=asked.multiscale)
    studio = Studio.open(Materials(styles=[StyleImage(path=asked.artwork)], recipe=recipe, device=asked.device))
    content = studio.scene(read_photo(asked.photo)).content
    judge = studio.painter.objective(content)
    judge.half = False
    weights = find_vgg16()
    rows = []
    for count, seconds, picture in plain_loop(
        content, studio.painter.artworks[0].image, recipe, weights, sorted(asked.plain)
    ):
        rows.append({"plain_iterations": count, "plain_s": seconds, "plain_loss": judge.losses(picture).total})
        print(
            "plain  {plain_s:7.1f} s  {plain_iterations:4} iterations  loss {plain_loss:.4f}".format(**rows[-1]),
            flush=True,
        )
    half = half_pays(studio.device)
    found = ours(content, studio.painter.artworks, recipe, weights, [row["plain_loss"] for row in rows], half=half)
    for row, reached in zip(rows, found, strict=False):
        row |= {**reached, "ratio": row["plain_s"] / reached["ours_s"]}
        print("ours   {ours_s:7.1f} s  loss {ours_loss:.4f}, {ratio:.2f} times as fast".format(**row), flush=True)
    if len(found) < len(rows):
        print("the lowest loss was not reached: more --iterations")
    figures = {
        "size": f"{content.shape[3]}x{content.shape[2]}",
        "device": str(studio.device),
        "half": half,
        "threads": torch.get_num_threads(),
        "start_loss": judge.losses(content).total,
        "rows": rows,
    }
    if asked.memory:
        figures["memory"] = memory(asked.photo, asked.artwork, asked.size)
    print(json.dumps({"machine": machine(), **figures}))


def ours(
    content: Tensor, artworks: list[Artwork], recipe: Recipe, weights: VggWeights, targets: list[float], *, half: bool
) -> list[dict[str, float | int]]:
    """Paint until the judge, asked at full size only, finds the loss as low as each of the falling targets."""
    start = perf_counter()
    painter = Painter(artworks, recipe, weights, half=half)
    judge = painter.objective(content)
    judge.half = False
    judged_s = 0.0
    reached = []

    def stop(step: Step) -> None:
        nonlocal judged_s
        if step.size != tuple(content.shape[2:]) or step.losses.total > 1.02 * targets[len(reached)]:
            return
        before = perf_counter()
        loss = judge.losses(step.picture()).total
        while len(reached) < len(targets) and loss <= targets[len(reached)]:
            print(f"ours   {before - start - judged_s:7.1f} s  loss {loss:.4f}", flush=True)
            reached.append(
                {"ours_s": before - start - judged_s, "ours_loss": loss, "ours_iteration": step.place().iteration}
            )
        judged_s += perf_counter() - before
        if len(reached) == len(targets):
            raise KeyboardInterrupt  # as a user would who sees that it is good

    painter.paint(content, content, progress=stop)
    return reached


def plain_loop(
    content: Tensor, artwork: Tensor, recipe: Recipe, weights: VggWeights, counts: list[int]
) -> Iterator[tuple[int, float, Tensor]]:
    """The loop of pytorch.org/tutorials/advanced/neural_style_tutorial, on our layers, edges and relative losses.

    What it has, and after how many seconds, when it has made as many iterations as each of the rising counts.
    """
    from torchvision.models import vgg16

    start = perf_counter()
    features = vgg16(init_weights=False).features
    features.load_state_dict(weights.state)
    features[0].padding_mode = features[5].padding_mode = "replicate"  # as ours has them
    features = features.to(content.device).eval().requires_grad_(requires_grad=False)
    mean, std = (torch.tensor(v, device=content.device).view(1, 3, 1, 1) for v in (weights.mean, weights.std))
    content_layers = {layer_index(name): weight for name, weight in recipe.content_layers}
    style_layers = {layer_index(name): weight for name, weight in recipe.style_layers}
    last = max(*content_layers, *style_layers)

    def taps(image: Tensor) -> dict[int, Tensor]:
        found, x = {}, (image - mean) / std
        for index, module in enumerate(features[: last + 1]):
            x = F.relu(x) if isinstance(module, torch.nn.ReLU) else module(x)
            if index in content_layers or index in style_layers:
                found[index] = x
        return found

    def gram(maps: Tensor) -> Tensor:
        flat = maps.reshape(maps.shape[1], -1)
        return flat @ flat.T / flat.numel()

    scale = min(content.shape[2:]) / min(artwork.shape[2:])
    size = (round(artwork.shape[2] * scale), round(artwork.shape[3] * scale))
    with torch.no_grad():
        content = content.contiguous()
        photo, style = taps(content), taps(resized(artwork, size).contiguous())
        grams = {index: gram(style[index]) for index in style_layers}
    image = content.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([image], history_size=recipe.history)
    count = 0

    def closure() -> Tensor:
        nonlocal count
        with torch.no_grad():
            image.clamp_(0, 1)
        optimizer.zero_grad()
        seen = taps(image)
        loss = (
            recipe.content_weight
            * sum(
                weight * F.mse_loss(seen[index], photo[index]) / photo[index].square().mean()
                for index, weight in content_layers.items()
            )
            / sum(content_layers.values())
        )
        loss = loss + recipe.style_weight * sum(
            weight * F.mse_loss(gram(seen[index]), grams[index]) / grams[index].square().mean()
            for index, weight in style_layers.items()
        ) / sum(style_layers.values())
        loss.backward()
        count += 1
        return loss

    for wanted in counts:
        while count < wanted:
            optimizer.step(closure)
        before = perf_counter()
        yield count, before - start, image.detach().clamp(0, 1)
        start += perf_counter() - before  # what was done with it does not count


def memory(photo: Path, artwork: Path, size: str) -> dict[str, float]:
    """MiB that a dry run states, and that four iterations at full size take at their peak."""
    program = (
        "import resource, sys; from rtstyle.cli import main\n"
        "try: main()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    with tempfile.TemporaryDirectory() as folder:
        options = ["keyframe", photo, "--style-image", artwork, "-o", Path(folder) / "out.png", "--json"]
        options += ["--size", size, "--one-scale", "--optimizer", "adam"]
        runs = [
            subprocess.run([sys.executable, "-c", program, *options, *more], capture_output=True, text=True, check=True)
            for more in (["--dry-run"], ["--iterations", "4"])
        ]
    return {
        "stated_mib": json.loads(runs[0].stdout)["memory"] / 2**20,
        "measured_mib": int(runs[1].stderr.split()[-1]) / 1024,
    }


if __name__ == "__main__":
    main()
