"""Makes the networks that rtstyle runs: data, nets, losses, loop, export. Used from a checkout."""
