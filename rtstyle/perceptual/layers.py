"""The names of VGG's layers: the papers', Keras', and the sequential ones of PyTorch's tutorial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rtstyle.errors import UsageError

VGG16_CONVS = (2, 2, 3, 3, 3)  # convolutions per block: Simonyan & Zisserman (2015), configuration D
VGG19_CONVS = (2, 2, 4, 4, 4)  # configuration E
CONVS: Mapping[str, tuple[int, ...]] = {"vgg16": VGG16_CONVS, "vgg19": VGG19_CONVS}
TITLES = {"vgg16": "VGG-16", "vgg19": "VGG-19"}

_IN_BLOCKS = re.compile(r"(conv|relu)_?(\d)_(\d)")  # relu4_2, relu_4_2
_SHORT = re.compile(r"r(\d)(\d)")  # r42, as in Gatys' own code for PyTorch
_KERAS = re.compile(r"block(\d)_conv(\d)")  # whose convolutions are rectified
_IN_SEQUENCE = re.compile(r"(conv|relu)_(\d+)")  # conv_10, counted through all blocks


def features(network: str) -> Iterator[tuple[str, int]]:
    """Kind (conv, relu or pool) and block, counted from 0, of each of torchvision's ``features``, in their order."""
    for block, convs in enumerate(CONVS[network]):
        yield from convs * (("conv", block), ("relu", block))
        yield "pool", block


def layer_index(name: str, network: str = "vgg16") -> int:
    """Where ``relu2_2``, ``conv_4`` or ``block4_conv2`` stands in torchvision's ``vgg16().features``.

    Raises UsageError, which lists the names there are, for one that the network does not have.
    """
    kind, block, conv = place_of(name, network)
    before = sum(2 * convs + 1 for convs in CONVS[network][:block])  # conv, relu, …, pool
    return before + 2 * conv + (kind == "relu")


def paper_name(name: str, network: str = "vgg16") -> str:
    """The name in the papers' way, ``relu2_2``, of a layer named in any way. Raises as ``layer_index``."""
    kind, block, conv = place_of(name, network)
    return f"{kind}{block + 1}_{conv + 1}"


def conv_names(network: str = "vgg16") -> tuple[str, ...]:
    """``conv1_1`` … in order."""
    return tuple(f"conv{b}_{c}" for b, convs in enumerate(CONVS[network], start=1) for c in range(1, convs + 1))


def place_of(given: str, network: str = "vgg16") -> tuple[str, int, int]:
    """Kind (conv or relu), and block and convolution counted from 0. Raises as ``layer_index``."""
    convs, name = CONVS[network], given.lower()
    if match := _IN_BLOCKS.fullmatch(name):
        kind, block, conv = match[1], int(match[2]) - 1, int(match[3]) - 1
    elif match := (_KERAS.fullmatch(name) or _SHORT.fullmatch(name)):
        kind, block, conv = "relu", int(match[1]) - 1, int(match[2]) - 1
    elif (match := _IN_SEQUENCE.fullmatch(name)) and 1 <= int(match[2]) <= sum(convs):
        kind, conv = match[1], int(match[2]) - 1
        block = next(b for b in range(len(convs)) if conv < sum(convs[: b + 1]))
        conv -= sum(convs[:block])
    else:
        raise _unknown(given, network)
    if not (0 <= block < len(convs) and 0 <= conv < convs[block]):
        raise _unknown(given, network)
    return kind, block, conv


def _unknown(name: str, network: str) -> UsageError:
    names = conv_names(network)
    return UsageError(
        f"unknown {TITLES[network]} layer {name!r}: expected {names[0]} … {names[-1]} or relu1_1 … "
        f"{names[-1].replace('conv', 'relu')} ({', '.join(n.removeprefix('conv') for n in names)}), "
        f"or counted through, conv_1 … conv_{len(names)} or relu_1 … relu_{len(names)}"
    )
