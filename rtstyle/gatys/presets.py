"""Recipes by the names under which they are known. Loads without torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rtstyle.gatys.recipe import Recipe

_BLOCKS = tuple((f"conv{block}_1", 1.0) for block in range(1, 6))

PRESETS: Mapping[str, Recipe] = MappingProxyType(
    {
        # Gatys, Ecker & Bethge (2016), Figure 2: white noise, average pooling. Our losses are relative, so the
        # paper's ratio of weights, 1e-3, has another number here; a little total variation quiets the noise.
        "gatys2015": Recipe(
            network="vgg19",
            pooling="average",
            content_layers=(("conv4_2", 1.0),),
            style_layers=_BLOCKS,
            style_weight=3.0,
            init="noise",
            iterations=500,
            multiscale=False,
        ),
        # pytorch.org/tutorials/advanced/neural_style_tutorial: conv_4, conv_1 … conv_5, 300 steps from the photo.
        "pytorch-tutorial": Recipe(
            network="vgg19",
            content_layers=(("conv_4", 1.0),),
            style_layers=tuple((f"conv_{number}", 1.0) for number in range(1, 6)),
            iterations=300,
            multiscale=False,
            history=100,
            tv_weight=0.0,
        ),
        # Deeper content in four layers at once, absolute differences, Adam: edges stay crisp.
        "sharp-details": Recipe(
            network="vgg19",
            content_layers=tuple((f"conv_{number}", 1.0) for number in range(4, 8)),
            loss="l1",
            style_weight=10.0,
            optimizer="adam",
            iterations=400,
            tv_weight=0.0,
        ),
        # crowsonkb/style-transfer-pytorch: relu4_2 against five layers with falling weights, Adam, iterates averaged
        # and scales in steps of √2. There Gram matrices are compared by a squared error of another norm.
        "multi-scale": Recipe(
            network="vgg19",
            content_layers=(("relu4_2", 1.0),),
            style_layers=tuple((f"relu{block}_1", 256.0 / 4 ** (block - 1)) for block in range(1, 6)),
            optimizer="adam",
            average=0.99,
            iterations=600,
            tv_weight=2.0,
        ),
    }
)
