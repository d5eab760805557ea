"""The names of VGG-16's layers."""

from __future__ import annotations

import re

from rtstyle.errors import UsageError

CONVS_PER_BLOCK = (2, 2, 3, 3, 3)


def layer_index(name: str) -> int:
    """Where ``relu2_2`` or ``conv4_2`` stands in torchvision's ``vgg16().features``.

    Raises UsageError for a name that VGG-16 does not have.
    """
    match = re.fullmatch(r"(conv|relu)([1-5])_([1-3])", name)
    if match is None or int(match[3]) > CONVS_PER_BLOCK[int(match[2]) - 1]:
        raise UsageError(f"unknown VGG-16 layer {name!r}: expected conv1_1 … conv5_3 or relu1_1 … relu5_3")
    block, conv = int(match[2]) - 1, int(match[3]) - 1
    before = sum(2 * convs + 1 for convs in CONVS_PER_BLOCK[:block])  # conv, relu, …, pool
    return before + 2 * conv + (match[1] == "relu")
