"""``triton``: a model repository for NVIDIA's Triton Inference Server, on its onnxruntime backend."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rtstyle.errors import UsageError
from rtstyle.export.graph import batch_of, runner, save_checked
from rtstyle.export.order import Made, Order, Run, Subject

SUFFIX = ""
SEVERAL = True

_MOST = 8  # frames at a time
_PATIENCE_US = 2000  # to wait for more frames: an eighth of a frame at 60 frames per second

# Field names are those of ModelConfig in Triton's model_config.proto. With max_batch_size Triton itself adds the first
# dimension; requests of different sizes are never put into one batch. A network for so many frames has none.
_CONFIG = """\
name: {name}
backend: "onnxruntime"
max_batch_size: {most}
input [ {{ name: "frames" data_type: TYPE_UINT8 dims: [ {first}-1, -1, 3 ] }} ]
output [ {{ name: "stylized" data_type: TYPE_UINT8 dims: [ {first}-1, -1, 3 ] }} ]
{batching}version_policy: {{ latest {{ num_versions: 1 }} }}
parameters {{ key: "styles" value: {{ string_value: {styles} }} }}
parameters {{ key: "labels" value: {{ string_value: "labels.txt" }} }}
"""
_BATCHING = f"dynamic_batching {{ max_queue_delay_microseconds: {_PATIENCE_US} }}\n"


def make(order: Order, folder: Path) -> Made:
    """NAME/config.pbtxt, NAME/labels.txt and NAME/1/model.onnx for each style. Raises UsageError for a fixed size."""
    if order.size is not None:
        raise UsageError("--to triton: its server puts frames together as they come, in any size; leave --size out")
    names = [_name(subject) for subject in order.subjects]
    if len(set(names)) < len(names):
        raise UsageError(f"--to triton: expected styles of different names, got {', '.join(names)}")
    runs = tuple(_add(subject, folder / name) for subject, name in zip(order.subjects, names, strict=True))
    return Made(runs, (f"Start it with: tritonserver --model-repository={order.name}",))


def _add(subject: Subject, folder: Path) -> Run:
    path = folder / "1" / "model.onnx"
    path.parent.mkdir(parents=True)
    save_checked(subject.model, path)
    styles = subject.styles
    count = batch_of(subject.model)
    config = _CONFIG.format(
        name=json.dumps(folder.name),
        most=0 if count else _MOST,
        first=f"{count}, " if count else "",
        batching="" if count else _BATCHING,
        styles=json.dumps(", ".join(styles)),
    )
    (folder / "config.pbtxt").write_text(config, encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{style}\n" for style in styles), encoding="utf-8", errors="replace")
    return runner(path)


def _name(subject: Subject) -> str:
    """What a client asks for; the folder has to have the same name."""
    return re.sub(r"[^\w.-]+", "-", subject.style.name).strip(".-") or "style"
