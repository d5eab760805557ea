"""The transformer networks: ``full`` for pictures at their best, ``lite`` for CPUs in real time.

Both map photos (N, H, W, 3) uint8 RGB to paintings of the same shape, any H and W, and hold the whole
of the model contract but the last rounding: padding, scaling and cropping are theirs.
"""

from __future__ import annotations

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
        return F.conv2d(x, self._kernels(), self.bias.repeat(4), padding=1)

    def folded(self) -> nn.Conv2d:
        """The same as a plain convolution, for networks that have learnt; see ``in_bf16``."""
        kernels = in_bf16(self._kernels().detach())
        conv = nn.Conv2d(kernels.shape[1], len(kernels), 3, padding=1)
        conv.load_state_dict({"weight": kernels, "bias": self.bias.repeat(4)})
        return conv

    def unfolded(self, kernels: Tensor) -> Tensor:
        """The ``weight`` that kernels (4·out, C, 3, 3) were ``folded`` from, as nearly as rounding allows."""
        fold = torch.einsum("pta,qsb->pqabts", self.fold, self.fold).reshape(36, 9)
        pixels = kernels.reshape(4, -1, 9).transpose(1, 2).reshape(36, -1)  # (pixels and taps, out·C)
        weight: Tensor = torch.linalg.lstsq(fold, pixels).solution
        return weight.T.reshape(-1, *kernels.shape[1:])

    def _kernels(self) -> Tensor:
        """(4·out, C, 3, 3)."""
        return torch.einsum("octs,pta,qsb->pqocab", self.weight, self.fold, self.fold).flatten(0, 2)


class StyleNorm(nn.Module):
    """Instance normalisation with a scale and a shift for each style (Dumoulin et al. 2017, eq. 5), mixed by weight."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(styles, channels))
        self.bias = nn.Parameter(torch.zeros(styles, channels))
        self.mix = torch.eye(styles)[0]  # (styles,), set by the network before every pass

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.instance_norm(_in_float32(x), weight=self.mix @ self.weight, bias=self.mix @ self.bias)


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation in float32, whatever autocast gives it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(_in_float32(x))


class LiteBlock(nn.Module):
    """Residual block with one normalisation: the sum then fuses into the second convolution."""

    def __init__(
        self,
        channels: int,
        styles: int = 1,
        dilation: int = 1,
        padding_mode: Literal["zeros", "replicate"] = "zeros",
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, padding_mode=padding_mode)
        self.norm = _norm(channels, styles)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.conv2(F.relu(self.norm(self.conv1(x))))
        return x + residual


class Network(nn.Module):
    """What ``full`` and ``lite`` have in common: photos and a mix of styles in, paintings out."""

    stride: int  # px, of the deepest features
    margin: int  # px of repeated edge around the picture, cut off again
    styles: int

    def forward(self, photos: Tensor, mix: Tensor | None = None) -> Tensor:
        """(N, H, W, 3) uint8 → (N, H, W, 3) float in [0, 255]. ``mix``: (styles,), the first style alone if None."""
        painting, _ = self.with_features(photos, mix)
        return painting

    def with_features(self, photos: Tensor, mix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The painting, and the deepest features (N, C, h, w) of the padded photo, ``stride`` px apart."""
        raise NotImplementedError

    def quantised(self, photos: Tensor, mix: Tensor | None = None) -> Tensor:
        """(N, H, W, 3) uint8 → the same: what an exported model computes."""
        raise NotImplementedError

    def finish(self) -> None:
        """Bring a network that has learnt into the shape that is exported; it still paints, and learns no more."""

    def choose(self, mix: Tensor | None) -> None:
        """Set the mix of styles, which must be None in a network of one."""
        for module in self.modules():
            if isinstance(module, StyleNorm):
                module.mix = torch.eye(len(module.weight), device=module.weight.device)[0] if mix is None else mix


