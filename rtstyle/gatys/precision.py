"""Whether bf16 pays on a device."""

from __future__ import annotations

import torch


def half_pays(device: torch.device) -> bool:
    """On CUDA, and on CPUs with AMX; other CPUs emulate bf16 and are slower than in float32 (docs/LOG.md)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    has_amx = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(has_amx is not None and has_amx())
