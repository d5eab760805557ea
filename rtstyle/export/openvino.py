"""``openvino``: OpenVINO's own format, NAME.xml and NAME.bin; what the model says of itself goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rtstyle.engines.openvino import import_openvino, the_core
from rtstyle.errors import DeviceError, ModelError, RtstyleError, SinkError, UsageError, last_line
from rtstyle.export.order import Made, Order, Run
from rtstyle.frames import Images

SUFFIX = ".xml"
SEVERAL = False

_CANNOT_RUN = "OpenVINO cannot run this network"


def make(order: Order, folder: Path) -> Made:
    """Raise DeviceError where OpenVINO is missing or cannot run the network, ModelError where it cannot read it.

    SinkError where it cannot write it, UsageError for a name in capitals, which it does not take.
    """
    if not order.name.endswith(SUFFIX):
        raise UsageError(f"{order.name}: expected a name that ends in {SUFFIX}, in small letters")
    openvino = import_openvino()
    path = folder / order.name
    with _told(ModelError, "OpenVINO cannot read this network"):
        network = the_core().read_model(order.model.SerializeToString())
    with _told(SinkError, f"{order.name}: cannot be written; make room there, or choose another disk; OpenVINO says"):
        openvino.save_model(network, path, compress_to_fp16=False)
    note = "Measured in float32; on CPUs with AMX OpenVINO computes in bfloat16 unless it is told otherwise."
    return Made((_runner(path),), (note,))


def _runner(path: Path) -> Run:
    with _told(DeviceError, _CANNOT_RUN):
        compiled = the_core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(images: Images) -> Images:
        with _told(DeviceError, _CANNOT_RUN):
            return np.array(compiled([images])[0])  # a copy: OpenVINO writes there again

    return run


@contextmanager
def _told(kind: type[RtstyleError], what: str) -> Iterator[None]:
    """Turn what OpenVINO raises into an error of ours, with its own last line."""
    try:
        yield
    except RuntimeError as error:
        raise kind(f"{what}: {last_line(error)}") from error
