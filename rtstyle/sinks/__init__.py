"""Where frames go to."""
