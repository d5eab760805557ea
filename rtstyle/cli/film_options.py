"""The options that only films have."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Crossfade = Annotated[
    str, typer.Option(metavar="TIME", help="How long one style takes to become the next.", show_default=False)
]
Steady = Annotated[
    bool, typer.Option("--steady", help="Take the flicker out: average along the motion, but not at cuts.")
]
Beginning = Annotated[
    str | None, typer.Option("--start", metavar="TIME", help="Begin here: 12.5, 01:30 or 1:02:03.", show_default=False)
]
Length = Annotated[
    str | None, typer.Option("--duration", metavar="TIME", help="Take this much, sound and all.", show_default=False)
]
Rate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Frames a second of numbered pictures; 25 without.", show_default=False),
]
Preview = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Paint this much from the middle beside the original, to OUTPUT with .preview in its name.",
        show_default=False,
    ),
]
Codec = Annotated[
    Literal["h264", "hevc", "av1", "vp9"] | None,
    typer.Option(help="By default vp9 for .webm and h264 for the others.", show_default=False),
]
Crf = Annotated[
    int | None,
    typer.Option(min=0, max=63, help="Quality, on the codec's own scale; lower is better.", show_default=False),
]
Preset = Annotated[str | None, typer.Option(help="The encoder's own word for its speed.", show_default=False)]
Bitrate = Annotated[
    str | None, typer.Option(metavar="RATE", help="In place of --crf: 800k, 4M bits a second.", show_default=False)
]
Encoder = Annotated[
    Literal["software", "auto", "nvenc", "videotoolbox", "qsv", "vaapi"],
    typer.Option(help="auto takes the first hardware encoder that codes a frame, and software where none does."),
]
Decoder = Annotated[
    Literal["software", "auto", "nvdec"],
    typer.Option(help="auto takes an NVIDIA GPU's decoder where it decodes a frame, and the CPU where not."),
]
NoAudio = Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")]
NoSubtitles = Annotated[bool, typer.Option("--no-subtitles", help="Leave the subtitles out.")]
NoMetadata = Annotated[bool, typer.Option("--no-metadata", help="Leave tags, chapters and attachments out.")]
OnError = Annotated[
    Literal["stop", "skip"], typer.Option("--on-error", help="What to do where the input cannot be read or decoded.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")]
