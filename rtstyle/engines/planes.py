"""Lets a network output what encoders take, YUV 4:2:0, so that no RGB picture has to be assembled and converted.

Our networks paint cells of 2×2 pixels, twelve channels at half the lines, and a cell has one U and one V.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openvino import Model, Output

    from rtstyle.frames import I420

# Red's and blue's share of the light, by AVCOL_SPC_* (ITU-T H.273, table 4).
_SHARES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
_INTO_PIXELS = [0, 3, 1, 4, 2]  # how a network of cells reorders (N, y, x·rgb, H/2, W/2)
_CELL = 2  # pixels
_MOST = 63  # steps of an 8-bit weight; with more, CPUs without VNNI saturate (export/eight_bits.py)
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Planes:
    """A network whose output is (1, 6, h, w) uint8: Y of a cell's four pixels, then U and V, of limited range.

    The picture begins ``top`` and ``left`` cells inside; what is around it is the network's own margin.
    """

    model: Model
    top: int
    left: int

    def put(self, cells: NDArray[np.uint8], picture: I420) -> None:
        """Write the network's output into one picture."""
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        rows, columns = height // _CELL, width // _CELL
        inside = cells[0, :, self.top : self.top + rows, self.left : self.left + columns]  # (6, H/2, W/2)
        for y in range(_CELL):
            for x in range(_CELL):
                picture[y:height:_CELL, x::_CELL] = inside[_CELL * y + x]
        picture[height:].reshape(2, rows, columns)[:] = inside[4:]


def with_planes(model: Model, matrix: int) -> Planes | None:
    """Return the same network, of fixed size, with a new end; None if it has no cells or its size is odd.

    ``matrix``: AVCOL_SPC_*, between RGB and YUV. In a network in 8 bits this is one more convolution in 8 bits,
    which keeps greys grey.
    """
    import openvino.opset13 as op
    from openvino import Model

    node, margins = model.outputs[0].get_node().input_value(0).get_node(), {1: 0, 2: 0}  # pixels, by axis
    while node.get_type_name() in {"Slice", "Reshape"}:
        if node.get_type_name() == "Slice":
            margins[_number(node.input_value(4))] = _number(node.input_value(1))
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Transpose" or _numbers(node.input_value(1)) != _INTO_PIXELS or matrix not in _SHARES:
        return None
    painted = node.input_value(0).get_node().input_value(0)  # (1, 12, h, w) uint8
    if painted.get_node().get_type_name() != "Convert" or model.outputs[0].partial_shape.is_dynamic:
        return None
    if any(pixels % _CELL for pixels in (*model.outputs[0].shape[1:3], *margins.values())):
        return None
    rounded = painted.get_node().input_value(0)
    in_8_bits = rounded.get_node().get_type_name() == "FakeQuantize"
    steps, scales, bias = _to_yuv(matrix, most=_MOST if in_8_bits else None)
    weights = op.multiply(op.convert(op.constant(steps), "f32"), op.constant(scales))
    cells = rounded if in_8_bits else op.convert(painted, "f32")
    mixed = op.add(op.convolution(cells, weights, [1, 1], [0, 0], [0, 0], [1, 1]), op.constant(bias))
    low, high = op.constant(np.float32(0)), op.constant(np.float32(255))
    result = op.result(op.convert(op.fake_quantize(mixed, low, high, low, high, 256), "u8"))
    return Planes(Model([result], model.get_parameters(), "planes"), margins[1] // _CELL, margins[2] // _CELL)


def _to_yuv(matrix: int, *, most: int | None) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[np.float32]]:
    """Steps (6, 12, 1, 1), scales (6, 1, 1, 1) and bias (1, 6, 1, 1), from a cell's pixels to its Y, Y, Y, Y, U, V.

    ``most``: of the steps, which are int8 then; None: they are exact.
    """
    red, blue = _SHARES[matrix]
    light = np.array([red, 1 - red - blue, blue])
    parts = [light * 219 / 255]
    parts += [(np.eye(3)[at] - light) / (1 - light[at]) / 2 * 224 / 255 / 4 for at in (2, 0)]  # U, V
    y, u, v = (_in_steps(part, most) for part in parts)
    rows = [np.kron(np.eye(4)[pixel], y[0]) for pixel in range(4)] + [np.tile(steps, 4) for steps, _ in (u, v)]
    scales = np.array([y[1]] * 4 + [u[1], v[1]], np.float32)
    bias = np.array([16] * 4 + [128] * 2, np.float32)
    steps = np.stack(rows).astype(np.float32 if most is None else np.int8)
    return steps.reshape(6, 12, 1, 1), scales.reshape(6, 1, 1, 1), bias.reshape(1, 6, 1, 1)


def _in_steps(part: NDArray[np.float64], most: int | None) -> tuple[NDArray[np.float64], float]:
    """Whole numbers and their scale, so that the sum is exact, and with it greys, and the largest error is small."""
    if most is None:
        return part, 1.0
    found: list[tuple[float, int, NDArray[np.float64], float]] = []
    for largest in range(most // 2, most + 1):
        steps = np.rint(part / np.abs(part).max() * largest)
        scale = float(part.sum() / steps.sum() if abs(part.sum()) > _NOTHING else part @ steps / (steps @ steps))
        if abs((steps * scale).sum() - part.sum()) < _NOTHING:
            found.append((float(np.abs(steps * scale - part).max()), largest, steps, scale))
    _, _, steps, scale = min(found, key=lambda one: one[:2])
    return steps, scale


def _numbers(output: Output) -> list[int]:
    """The values of a constant; empty if it is none."""
    node = output.get_node()
    return [int(value) for value in node.data.ravel()] if node.get_type_name() == "Constant" else []


def _number(output: Output) -> int:
    """The single value of a constant; 1, an odd margin, if there is none."""
    numbers = _numbers(output)
    return numbers[0] if len(numbers) == 1 else 1
