"""Detects what a foreign network takes, by inspecting it and running it on small pictures."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtstyle.engines.onnxruntime import cpu_session
from rtstyle.errors import ModelError, first_line
from rtstyle.foreign.convention import SCALING
from rtstyle.model_file import inputs_of

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

    from rtstyle.foreign.convention import Convention, Layout, Range

_SIDES = (61, 83)  # pixels, height and width; multiples of nothing
_STRIDES = (1, 2, 4, 8, 16, 32)
_UNIT = 1.5  # values that stay within ± this are not grey levels of 255
_RGB = 3

Values = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that must be known to adapt a network to the contract."""

    input: str
    output: str
    kind: int  # data type of the input, as in onnx.TensorProto
    layout: Layout
    input_range: Range
    output_range: Range
    stride: int  # pixels; the sides must be multiples
    size: tuple[int, int] | None  # height and width, if it supports only one size
    batch: int | None  # frames, if it takes a fixed number


@dataclass(frozen=True, slots=True)
class Signature:
    """What a network declares."""

    input: str
    output: str
    kind: int
    dims: tuple[int | None, ...]  # None: free


def probe(name: object, model: ModelProto, convention: Convention) -> Findings:
    """Raise ModelError, naming it by ``name``, if the network does not map pictures to pictures."""
    signature = read_signature(name, model)
    layout = _layout(name, signature, convention.layout)
    trial = _Trial(name, model, signature, layout)
    stride, size = trial.stride(), None
    if stride is None:
        size = trial.declared()
    batch = trial.batch(stride, size)
    picture = _picture(size or _padded(stride or 1), batch or 1)
    input_range = convention.range or trial.range_of(trial.run(picture, "0..255"))
    return Findings(
        input=signature.input,
        output=signature.output,
        kind=signature.kind,
        layout=layout,
        input_range=input_range,
        output_range=trial.range_of(trial.run(picture, input_range)),
        stride=stride or 1,
        size=size,
        batch=batch,
    )


def read_signature(name: object, model: ModelProto) -> Signature:
    """Raise ModelError if the network cannot map pictures to pictures."""
    from onnx import TensorProto

    inputs = inputs_of(model)
    if len(inputs) != 1 or len(model.graph.output) != 1:
        names = ", ".join(value.name for value in inputs)
        raise ModelError(
            f"{name}: expected a network with one picture in and one out, got {len(inputs)} inputs ({names}) and "
            f"{len(model.graph.output)} outputs"
        )
    (value,), (output,) = inputs, model.graph.output
    kind, dims = value.type.tensor_type.elem_type, _dims(value)
    if len(dims) != len("NCHW") or kind not in {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8}:
        spelt = TensorProto.DataType.Name(kind).lower(), ", ".join(str(d or "?") for d in dims)
        raise ModelError(f"{name}: expected pictures in four dimensions, float or uint8, got {spelt[0]} ({spelt[1]})")
    return Signature(value.name, output.name, kind, dims)


def _dims(value: ValueInfoProto) -> tuple[int | None, ...]:
    return tuple(d.dim_value or None for d in value.type.tensor_type.shape.dim)


def _layout(name: object, signature: Signature, told: Layout | None) -> Layout:
    first, last = signature.dims[1] == _RGB, signature.dims[3] == _RGB
    seen: Layout | None = None if first == last else "nchw" if first else "nhwc"
    dims = ", ".join(str(d or "?") for d in signature.dims)
    if seen and told and told != seen:
        raise ModelError(f"{name}: expected --layout {seen}, since its input is ({dims}), got --layout {told}")
    if layout := told or seen:
        return layout
    raise ModelError(f"{name}: cannot tell where the channels are in ({dims}); say --layout nchw or --layout nhwc")


