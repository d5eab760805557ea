"""What some options take, and take unless told otherwise; Python and the command line read it here."""

from typing import Final, Literal

Codec = Literal["h264", "hevc", "av1", "vp9"]
Encoder = Literal["software", "auto", "nvenc", "videotoolbox", "qsv", "vaapi"]
Decoder = Literal["software", "auto", "nvdec"]
OnError = Literal["stop", "warn", "skip"]
Precision = Literal["auto", "full"]  # 8 bits where faster and there is a twin; as in the model file
DEVICES = ("auto", "cpu", "openvino", "cuda", "tensorrt", "coreml", "directml")

ENCODER: Final = "software"
DECODER: Final = "software"
ON_ERROR: Final = "stop"  # of films
