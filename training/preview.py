"""Preview pictures: what the network makes of photos it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch

from rtstyle.frames import Frame, Image
from rtstyle.sinks.photo_writer import PhotoWriter
from rtstyle.sources.photo_folder import read_photo
from training.nets import Network

SIDE = 256  # px


def preview(network: Network, photos: Sequence[Path]) -> Image:
    """A sheet (H, W, 3): the photos in the upper row, their paintings in each style below."""
    squares = np.stack([_square(read_photo(photo)) for photo in photos])  # (N, 256, 256, 3)
    device = next(network.parameters()).device
    batch = torch.from_numpy(squares).to(device)
    with torch.no_grad():
        mixes = torch.eye(network.styles, device=device) if network.styles > 1 else [None]
        paintings = [network.quantised(batch, mix).cpu().numpy() for mix in mixes]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in (squares, *paintings)])


def preview_path(checkpoint: Path, step: int) -> Path:
    """Beside the checkpoint."""
    return checkpoint.with_suffix(f".{step:06}.png")


def write_preview(sheet: Image, path: Path) -> None:
    """As a PNG. Raises SinkError."""
    PhotoWriter([path], overwrite=True).write(Frame(sheet, Fraction(0)))


def middle_square(photo: Image) -> Image:
    """As large as it fits; a view."""
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return photo[top : top + side, left : left + side]


def _square(photo: Image) -> Image:
    return np.asarray(cv2.resize(middle_square(photo), (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
