"""VGG's other layers, band by band of lines, where several hands share a picture: see ``hands``."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from rtstyle.perceptual.hands import bands, hands, shared


def can_be_shared(maps: Tensor) -> bool:
    """Whether maps are such as are worked on in bands: one picture's, in float32, channels_last, and several hands."""
    return (
        hands() > 1
        and len(maps) == 1
        and maps.dtype == torch.float32
        and maps.device.type == "cpu"
        and maps.is_contiguous(memory_format=torch.channels_last)
    )


def first_convolution(image: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
    """Rectified maps (1, C, H, W) of an image (1, 3, H, W), 3×3 with a padding of 1."""
    return _First.apply(image, kernels, bias)  # type: ignore[no-any-return]  # torch's


def max_pooled(maps: Tensor) -> Tensor:
    """The largest of each 2×2."""
    return _Pooling.apply(maps)  # type: ignore[no-any-return]  # torch's


class _First(torch.autograd.Function):
    """As a product with the 27 values around each pixel: the way back of torch's convolution is slow for 3 channels."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        height, width = image.shape[2:]
        result = image.new_empty(height, width, len(kernels))
        padded, matrix = F.pad(image, (1, 1, 1, 1)).contiguous(), kernels.flatten(1)

        def work(lines: slice) -> None:
            around = F.unfold(padded[..., lines.start : lines.stop + 2, :], 3)[0]
            torch.addmm(bias, around.T, matrix.T, out=result[lines].flatten(0, 1)).clamp_min_(0)

        shared(work, _thin_bands(height))
        maps = result.permute(2, 0, 1)[None]
        ctx.save_for_backward(maps)
        ctx.matrix = matrix
        return maps

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401 - torch's
        (maps,) = ctx.saved_tensors
        _, channels, height, width = maps.shape
        maps, slope = (x[0].permute(1, 2, 0) for x in (maps, slope))
        parts: dict[int, Tensor] = {}

        def work(lines: slice) -> None:
            rectified = torch.ops.aten.threshold_backward(slope[lines], maps[lines], 0).reshape(-1, channels)
            size = (lines.stop - lines.start + 2, width + 2)
            parts[lines.start] = F.fold(ctx.matrix.T @ rectified.T, size, 3)

        shared(work, _thin_bands(height))
        gradient = slope.new_zeros(1, 3, height + 2, width + 2)
        for start, part in parts.items():
            gradient[..., start : start + part.shape[1], :] += part
        return gradient[..., 1:-1, 1:-1], None, None


class _Pooling(torch.autograd.Function):
    """Bands of whole pairs of lines."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        _, channels, height, width = maps.shape
        shape, layout = (1, channels, height // 2, width // 2), torch.channels_last
        result = torch.empty(shape, memory_format=layout)
        where = torch.empty(shape, dtype=torch.int64, memory_format=layout)

        def work(lines: slice) -> None:
            source = maps[:, :, 2 * lines.start : 2 * lines.stop]
            out, indices = result[:, :, lines], where[:, :, lines]
            torch.ops.aten.max_pool2d_with_indices(source, [2, 2], [2, 2], out=out, indices=indices)

        shared(work, bands(height // 2))
        ctx.save_for_backward(maps, where)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # noqa: ANN401 - torch's
        maps, where = ctx.saved_tensors
        gradient = torch.empty_like(maps)
        gradient[:, :, 2 * where.shape[2] :].zero_()  # the last of an odd number of lines

        def work(lines: slice) -> None:
            rows = slice(2 * lines.start, 2 * lines.stop)
            torch.ops.aten.max_pool2d_with_indices_backward(
                slope[:, :, lines],
                maps[:, :, rows],
                [2, 2],
                [2, 2],
                [0, 0],
                [1, 1],
                ceil_mode=False,
                indices=where[:, :, lines],
                grad_input=gradient[:, :, rows],
            )

        shared(work, bands(where.shape[2]))
        return gradient


def _thin_bands(height: int) -> list[slice]:
    """Of 16 lines: what one step leaves the next finds in the cache."""
    return [slice(top, min(top + 16, height)) for top in range(0, height, 16)]
