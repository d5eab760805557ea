"""Pictures in the sizes and as the tensors that training and its measures want."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtstyle.frames import Image
from rtstyle.sources.photo_folder import read_photo


def read_scaled(path: Path, side: int) -> Image:
    """A photo with ``side`` px of short side; smaller photos are enlarged. Raises SourceError."""
    return scaled(read_photo(path), side)


def scaled(image: Image, side: int) -> Image:
    """An image with ``side`` px of short side."""
    height, width = image.shape[:2]
    scale = side / min(height, width)
    if scale == 1:
        return image
    size = (round(width * scale), round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)


def luma(image: Image) -> NDArray[np.float32]:
    """(H, W) float32 in 0…255 (BT.601)."""
    return np.asarray(image.astype(np.float32) @ np.array((0.299, 0.587, 0.114), np.float32))


def tensor(image: Image) -> Tensor:
    """(1, 3, H, W) float RGB in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
