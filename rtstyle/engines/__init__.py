"""Adapters to the inference runtimes. An engine maps (N, H, W, 3) uint8 RGB to the same."""

from rtstyle.engines.choose import frames_at_once, open_engine
from rtstyle.engines.engine import Engine

__all__ = ["Engine", "frames_at_once", "open_engine"]
