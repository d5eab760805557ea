"""Whole tasks in one call each: what the command line does, for Python."""
