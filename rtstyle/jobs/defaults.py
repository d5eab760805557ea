"""What a job does unless told otherwise; Python and the command line read it here."""

from typing import Final

STRENGTH = 1.0  # of 1
BRUSHWORK = 0.5  # of 1; a photo stands still, and a camera mostly, before a wall. Films: 0
SHORT_SIDE = 768  # px, of a large photo as it is painted: so large are artworks in training, and so strokes are theirs
BATCH: Final = None  # frames; None: as many as the device likes
DEVICE = "auto"
PRECISION: Final = "auto"
PHOTO_PRECISION: Final = "full"  # nobody waits for a photo
SEGMENT = 250  # frames: x264's own distance between key frames
