"""A film painted: what is asked for, the stages, segments that survive a crash, and the check of what came out."""
