"""Painting by optimisation (Gatys, Ecker & Bethge 2016): slow, but the best quality. Needs torch to run."""
