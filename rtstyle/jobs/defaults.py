"""What a job does unless told otherwise; Python and the command line read it here."""

STRENGTH = 1.0  # of 1
BATCH = 1  # frames
DEVICE = "auto"
SEGMENT = 250  # frames: x264's own distance between key frames
