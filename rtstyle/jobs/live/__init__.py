"""``live``: a camera in, a window, recordings and servers out, at a size the machine can keep up with."""

import os

# With them, opening a camera takes half a minute on Windows, where OpenCV knows only what was set before it was loaded.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
