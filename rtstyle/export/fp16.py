"""``fp16``: half the bytes, and on a GPU twice the speed; bytes in and out as ever, normalisations in float32.

Instance normalisation in float16 is inaccurate or overflows (onnxruntime#10079).
"""

from __future__ import annotations

from pathlib import Path

from rtstyle.export.graph import folded, in_float32, runner, save_checked, varied
from rtstyle.export.order import Made, Order

SUFFIX = ".onnx"
SEVERAL = False

_IN_FLOAT32 = "InstanceNormalization"


def make(order: Order, folder: Path) -> Made:
    from onnxruntime.quantization.onnx_model import ONNXModel
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    blocked = [*DEFAULT_OP_BLOCK_LIST, _IN_FLOAT32]
    model = convert_float_to_float16(folded(in_float32(order)), keep_io_types=True, op_block_list=blocked)
    casts_once = {tuple(node.output): node for node in model.graph.node}  # it casts for each reader, by the same name
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(casts_once.values())
    ONNXModel(model).topological_sort()  # the converter appends its casts at the end
    path = folder / order.name
    save_checked(varied(model, "fp16"), path)
    return Made(
        (runner(path),),
        ("Measured on a CPU, which widens most of float16 to float32 again; a GPU computes in float16.",),
    )
