"""Painting by optimisation: photos, keyframes of a video, carrying them through it, and sheets of settings."""
