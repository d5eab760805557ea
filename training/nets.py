"""The transformer networks: ``full`` for pictures at their best, ``lite`` for CPUs in real time.

Both map photos (N, H, W, 3) uint8 RGB to paintings of the same shape, any H and W, and hold the whole
of the model contract but the last rounding: padding, scaling and cropping are theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.errors import UsageError


class DoublingConv(nn.Module):
    """Bilinear upsampling by two and a 3×3 convolution, folded into one 3×3 convolution before the upsampling.

    The output is that of a resize-convolution (Odena et al. 2016), free of the dots that the four
    independent kernels of a sub-pixel convolution (Shi et al. 2016) draw; the cost is that of the latter.
    """

    fold: Tensor

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out))
        nn.init.normal_(self.weight, std=(9 * channels) ** -0.5)
        # fold[p, t]: what the upsampled pixel under tap t of output pixel p takes of the cells left, here, right
        bilinear = torch.tensor([[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0.75, 0.25], [0, 0.25, 0.75]])
        self.register_buffer("fold", torch.stack([bilinear[:3], bilinear[1:]]), persistent=False)  # (2, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, 4·out, H, W), the four pixels of a cell not yet laid out; see ``unshuffled``."""
        weight = torch.einsum("octs,pta,qsb->pqocab", self.weight, self.fold, self.fold)
        return F.conv2d(x, weight.flatten(0, 2), self.bias.repeat(4), padding=1)


class LiteBlock(nn.Module):
    """Residual block with one normalisation: the sum then fuses into the second convolution."""

    def __init__(self, channels: int, dilation: int = 1, padding_mode: Literal["zeros", "replicate"] = "zeros") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, padding_mode=padding_mode)
        self.norm = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.conv2(F.relu(self.norm(self.conv1(x))))
        return x + residual


