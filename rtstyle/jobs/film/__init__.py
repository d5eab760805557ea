"""Painting a film: its options, the stages, segments that survive a crash, and the check of the result."""
