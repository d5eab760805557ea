"""Pictures as tensors, and how large they are to be."""

from __future__ import annotations

import math
import re

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.errors import UsageError
from rtstyle.frames import Image

Size = tuple[int, int]  # height, width
MIN_SIDE = 32  # px: relu5_1 sees two cells of it
_COARSEST = 128  # px of the short side, as in crowsonkb/style-transfer-pytorch (there of the long one)


def to_tensor(image: Image, device: torch.device) -> Tensor:
    """(1, 3, H, W) float32 RGB in [0, 1], channels_last."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)[None]
    return tensor.float().div(255).contiguous(memory_format=torch.channels_last)


def to_image(tensor: Tensor) -> Image:
    """(H, W, 3) uint8 RGB of (1, 3, H, W) in [0, 1], rounded."""
    levels = tensor.detach()[0].clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())


def saturation(tensor: Tensor) -> float:
    """Share of values that are at, or beyond, the ends of [0, 1]."""
    return float(((tensor <= 0) | (tensor >= 1)).float().mean())


def resized(tensor: Tensor, size: Size) -> Tensor:
    """Bicubic and, downwards, without aliases."""
    if tuple(tensor.shape[2:]) == size:
        return tensor
    scaled = F.interpolate(tensor, size, mode="bicubic", antialias=True, align_corners=False)
    return scaled.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def by_short_side(size: Size, short: int) -> Size:
    """The size of that shape whose short side is ``short``."""
    scale = short / min(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def parse_size(text: str, content: Size) -> Size:
    """``512`` (short side), ``640x480`` (width by height) or ``content``. Raises UsageError."""
    if match := re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text):
        size = int(match[2]), int(match[1])
    elif re.fullmatch(r"\d{1,6}", text):
        size = by_short_side(content, max(1, int(text)))
    elif text == "content":
        size = content
    else:
        raise UsageError(f"size: expected a short side (512), WxH (640x480) or content, got {text!r}")
    if min(size) < MIN_SIDE:
        raise UsageError(f"size: expected at least {MIN_SIDE}×{MIN_SIDE} pixels, got {size[1]}×{size[0]}")
    return size


def pyramid(size: Size, *, multiscale: bool) -> list[Size]:
    """Sizes from coarse to fine in steps of √2, the last is ``size``."""
    if not multiscale:
        return [size]
    steps = max(0, math.floor(2 * math.log2(min(size) / _COARSEST) + 0.01))
    return [by_short_side(size, round(min(size) / math.sqrt(2) ** step)) for step in range(steps, 0, -1)] + [size]
