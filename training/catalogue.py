"""Writes exported/README.md and manifest.json from the models' own metadata, the only source of truth."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rtstyle.errors import ModelError
from rtstyle.export.run import export_style
from rtstyle.export.sheet import Sheet
from rtstyle.manifest import NAME, describe
from rtstyle.model_file import sha256_of
from rtstyle.output_file import OutputFile
from rtstyle.style import Style, read_style
from rtstyle.styles import models_in
from rtstyle.twin import find_twin, twin_fault, twin_path

HEAD = """# The bundled models

Each file is self-contained: uint8 RGB frames in, uint8 RGB frames out, any size from 16 px. This page is written
from the files' own metadata by `python -m training catalogue exported`; how each came about, detours included,
is in [docs/LOG.md](../docs/LOG.md). Losses are unweighted means over the last 50 training steps. A model is made
from its checkpoint with `python -m training export NAME.ckpt -o exported/NAME-NETWORK.onnx --title … --artist …`.
Each command is that of the last stage of training, for the code of the commit above it; what it started from
(`--init-from`) is an earlier network that is not shipped, and `content` stands for freely licensed photos, 1,022 of
which were used. Training your own style from any of these takes one command: [docs/training.md](../docs/training.md).
`NAME-full.onnx` is the large network, which comes nearer to its artwork, and needs half a second to three per photo on
two cores. `gallery` holds all eight styles in one `lite` network; they can be mixed.
`NAME.int8.onnx` is the same network in 8 bits, which CPUs without AMX run faster, `lite` 1.3 to 2.5 times as fast;
missing or outdated ones are made by `python -m training catalogue exported --photos photos/`.
"""


def write_catalogue(folder: Path) -> Path:
    """Write ``folder``/manifest.json and README.md, and return the latter.

    Raises ModelError where there is no model or a foreign one, SinkError where they cannot be written.
    """
    models = models_in(folder)
    if not models:
        raise ModelError(f"{folder}: expected exported models, found no .onnx")
    page = "\n".join([HEAD, *(_section(read_style(path)) for path in models)])
    manifest = json.dumps(describe(folder), indent=2, ensure_ascii=False) + "\n"
    readme = folder / "README.md"
    with OutputFile(folder / NAME, overwrite=True).written() as first:
        first.write_text(manifest, encoding="utf-8")
        with OutputFile(readme, overwrite=True).written() as second:
            second.write_text(page, encoding="utf-8")
    return readme


def make_twins(folder: Path, photos: Path) -> Iterator[Sheet]:
    """Make the 8-bit file of every network of one style that has none or an outdated one.

    Raises as ``export_style`` does, including for a result below 35 dB.
    """
    for style in map(read_style, models_in(folder)):
        if len(style.styles) > 1 or not twin_fault(style):
            continue
        twin = twin_path(style.path)
        with tempfile.TemporaryDirectory() as beside:  # its sheet is of no use to those who get the models
            yield export_style(style, Path(beside) / twin.name, to="int8", photos=photos)
            with OutputFile(twin, overwrite=True).written() as temporary:
                temporary.write_bytes((Path(beside) / twin.name).read_bytes())


def _measured(evaluation: Mapping[str, Any]) -> dict[str, str]:
    """What `python -m training evaluate` measured of a style."""
    _, _, style = evaluation["name"].partition(":")
    names = {
        "quality_ratio": "quality ratio",
        "content_loss": "content loss",
        "style_loss": "style loss",
        "warping_error": "warping error",
        "sharpness": "sharpness",
        "gflop": "GFLOP at 640×480",
    }
    figures = [f"{words} {evaluation[name]:.4g}" for name, words in names.items() if evaluation.get(name) is not None]
    grid = ", ".join(f"{value:.2f} at {period} px" for period, value in evaluation["grid"].items())
    flat = f", flat grey at most {max(flats):.2f} levels" if (flats := [*evaluation.get("flat", {}).values()]) else ""
    where = f"on {evaluation['photos']} photos at {evaluation['side']} px and {evaluation['clips']} clips held out"
    return {f"measured, {style}" if style else "measured": f"{', '.join(figures)}, grid score {grid}{flat}; {where}"}


def facts_of(style: Style) -> dict[str, str]:
    """What a table tells about a style, by the row's name. Raises ModelError where its metadata is incomplete."""
    facts = style.metadata
    if missing := {"losses", "parameters", "steps", "dataset", "vgg", "created", "commit", "command"} - set(facts):
        raise ModelError(f"{style.path}: has no metadata {', '.join(sorted(missing))}; export it again")
    vgg, losses = facts["vgg"], ", ".join(f"{name} {value:g}" for name, value in json.loads(facts["losses"]).items())
    measured = [_measured(evaluation) for evaluation in json.loads(facts.get("evaluation") or "[]")]
    return {
        "network": f"{style.network}, {int(facts['parameters']):,} parameters, {style.size / 1e6:.2f} MB",
        "trained": f"{facts['steps']} steps on {facts['dataset']}" + (f"; VGG-16 from {vgg}" if vgg else ""),
        "losses": losses,
        **{name: words for row in measured for name, words in row.items()},
        "made": f"{facts['created']}, with the code of {facts['commit']}",
        "command": f"`{facts['command']}`",
        "sha256": f"`{sha256_of(style.path)}`",
        **_in_8_bits(find_twin(style)),
    }


def _in_8_bits(twin: Path | None) -> dict[str, str]:
    if twin is None:
        return {}
    return {"in 8 bits": f"{twin.name}, {twin.stat().st_size / 1e6:.2f} MB, sha256 `{sha256_of(twin)}`"}


def _section(style: Style) -> str:
    artwork = ", ".join(filter(None, (style.title, style.artist, style.year)))
    rows = {"artwork": f"{artwork} ({style.licence})", **facts_of(style)}
    table = "\n".join(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items())
    return f"## {style.path.name}\n\n| | |\n| --- | --- |\n{table}\n"


def _cell(text: str) -> str:
    """Without what would end it, or its row; a backslash keeps | from that in code, too."""
    return " ".join(text.splitlines()).replace("|", "\\|")
