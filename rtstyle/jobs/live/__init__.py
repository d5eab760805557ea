"""``live``: a camera in, a window, recordings and servers out, at a size the machine can keep up with."""

import os

# With hardware transforms opening a camera takes half a minute on Windows; OpenCV reads this only while it is loaded.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
