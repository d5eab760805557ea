"""Real-time artistic style transfer for video.

    import rtstyle

    rtstyle.transcode("clip.mp4", "painting.mp4", style="wave")

    source = rtstyle.VideoReader("clip.mp4")
    stages = [rtstyle.Stylizer("wave"), rtstyle.Blend(0.8)]
    sink = rtstyle.VideoWriter("painting.mp4")
    report = rtstyle.run(source, stages, sink)

Everything here is loaded on first use, so that importing costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtstyle.errors import DeviceError, ModelError, PaintError, RtstyleError, SinkError, SourceError, UsageError
    from rtstyle.export.order import Size
    from rtstyle.export.run import export_style
    from rtstyle.frames import Batch, Color, Frame, Packet, VideoFormat
    from rtstyle.gatys.recipe import Recipe
    from rtstyle.jobs.film.options import FilmOptions
    from rtstyle.jobs.film.transcode import transcode
    from rtstyle.jobs.keyframe.keyframe import paint_keyframe
    from rtstyle.jobs.keyframe.studio import KeyframeExtras, StyleImage
    from rtstyle.jobs.live.live import LiveOutputs, live
    from rtstyle.jobs.live.look import Look
    from rtstyle.jobs.paint_options import PaintOptions
    from rtstyle.jobs.photos import stylize_photos
    from rtstyle.meter import Meter, Progress, Report, StageTimes
    from rtstyle.pipeline import run
    from rtstyle.protocols import Sink, Source, Stage
    from rtstyle.sinks.encoding import Encoding
    from rtstyle.sinks.null import Null
    from rtstyle.sinks.photo_writer import PhotoWriter
    from rtstyle.sinks.tee import Tee
    from rtstyle.sinks.video_writer import VideoWriter
    from rtstyle.sources.choose import CaptureRequest
    from rtstyle.sources.photo_folder import PhotoFolder
    from rtstyle.sources.streams import Keep
    from rtstyle.sources.test_pattern import TestPattern
    from rtstyle.sources.video_reader import VideoReader
    from rtstyle.stages.blend import Blend
    from rtstyle.stages.brushwork import Brushwork
    from rtstyle.stages.guided import Guided
    from rtstyle.stages.keep_colors import KeepColors
    from rtstyle.stages.schedule import Schedule
    from rtstyle.stages.steady import Steady
    from rtstyle.style import Style
    from rtstyle.styles import Mix, find_style, list_styles
    from rtstyle.stylizer import Stylizer

__all__ = [
    "Batch",
    "Blend",
    "Brushwork",
    "CaptureRequest",
    "Color",
    "DeviceError",
    "Encoding",
    "FilmOptions",
    "Frame",
    "Guided",
    "Keep",
    "KeepColors",
    "KeyframeExtras",
    "LiveOutputs",
    "Look",
    "Meter",
    "Mix",
    "ModelError",
    "Null",
    "Packet",
    "PaintError",
    "PaintOptions",
    "PhotoFolder",
    "PhotoWriter",
    "Progress",
    "Recipe",
    "Report",
    "RtstyleError",
    "Schedule",
    "Sink",
    "SinkError",
    "Size",
    "Source",
    "SourceError",
    "Stage",
    "StageTimes",
    "Steady",
    "Style",
    "StyleImage",
    "Stylizer",
    "Tee",
    "TestPattern",
    "UsageError",
    "VideoFormat",
    "VideoReader",
    "VideoWriter",
    "__version__",
    "export_style",
    "find_style",
    "list_styles",
    "live",
    "paint_keyframe",
    "run",
    "stylize_photos",
    "transcode",
]

_HOMES = {
    "errors": ("DeviceError", "ModelError", "PaintError", "RtstyleError", "SinkError", "SourceError", "UsageError"),
    "export.order": ("Size",),
    "export.run": ("export_style",),
    "frames": ("Batch", "Color", "Frame", "Packet", "VideoFormat"),
    "gatys.recipe": ("Recipe",),
    "jobs.keyframe.keyframe": ("paint_keyframe",),
    "jobs.keyframe.studio": ("KeyframeExtras", "StyleImage"),
    "jobs.live.live": ("LiveOutputs", "live"),
    "jobs.live.look": ("Look",),
    "jobs.film.options": ("FilmOptions",),
    "jobs.photos": ("stylize_photos",),
    "jobs.paint_options": ("PaintOptions",),
    "jobs.film.transcode": ("transcode",),
    "meter": ("Meter", "Progress", "Report", "StageTimes"),
    "pipeline": ("run",),
    "protocols": ("Sink", "Source", "Stage"),
    "sinks.encoding": ("Encoding",),
    "sinks.null": ("Null",),
    "sinks.photo_writer": ("PhotoWriter",),
    "sinks.tee": ("Tee",),
    "sinks.video_writer": ("VideoWriter",),
    "sources.choose": ("CaptureRequest",),
    "sources.photo_folder": ("PhotoFolder",),
    "sources.streams": ("Keep",),
    "sources.test_pattern": ("TestPattern",),
    "sources.video_reader": ("VideoReader",),
    "stages.blend": ("Blend",),
    "stages.brushwork": ("Brushwork",),
    "stages.guided": ("Guided",),
    "stages.keep_colors": ("KeepColors",),
    "stages.schedule": ("Schedule",),
    "stages.steady": ("Steady",),
    "style": ("Style",),
    "styles": ("Mix", "find_style", "list_styles"),
    "stylizer": ("Stylizer",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__: str


def __getattr__(name: str) -> object:
    value: object
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value = version("rtstyle")
        except PackageNotFoundError:  # a checkout on the path, never installed
            value = "0+checkout"
    elif name in _HOME_OF:
        value = getattr(import_module(f"rtstyle.{_HOME_OF[name]}"), name)
    else:
        raise AttributeError(f"module 'rtstyle' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
