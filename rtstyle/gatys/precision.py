"""Whether bf16 pays on a device."""

from __future__ import annotations

import torch

from rtstyle.cpu import description, is_zen4


def half_pays(device: torch.device) -> bool:
    """On CUDA, and on CPUs with AMX or of AMD's Zen 4; others emulate bf16, slower than float32 (docs/LOG.md)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    has_amx = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(has_amx is not None and has_amx()) or is_zen4(description())
