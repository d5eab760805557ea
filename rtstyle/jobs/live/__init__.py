"""``live``: a camera in, a window, recordings and servers out, at a size the machine can keep up with."""
