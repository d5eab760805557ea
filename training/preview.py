"""Preview pictures: what the network makes of photos it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from rtstyle.sources.photo_folder import read_photo
from training.data import Photo
from training.nets import Full, Lite

SIDE = 256  # px


def write_preview(network: Lite | Full, photos: Sequence[Path], path: Path, *, count: int = 6) -> None:
    """A PNG with up to ``count`` photos in the upper row and their paintings below."""
    chosen = [photos[i * len(photos) // count] for i in range(min(count, len(photos)))]
    squares = np.stack([_square(read_photo(photo)) for photo in chosen])  # (N, 256, 256, 3)
    device = next(network.parameters()).device
    with torch.no_grad():
        paintings = network.quantised(torch.from_numpy(squares).to(device)).cpu().numpy()
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in (squares, paintings)])
    cv2.imwrite(str(path), sheet[:, :, ::-1])


def _square(photo: Photo) -> Photo:
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    square = cv2.resize(photo[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(square, np.uint8)
