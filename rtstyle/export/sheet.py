"""The report beside an export: file sizes, and how closely it matches the network it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from rtstyle.export.fidelity import psnr_db, ssim
from rtstyle.export.graph import batch_of, runner
from rtstyle.export.order import Made, Order
from rtstyle.export.pictures import fitted
from rtstyle.frames import Image

LEAST_DB = 35.0
SHEET = "sheet.md"  # its name in a folder


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One network, as it was made, against the float32 original on onnxruntime's CPU."""

    style: str
    psnr_db: float  # of the mean error over all pictures
    worst_db: float  # of the picture that came out worst
    ssim: float  # mean
    worst_levels: int  # the largest difference of a value, of 255


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything about one export."""

    target: str
    output: str
    files: dict[str, int]  # bytes, by name
    original: int  # bytes, of the models it was made from
    size: str  # WxH[xN], or any
    pictures: str  # what it was measured on
    fidelity: tuple[Fidelity, ...]  # one for each style; none where it cannot be run on this machine
    notes: tuple[str, ...] = ()

    @property
    def worst_db(self) -> float | None:
        return min((one.worst_db for one in self.fidelity), default=None)

    def as_dict(self) -> dict[str, object]:
        """What ``--json`` prints."""
        return asdict(self)

    def as_markdown(self) -> str:
        """The page that is written beside the export."""
        size = "any size" if self.size == "any" else self.size
        lines = [
            f"# {self.output}",
            "",
            f"Made by `rtstyle export --to {self.target}`, for frames of {size}.",
        ]
        lines += ["", "| file | bytes |", "| --- | ---: |"]
        lines += [f"| {name} | {count:,} |" for name, count in self.files.items()]
        lines += [f"| (made from) | {self.original:,} |", ""]
        lines += self._fidelity_lines()
        lines += [f"\n{note}" for note in self.notes]
        return "\n".join(lines) + "\n"

    def _fidelity_lines(self) -> list[str]:
        if not self.fidelity:
            return ["It was not run: this machine has nothing to run it with."]
        head = ["| style | PSNR | worst picture | SSIM | levels at most |", "| --- | ---: | ---: | ---: | ---: |"]
        rows = [
            f"| {one.style} | {one.psnr_db:.1f} dB | {one.worst_db:.1f} dB | {one.ssim:.4f} | {one.worst_levels} |"
            for one in self.fidelity
        ]
        return [f"Against the float32 original, on {self.pictures}:", "", *head, *rows]


def files_named_in(markdown: str) -> set[str]:
    """The files that such a page lists."""
    return {line.split("|")[1].strip() for line in markdown.splitlines() if line.startswith("| ")}


def measure(order: Order, made: Made, pictures: Sequence[Image]) -> tuple[Fidelity, ...]:
    """Run what was made beside what it was made from. Raises ModelError or DeviceError."""
    found = []
    for subject, run in zip(order.subjects, made.runs, strict=False):
        original = runner(subject.model)
        count = batch_of(subject.model) or 1
        pairs = []
        for picture in pictures:
            frames = np.repeat(fitted(picture, order.size)[None], count, axis=0)
            pairs.append((run(frames)[-1], original(frames)[-1]))
        decibels = [psnr_db(*pair) for pair in pairs]
        mean_error = np.mean([10 ** (-db / 10) for db in decibels])
        found.append(
            Fidelity(
                style=subject.style.name,
                psnr_db=round(float(-10 * np.log10(mean_error)), 2),
                worst_db=round(min(decibels), 2),
                ssim=round(float(np.mean([ssim(*pair) for pair in pairs])), 5),
                worst_levels=max(int(np.abs(a.astype(np.int16) - b).max()) for a, b in pairs),
            )
        )
    return tuple(found)
