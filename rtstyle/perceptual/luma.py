"""How light colours are."""

from __future__ import annotations

from torch import Tensor


def luma(images: Tensor) -> Tensor:
    """(N, 3, H, W) RGB → (N, 1, H, W), BT.601."""
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)
