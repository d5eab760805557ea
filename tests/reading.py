"""Whole videos, read as the pipeline reads them."""

import numpy as np

from rtstyle.frames import Frame
from rtstyle.sources.video_reader import VideoReader


def read(path):
    """The format, and every frame and packet."""
    reader = VideoReader(path)
    try:
        return reader.format, list(reader)
    finally:
        reader.close()


def frames_of(items):
    """The frames among them."""
    return [item for item in items if isinstance(item, Frame)]


def pixels(path):
    """All of a video's pictures, (N, H, W, 3) uint8 RGB."""
    return np.stack([frame.image for frame in frames_of(read(path)[1])])
