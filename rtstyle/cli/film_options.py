"""Options for films only."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rtstyle import choices

Crossfade = Annotated[
    str, typer.Option(metavar="TIME", help="How long the transition between two styles takes.", show_default=False)
]
Steady = Annotated[
    bool, typer.Option("--steady", help="Reduce flicker by averaging along the motion, though not across cuts.")
]
Beginning = Annotated[
    str | None,
    typer.Option("--start", metavar="TIME", help="Where to begin: 12.5, 01:30 or 1:02:03.", show_default=False),
]
Length = Annotated[
    str | None, typer.Option("--duration", metavar="TIME", help="Length to paint, audio included.", show_default=False)
]
Rate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Frame rate of numbered pictures; default: 25.", show_default=False),
]
Preview = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Paint a part this long from the middle, beside the original, to OUTPUT with .preview in its name.",
        show_default=False,
    ),
]
Codec = Annotated[
    choices.Codec | None,
    typer.Option(help="Default: vp9 for .webm, h264 otherwise.", show_default=False),
]
Crf = Annotated[
    int | None,
    typer.Option(min=0, max=63, help="Quality on the codec's own scale; lower is better.", show_default=False),
]
Preset = Annotated[str | None, typer.Option(help="The encoder's own speed preset.", show_default=False)]
Bitrate = Annotated[
    str | None, typer.Option(metavar="RATE", help="Bits per second instead of --crf: 800k, 4M.", show_default=False)
]
Encoder = Annotated[
    choices.Encoder,
    typer.Option(help="auto uses the first hardware encoder that works, else software."),
]
Decoder = Annotated[
    choices.Decoder,
    typer.Option(help="auto uses an NVIDIA GPU's decoder if it works, else the CPU."),
]
NoAudio = Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")]
NoSubtitles = Annotated[bool, typer.Option("--no-subtitles", help="Leave the subtitles out.")]
NoMetadata = Annotated[bool, typer.Option("--no-metadata", help="Leave tags, chapters and attachments out.")]
OnError = Annotated[
    Literal["stop", "skip"],
    typer.Option(
        "--on-error",
        help="If the input is damaged: stop, or skip the frames that cannot be decoded, report how many, and continue.",
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")]
