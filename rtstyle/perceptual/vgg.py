"""VGG-16 and VGG-19 as sets of named feature maps (Simonyan & Zisserman 2015, configurations D and E)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rtstyle.errors import UsageError
from rtstyle.perceptual.layers import layer_index
from rtstyle.perceptual.weights import VggWeights
from rtstyle.perceptual.winograd import FrozenConv

# Rectified maps are mostly zeros, whose mean lies far below their maximum; doubled, what deeper layers see stays
# about as strong as what they were trained on (as in crowsonkb/style-transfer-pytorch).
_AVERAGE_SCALE = 2.0
_EDGES = (0, 5)  # conv1_1 and conv2_1 of either network; that the others see zeros does not show


class VGG(nn.Module):
    """The named feature maps of pictures; frozen, cut off behind the deepest layer asked for.

    The weights say which of the two networks it is. ``average_pooling`` takes the mean where the networks
    were trained with the maximum: Gatys et al. (2016) found that pictures come out slightly better. ``edge``
    "replicate" repeats what lies at the edge under the first convolutions of the first two blocks, where the networks
    were trained with "zeros": a picture that is optimised then draws no specks along its border. Feature maps are
    channels_last.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        layers: Sequence[str],
        weights: VggWeights,
        *,
        average_pooling: bool = False,
        edge: Literal["zeros", "replicate"] = "zeros",
    ) -> None:
        super().__init__()
        from torchvision import models  # two seconds, which nobody who mistyped should wait for

        self.network = weights.network
        self.layers = tuple(layers)
        self.average_pooling = average_pooling
        with torch.device("meta"):  # the classifier's 120 million numbers are not even made
            features = models.get_model(weights.network, weights=None).features
        features.load_state_dict(weights.state, assign=True)
        features = features[: max(layer_index(name, self.network) for name in layers) + 1]
        features.to(memory_format=torch.channels_last)
        for conv in (features[index] for index in _EDGES if index < len(features)):
            conv.padding_mode = edge
        self.features = nn.Sequential(*(FrozenConv(m) if isinstance(m, nn.Conv2d) else m for m in features))
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        self.requires_grad_(requires_grad=False)

    def forward(
        self,
        images: Tensor,
        layers: Sequence[str] | None = None,
        watch: Callable[[str, Tensor], Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Feature maps (N, C, H', W') by layer name, of images (N, 3, H, W) RGB in [0, 1].

        ``layers``: some of those it was made for, by any of their names; the forward stops at the deepest.
        ``watch`` is handed each of their maps on the way; what it returns, the same values, goes on in their place.
        """
        names = self.layers if layers is None else layers
        wanted = {name: layer_index(name, self.network) for name in names}
        last = max(wanted.values())
        if last >= len(self.features):
            raise UsageError(f"{max(wanted, key=wanted.__getitem__)}: lies behind {', '.join(self.layers)}")
        taps: dict[int, Tensor] = {}
        x = ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        for index, module in enumerate(self.features[: last + 1]):
            if isinstance(module, FrozenConv):  # a ReLU follows; this may be a tap of its own
                x = module(x, relu=index not in wanted.values())
            elif isinstance(module, nn.ReLU):
                x = F.relu(x) if index - 1 in taps else x
            elif isinstance(module, nn.MaxPool2d) and self.average_pooling:
                x = F.avg_pool2d(x, 2) * _AVERAGE_SCALE
            else:
                x = module(x)
            if index in wanted.values():
                if watch is not None:
                    for name in (name for name, place in wanted.items() if place == index):
                        x = watch(name, x)
                taps[index] = x
        return {name: taps[index] for name, index in wanted.items()}
