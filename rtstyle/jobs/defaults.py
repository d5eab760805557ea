"""What a job does unless told otherwise; Python and the command line read it here."""

from typing import Final

STRENGTH = 1.0  # of 1
BRUSHWORK = 0.5  # of 1; a photo stands still, and a camera mostly does, facing a wall. Films: 0
SHORT_SIDE = 768  # px, size to paint a large photo at: as artworks in training, so that strokes have their size
BATCH: Final = None  # frames; None: what suits the device
DEVICE = "auto"
PRECISION: Final = "auto"
PHOTO_PRECISION: Final = "full"  # a photo is not in a hurry
BENCH_S: Final = 60  # that a benchmark takes, about
SEGMENT = 250  # frames: x264's own distance between key frames
