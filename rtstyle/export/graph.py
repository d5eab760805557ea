"""Surgery on networks under the model contract: fixed sizes, folded constants, a session to run them."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtstyle.engines.onnxruntime import cpu_session, import_onnxruntime, values_of
from rtstyle.errors import ModelError, first_line
from rtstyle.model_file import metadata_of, set_metadata
from rtstyle.twin import ORIGINAL

if TYPE_CHECKING:
    from onnx import ModelProto

    from rtstyle.export.order import Order, Run, Size
    from rtstyle.frames import Images


def in_float32(order: Order) -> ModelProto:
    """The network of the only subject. Raises ModelError for one that was exported in 16 or 8 bits."""
    from onnx import TensorProto

    halved = any(tensor.data_type == TensorProto.FLOAT16 for tensor in order.model.graph.initializer)
    if halved or any(node.op_type == "QuantizeLinear" for node in order.model.graph.node):
        name, got = order.subjects[0].style.path, "fp16" if halved else "int8"
        raise ModelError(f"{name}: expected a network in float32, got {got}; export the original instead")
    return order.model


def folded(model: ModelProto) -> ModelProto:
    """Return the same network with all constants folded; only standard operators.

    onnxruntime's basic optimisations do it: the arithmetic on shapes of a network of fixed size is gone afterwards.
    Raises ModelError where onnxruntime cannot load it.
    """
    import onnx

    basic = import_onnxruntime().GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        cpu_session(model, graph_optimization_level=basic, optimized_model_filepath=str(path))
        result = onnx.load(path)
    used = {node.domain for node in result.graph.node}
    kept = [opset for opset in result.opset_import if opset.domain in used]  # onnxruntime names all that it knows
    del result.opset_import[:]
    result.opset_import.extend(kept)
    del result.graph.value_info[:]
    return result


def of_size(model: ModelProto, size: Size) -> ModelProto:
    """The network for frames of exactly this size, folded. Raises ModelError."""
    fixed = copy.deepcopy(model)
    for value in (fixed.graph.input[0], fixed.graph.output[0]):
        dimensions = value.type.tensor_type.shape.dim
        for dimension, number in zip(dimensions, (size.batch, size.height, size.width), strict=False):
            dimension.dim_value = number
    del fixed.graph.value_info[:]
    return folded(fixed)


def baked(model: ModelProto, name: str = "") -> ModelProto:
    """The network with its mix of styles as a constant: ``frames`` is the only input.

    ``name``: what it says it paints from now on; which one that is, nobody can tell it any more.
    """
    fixed = copy.deepcopy(model)
    del fixed.graph.input[1:]
    if name:
        set_metadata(fixed, metadata_of(fixed) | {"styles": json.dumps([name])})
    return fixed


def varied(model: ModelProto, variant: str, detail: str = "") -> ModelProto:
    """Return the network with metadata saying how it differs from the original, and without tools' own notes.

    What the metadata said about an earlier export is removed.
    """
    kept = {name: value for name, value in metadata_of(model).items() if name not in {"variant", ORIGINAL}}
    set_metadata(model, kept | {"variant": f"{variant} {detail}".strip()})
    return model


def batch_of(model: ModelProto) -> int:
    """Frames it takes at a time, if fixed; else 0."""
    return int(model.graph.input[0].type.tensor_type.shape.dim[0].dim_value)


def save_checked(model: ModelProto, path: Path) -> None:
    """Check it, with full shape inference, and write it. Raises ModelError for what ONNX does not allow."""
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"{path.name}: is not valid ONNX: {first_line(error)}") from error
    path.write_bytes(model.SerializeToString())


def runner(model: ModelProto | Path) -> Run:
    """Run a network of one picture in and one out, under whatever names, on onnxruntime's CPU. Raises ModelError."""
    session = cpu_session(model)
    (frames, *_), (stylized, *_) = session.get_inputs(), session.get_outputs()

    def run(images: Images) -> Images:
        return np.asarray(values_of(session, [stylized.name], {frames.name: images})[0])

    return run
