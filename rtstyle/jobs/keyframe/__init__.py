"""Pictures by optimisation: of a photo, of the keyframes of a video, carried through it, and sheets of settings."""
