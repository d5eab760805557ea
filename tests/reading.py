"""Whole videos, read as the pipeline reads them."""

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
