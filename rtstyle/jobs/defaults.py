"""What a job does unless told otherwise; Python and the command line read it here."""

from typing import Final

STRENGTH = 1.0  # of 1
LIVE_BRUSHWORK = 0.5  # of 1; a camera mostly stands still, before a wall. Films and photos: 0
BATCH: Final = None  # frames; None: as many as the device likes
DEVICE = "auto"
PRECISION: Final = "auto"
PHOTO_PRECISION: Final = "full"  # nobody waits for a photo
SEGMENT = 250  # frames: x264's own distance between key frames