class _Trial:
    """A network with its sizes freed as far as possible, and as declared."""

    def __init__(self, name: object, model: ModelProto, signature: Signature, layout: Layout) -> None:
        self._name, self._signature, self._layout = name, signature, layout
        self._session = _session(name, _freed(model, signature.input, layout))
        self._count = signature.dims[0] or 1  # frames it declares

    def stride(self) -> int | None:
        """The smallest number whose multiples as sides give an output of the same size; None if there is none."""
        for stride in _STRIDES:
            sides = _padded(stride)
            if self._takes(self._count, sides):
                return stride
        return None

    def declared(self) -> tuple[int, int]:
        """Height and width as declared by the network. Raises ModelError if it declares none."""
        dims = self._signature.dims
        height, width = dims[2:] if self._layout == "nchw" else dims[1:3]
        if height is None or width is None:
            self._run_or_say(_picture(_padded(_STRIDES[-1]), self._count), "0..255")
            raise ModelError(f"{self._name}: expected a picture out as large as the one in, got another size")
        return height, width

    def batch(self, stride: int | None, size: tuple[int, int] | None) -> int | None:
        """How many frames at a time, if fixed."""
        sides = size or _padded(stride or 1)
        return None if self._takes(1, sides) and self._takes(2, sides) else self._count

    def _takes(self, count: int, sides: tuple[int, int]) -> bool:
        """Whether this many frames of this size come out the same size."""
        try:
            return self._run(_picture(sides, count), "0..255").shape == (count, *sides, _RGB)
        except Exception:  # noqa: BLE001 - whatever onnxruntime says, this is nothing for it
            return False

    def run(self, images: Values, values: Range) -> Values:
        """Run (N, H, W, 3) of 0 to 255 through the network. Raises ModelError."""
        painted = self._run_or_say(images, values)
        if painted.shape != images.shape:
            got, wanted = "×".join(map(str, painted.shape)), "×".join(map(str, images.shape))
            raise ModelError(f"{self._name}: expected a picture out as large as the one in, {wanted}, got {got}")
        return painted

    def range_of(self, painted: Values) -> Range:
        from onnx import TensorProto

        if self._signature.kind == TensorProto.UINT8 or np.abs(painted).max() > _UNIT:
            return "0..255"
        return "0..1" if painted.min() > -0.05 else "-1..1"  # noqa: PLR2004 - a little below 0 is no tanh

    def _run_or_say(self, images: Values, values: Range) -> Values:
        try:
            return self._run(images, values)
        except Exception as error:
            raise ModelError(f"{self._name}: onnxruntime cannot run it: {first_line(error)}") from error

    def _run(self, images: Values, values: Range) -> Values:
        from onnx.helper import tensor_dtype_to_np_dtype

        scale, offset = SCALING[values]
        given = (images * scale + offset).astype(tensor_dtype_to_np_dtype(self._signature.kind))
        planes = self._layout == "nchw"
        given = given.transpose(0, 3, 1, 2) if planes else given
        (painted,) = self._session.run([self._signature.output], {self._signature.input: np.ascontiguousarray(given)})
        painted = np.asarray(painted, np.float32)
        return painted.transpose(0, 2, 3, 1) if planes else painted


def _freed(model: ModelProto, input: str, layout: Layout) -> ModelProto:
    """The network without declared sizes, except the three channels."""
    freed = copy.deepcopy(model)
    del freed.graph.value_info[:]
    (value,) = (value for value in freed.graph.input if value.name == input)
    for i, dimension in enumerate(value.type.tensor_type.shape.dim):
        if i != layout.index("c"):
            dimension.Clear()
            dimension.dim_param = f"rtstyle_{i}"
    freed.graph.output[0].type.tensor_type.ClearField("shape")
    return freed


def _session(name: object, model: ModelProto) -> Any:  # noqa: ANN401 - onnxruntime comes without types
    try:
        return cpu_session(model)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error


def _padded(stride: int) -> tuple[int, int]:
    height, width = (side + -side % stride for side in _SIDES)
    return height, width


def _picture(sides: tuple[int, int], count: int) -> Values:
    """Clouds of every colour, (N, H, W, 3) float of 0 to 255."""
    import cv2

    clouds = np.random.default_rng(0).uniform(0, 255, (5, 7, 3)).astype(np.float32)
    image = cv2.resize(clouds, sides[::-1], interpolation=cv2.INTER_LINEAR)
    return np.repeat(image[None], count, axis=0)