class Lite(nn.Module):
    """Ours, for CPUs: nothing but the tail runs above a quarter of the resolution.

    Every layer maps constant to constant, so that a flat area comes out flat whatever the weights are.
    """

    stride = 8
    margin = 12  # px of repeated edge around the picture, cut off again, as far as zero padding is seen

    def __init__(self, width: int = 32, deep_width: int = 48, dilations: Sequence[int] = (1, 2, 2, 1)) -> None:
        super().__init__()
        self.stem = nn.Conv2d(12, width, 4, stride=2, padding=1, padding_mode="replicate")  # 1/2 → 1/4
        self.stem_norm = nn.InstanceNorm2d(width, affine=True)
        self.down = nn.Conv2d(width, deep_width, 4, stride=2, padding=1, padding_mode="replicate")  # 1/4 → 1/8
        self.down_norm = nn.InstanceNorm2d(deep_width, affine=True)
        self.deep = nn.Sequential(*(LiteBlock(deep_width, dilation, "replicate") for dilation in dilations))
        self.deep_out = nn.Conv2d(deep_width, width, 1)
        self.body = LiteBlock(width)
        self.squeeze = nn.Conv2d(width, 16, 1)
        self.detail = nn.Conv2d(12, 16, 1)
        self.tail = nn.Conv2d(16, 16, 3, padding=1)
        self.paint = DoublingConv(16, 3)

    def forward(self, photos: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 → (N, H, W, 3) float in [0, 255]."""
        return crop(unshuffled(self.cells(pad(photos, self.stride, self.margin))), photos, self.margin)

    def quantised(self, photos: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 → the same; rounds before the pixels are laid out, while rounding is cheap."""
        cells = (self.cells(pad(photos, self.stride, self.margin)) + 0.5).to(torch.uint8)
        return crop(unshuffled(cells), photos, self.margin)

    def cells(self, photos: Tensor) -> Tensor:
        """(N, H, W, 3) uint8, H and W multiples of 8 → (N, 12, H/2, W/2) float in [0, 255]."""
        half = shuffled(photos).float() / 127.5 - 1  # (N, 12, H/2, W/2)
        x = self.stem(half)  # (N, 32, H/4, W/4)
        x = F.relu(self.stem_norm(x))
        deep = self.deep(F.relu(self.down_norm(self.down(x))))  # (N, 48, H/8, W/8)
        x = self.body(x + _doubled(self.deep_out(deep)))
        x = F.relu(self.tail(_doubled(self.squeeze(x))) + self.detail(half))  # (N, 16, H/2, W/2)
        cells: Tensor = self.paint(x)
        return torch.tanh(cells) * 127.5 + 127.5


class FullBlock(nn.Module):
    """Residual block of Johnson et al. (2016), with instance normalisation (Ulyanov et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _reflected(channels, channels, 3)
        self.norm1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = _reflected(channels, channels, 3)
        self.norm2 = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return x + residual


class Full(nn.Module):
    """Johnson et al. (2016), supplement, Table 1.

    We upsample and convolve instead of deconvolving (Odena et al. 2016), normalise by instance instead of
    by batch, and pad every convolution by reflection instead of the picture once.
    """

    stride = 4
    margin = 0

    def __init__(self, width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_layer(3, width, 9))
        self.down = nn.Sequential(*_layer(width, 2 * width, 3, stride=2), *_layer(2 * width, 4 * width, 3, stride=2))
        self.body = nn.Sequential(*(FullBlock(4 * width) for _ in range(blocks)))
        self.up1 = nn.Sequential(*_layer(4 * width, 2 * width, 3))
        self.up2 = nn.Sequential(*_layer(2 * width, width, 3))
        self.paint = _reflected(width, 3, 9)

    def forward(self, photos: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 → (N, H, W, 3) float in [0, 255]."""
        x = pad(photos, self.stride, self.margin).permute(0, 3, 1, 2).float() / 127.5 - 1
        x = self.body(self.down(self.stem(x)))  # (N, 128, H/4, W/4)
        x = self.up2(_doubled(self.up1(_doubled(x))))
        painting = torch.tanh(self.paint(x)) * 127.5 + 127.5
        return crop(painting.permute(0, 2, 3, 1), photos, self.margin)

    def quantised(self, photos: Tensor) -> Tensor:
        """(N, H, W, 3) uint8 → the same, rounded."""
        painting: Tensor = self(photos)
        return (painting + 0.5).to(torch.uint8)


def make_network(name: str) -> Lite | Full:
    """``lite`` or ``full`` with fresh weights; raises UsageError for anything else."""
    if name == "lite":
        return Lite()
    if name == "full":
        return Full()
    raise UsageError(f"unknown network {name!r}: expected lite or full")


def pad(photos: Tensor, stride: int, margin: int) -> Tensor:
    """(N, H, W, 3) with ``margin`` px of repeated edge all round and more below and right, up to the stride.

    The contract's design reflects; repeating the edge also works where the margin is wider than the picture.
    """
    below, right = (-(size + 2 * margin) % stride for size in photos.shape[1:3])
    sides = (0, 0, margin, margin + right, margin, margin + below)
    return F.pad(photos.unsqueeze(1), sides, mode="replicate").squeeze(1)


def crop(paintings: Tensor, photos: Tensor, margin: int) -> Tensor:
    """Undoes ``pad``."""
    return paintings[:, margin : margin + photos.shape[1], margin : margin + photos.shape[2]]


def shuffled(photos: Tensor) -> Tensor:
    """(N, H, W, 3) → (N, 12, H/2, W/2): each 2×2 cell becomes one pixel with channels dy, dx, RGB."""
    n, h, w, _ = photos.shape
    return photos.reshape(n, h // 2, 2, w // 2, 6).permute(0, 2, 4, 1, 3).reshape(n, 12, h // 2, w // 2)


def unshuffled(cells: Tensor) -> Tensor:
    """(N, 12, H, W) → (N, 2H, 2W, 3): undoes ``shuffled``."""
    n, _, h, w = cells.shape
    return cells.reshape(n, 2, 6, h, w).permute(0, 3, 1, 4, 2).reshape(n, 2 * h, 2 * w, 3)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _reflected(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, padding_mode="reflect")


def _layer(channels: int, out: int, kernel: int, stride: int = 1) -> tuple[nn.Module, nn.Module, nn.Module]:
    return _reflected(channels, out, kernel, stride), nn.InstanceNorm2d(out, affine=True), nn.ReLU()
