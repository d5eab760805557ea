"""A style's network for other runtimes and other machines; needs no PyTorch."""
