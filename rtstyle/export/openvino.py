"""``openvino``: OpenVINO's own format, NAME.xml and NAME.bin; what the model says of itself goes with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtstyle.engines.openvino import import_openvino, the_core
from rtstyle.errors import ModelError
from rtstyle.export.graph import baked
from rtstyle.export.order import Made, Order, Run
from rtstyle.frames import Images

SUFFIX = ".xml"
SEVERAL = False


def make(order: Order, folder: Path) -> Made:
    """Raise DeviceError where OpenVINO is missing, ModelError where it cannot read the network."""
    openvino = import_openvino()
    source, path = folder / "source.onnx", folder / order.name
    source.write_bytes(baked(order.model).SerializeToString())
    try:
        openvino.save_model(the_core().read_model(source), path, compress_to_fp16=False)
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot read this network: {str(error).strip().splitlines()[-1]}") from error
    finally:
        source.unlink(missing_ok=True)
    note = "Measured in float32; on CPUs with AMX OpenVINO computes in bfloat16 unless it is told otherwise."
    return Made((_runner(path),), (note,))


def _runner(path: Path) -> Run:
    compiled = the_core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(images: Images) -> Images:
        return np.array(compiled([images])[0])  # a copy: OpenVINO writes there again

    return run
