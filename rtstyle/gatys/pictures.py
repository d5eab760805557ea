"""Pictures as tensors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rtstyle.frames import Image
from rtstyle.gatys.sizes import Size


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
