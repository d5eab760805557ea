"""``tensorrt``: a network that TensorRT's parser accepts and, if TensorRT is installed, the engine built from it.

What the parser is known to accept is in docs/operators.md of onnx-tensorrt: float32 throughout, no dynamic sizes, no
uint8 (which TensorRT allows at the border only), scales and biases of normalisations as constants.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from rtstyle.errors import DeviceError, ModelError, UsageError
from rtstyle.export.float_nchw import in_planes, planar
from rtstyle.export.graph import in_float32, runner, save_checked
from rtstyle.export.order import Made, Order

if TYPE_CHECKING:
    from onnx import ModelProto

SUFFIX = ".onnx"
SEVERAL = False

_TAKEN = """
    Add AveragePool BatchNormalization Cast Clip Concat Conv ConvTranspose DepthToSpace Div Elu Exp Expand Floor Gather
    GlobalAveragePool HardSigmoid Identity InstanceNormalization LeakyRelu MatMul Max MaxPool Min Mul Neg Pad PRelu Pow
    ReduceMean Relu Reshape Resize Round Sigmoid Slice SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose
    Unsqueeze
"""
_TENSORRT = "tensorrt"


def make(order: Order, folder: Path) -> Made:
    """Write the .onnx and, where that can be built, the .engine beside it.

    Raises UsageError without a size, ModelError for other operators, DeviceError where TensorRT refuses the network.
    """
    if order.size is None:
        raise UsageError("--to tensorrt: expected a size, as in --size 1280x720; its engines are made for one")
    model = planar(in_float32(order))
    _check(model)
    path = folder / order.name
    save_checked(model, path)
    engine = path.with_suffix(".engine")
    command = f"trtexec --onnx={order.name} --saveEngine={engine.name}"
    if importlib.util.find_spec(_TENSORRT) is None:
        notes = (f"TensorRT is not installed here; on the machine that has it, run: {command}",)
    elif (plan := _build(path.read_bytes())) is None:
        notes = (f"TensorRT finds no GPU here that it can use; on the machine that has one, run: {command}",)
    else:
        engine.write_bytes(plan)
        notes = (f"{engine.name} runs on this kind of GPU only; elsewhere build it again: {command}",)
    return Made((in_planes(runner(path)),), (*notes, "Measured with onnxruntime, not with TensorRT."))


def _check(model: ModelProto) -> None:
    if unknown := sorted({node.op_type for node in model.graph.node} - set(_TAKEN.split())):
        raise ModelError(f"TensorRT's parser is not known to accept {', '.join(unknown)}; try --to float")


def _build(model: bytes) -> bytes | None:
    """The engine for this machine's GPU, or None without one. Raises DeviceError with TensorRT's own reason.

    Not run by us yet.
    """
    import tensorrt as trt

    log = trt.Logger(trt.Logger.ERROR)
    try:
        builder = trt.Builder(log)
    except TypeError:  # "factory function returned nullptr"
        return None
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, log)
    if not parser.parse(model):
        raise DeviceError(f"TensorRT {trt.__version__} does not accept this network: {parser.get_error(0).desc()}")
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    if plan is None:
        raise DeviceError(f"TensorRT {trt.__version__} could not build an engine here; its log says why")
    return bytes(plan)