class Lite(Network):
    """Ours, for CPUs: nothing but the tail runs above a quarter of the resolution.

    Every layer maps constant to constant, so that a flat area comes out flat whatever the weights are.
    """

    stride = 8
    margin = 12  # as far as zero padding is seen

    def __init__(self, width: int = 32, blocks: int = 4, styles: int = 1) -> None:
        super().__init__()
        self.styles = styles
        deep_width = width + width // 2
        self.stem = nn.Conv2d(12, width, 4, stride=2, padding=1, padding_mode="replicate")  # 1/2 → 1/4
        self.stem_norm = _norm(width, styles)
        self.down = nn.Conv2d(width, deep_width, 4, stride=2, padding=1, padding_mode="replicate")  # 1/4 → 1/8
        self.down_norm = _norm(deep_width, styles)
        dilations = (2 if 0 < i < blocks - 1 else 1 for i in range(blocks))
        self.deep = nn.Sequential(*(LiteBlock(deep_width, styles, d, "replicate") for d in dilations))
        self.deep_out = nn.Conv2d(deep_width, width, 1)
        self.body = LiteBlock(width, styles)
        self.squeeze = nn.Conv2d(width, 16, 1)
        self.detail = nn.Conv2d(12, 16, 1)
        self.tail = nn.Conv2d(16, 16, 3, padding=1)
        self.paint: DoublingConv | nn.Conv2d = DoublingConv(16, 3)

    def with_features(self, photos: Tensor, mix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        self.choose(mix)
        cells, deep = self._cells(pad(photos, self.stride, self.margin))
        return crop(unshuffled(cells), photos, self.margin), deep

    def quantised(self, photos: Tensor, mix: Tensor | None = None) -> Tensor:
        """Round before the pixels are laid out, while rounding is cheap."""
        self.choose(mix)
        cells, _ = self._cells(pad(photos, self.stride, self.margin))
        return crop(unshuffled((cells + 0.5).to(torch.uint8)), photos, self.margin)

    def finish(self) -> None:
        if isinstance(self.paint, DoublingConv):
            self.paint = self.paint.folded()

    def _cells(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        """(N, H, W, 3) uint8, H and W multiples of 8 → (N, 12, H/2, W/2) float in [0, 255], (N, 48, H/8, W/8)."""
        half = centred(shuffled(photos))  # (N, 12, H/2, W/2)
        x = self.stem(half)  # (N, 32, H/4, W/4)
        x = F.relu(self.stem_norm(x))
        deep = self.deep(F.relu(self.down_norm(self.down(x))))  # (N, 48, H/8, W/8)
        x = self.body(x + _doubled(self.deep_out(deep)))
        x = F.relu(self.tail(_doubled(self.squeeze(x))) + self.detail(half))  # (N, 16, H/2, W/2)
        return torch.tanh(_in_float32(self.paint(x))) * 127.5 + 127.5, deep


class FullBlock(nn.Module):
    """Residual block of Johnson et al. (2016), with instance normalisation (Ulyanov et al. 2017)."""

    def __init__(self, channels: int, styles: int = 1) -> None:
        super().__init__()
        self.conv1 = _reflected(channels, channels, 3)
        self.norm1 = _norm(channels, styles)
        self.conv2 = _reflected(channels, channels, 3)
        self.norm2 = _norm(channels, styles)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return x + residual


class Full(Network):
    """Johnson et al. (2016), supplement, Table 1.

    We upsample and convolve instead of deconvolving (Odena et al. 2016), normalise by instance instead of
    by batch, and pad every convolution by reflection instead of the picture once.
    """

    stride = 4
    margin = 0

    def __init__(self, width: int = 32, blocks: int = 5, styles: int = 1) -> None:
        super().__init__()
        self.styles = styles
        self.stem = nn.Sequential(*_layer(3, width, 9, styles))
        self.down = nn.Sequential(
            *_layer(width, 2 * width, 3, styles, stride=2), *_layer(2 * width, 4 * width, 3, styles, stride=2)
        )
        self.body = nn.Sequential(*(FullBlock(4 * width, styles) for _ in range(blocks)))
        self.up1 = nn.Sequential(*_layer(4 * width, 2 * width, 3, styles))
        self.up2 = nn.Sequential(*_layer(2 * width, width, 3, styles))
        self.paint = _reflected(width, 3, 9)

    def with_features(self, photos: Tensor, mix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        self.choose(mix)
        x = centred(pad(photos, self.stride, self.margin).permute(0, 3, 1, 2))
        deep = self.body(self.down(self.stem(x)))  # (N, 128, H/4, W/4)
        x = self.up2(_doubled(self.up1(_doubled(deep))))
        painting = torch.tanh(_in_float32(self.paint(x))) * 127.5 + 127.5
        return crop(painting.permute(0, 2, 3, 1), photos, self.margin), deep

    def quantised(self, photos: Tensor, mix: Tensor | None = None) -> Tensor:
        painting: Tensor = self(photos, mix)
        return (painting + 0.5).to(torch.uint8)


def make_network(name: str, *, width: int = 32, blocks: int | None = None, styles: int = 1) -> Network:
    """``lite`` or ``full`` with fresh weights; raises UsageError for anything else."""
    if name == "lite":
        return Lite(width, 4 if blocks is None else blocks, styles)
    if name == "full":
        return Full(width, 5 if blocks is None else blocks, styles)
    raise UsageError(f"unknown network {name!r}: expected lite or full")


def in_bf16(kernels: Tensor) -> Tensor:
    """Kernels (O, C, h, w) in numbers that bf16 has, the sum of each kept, so that rounding moves no flat area.

    From the largest weight to the smallest, what rounding takes from one is given to the next. Rounded each by
    itself, the four kernels of a ``DoublingConv`` no longer agree, and engines in bf16 draw a lattice of 2 px.
    """
    weights = kernels.to(torch.float64, copy=True).flatten(2)
    places = weights.abs().argsort(dim=2, descending=True)
    owed = weights.new_zeros(*weights.shape[:2], 1)
    for place in places.split(1, dim=2):
        wanted = weights.gather(2, place) + owed
        rounded = wanted.bfloat16().double()
        weights.scatter_(2, place, rounded)
        owed = wanted - rounded
    return weights.reshape(kernels.shape).to(kernels.dtype)


def centred(photos: Tensor) -> Tensor:
    """Any shape of uint8 → float in [-1, 1), exact in bf16 and fp16, too: 128 is a power of two, 127.5 is not.

    Strokes in a smooth area grow from differences of single grey levels.
    """
    return photos.float() / 128 - 1


def pad(photos: Tensor, stride: int, margin: int) -> Tensor:
    """(N, H, W, 3) with ``margin`` px of repeated edge all round and more below and right, up to the stride.

    The contract's design reflects; repeating the edge also works where the margin is wider than the picture.
    """
    below, right = (-(size + 2 * margin) % stride for size in photos.shape[1:3])
    sides = (0, 0, margin, margin + right, margin, margin + below)
    return F.pad(photos.unsqueeze(1), sides, mode="replicate").squeeze(1)


def crop(paintings: Tensor, photos: Tensor, margin: int) -> Tensor:
    """Undo ``pad``."""
    return paintings[:, margin : margin + photos.shape[1], margin : margin + photos.shape[2]]


def shuffled(photos: Tensor) -> Tensor:
    """(N, H, W, 3) → (N, 12, H/2, W/2): each 2×2 cell becomes one pixel with channels dy, dx, RGB."""
    n, h, w, _ = photos.shape
    return photos.reshape(n, h // 2, 2, w // 2, 6).permute(0, 2, 4, 1, 3).reshape(n, 12, h // 2, w // 2)


def unshuffled(cells: Tensor) -> Tensor:
    """(N, 12, H, W) → (N, 2H, 2W, 3): undoes ``shuffled``."""
    n, _, h, w = cells.shape
    return cells.reshape(n, 2, 6, h, w).permute(0, 3, 1, 4, 2).reshape(n, 2 * h, 2 * w, 3)


def _in_float32(x: Tensor) -> Tensor:
    """Under autocast; elsewhere nothing, so that an exported graph has no casts."""
    return x if x.dtype == torch.float32 else x.float()


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _reflected(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, kernel, stride=stride, padding=kernel // 2, padding_mode="reflect")


def _norm(channels: int, styles: int) -> nn.Module:
    return InstanceNorm(channels, affine=True) if styles == 1 else StyleNorm(channels, styles)


def _layer(channels: int, out: int, kernel: int, styles: int, stride: int = 1) -> tuple[nn.Module, ...]:
    return _reflected(channels, out, kernel, stride), _norm(out, styles), nn.ReLU()
