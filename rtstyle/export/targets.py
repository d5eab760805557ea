"""The list of all targets: one module each, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from rtstyle.errors import UsageError
from rtstyle.export.order import Target

TARGETS = {  # what --to takes, and the module of this package
    "fp16": "fp16",
    "int8": "int8",
    "float": "float_nchw",
    "static": "static",
    "openvino": "openvino",
    "tensorrt": "tensorrt",
    "triton": "triton",
    "web": "web",
}
MIXES = {"fp16", "static", "web"}  # which leave all styles of a network that has several; the others leave one
BESIDE = {"openvino": (".bin",)}  # how other files end that a target always writes beside the output


def find_target(name: str) -> Target:
    """Raise UsageError where there is no such target."""
    if name not in TARGETS:
        raise UsageError(f"{name}: no such target; expected one of: {', '.join(TARGETS)}")
    return cast("Target", import_module(f"rtstyle.export.{TARGETS[name]}"))
