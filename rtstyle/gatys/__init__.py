"""Pictures by optimisation (Gatys, Ecker & Bethge 2016): slow, and as good as it gets. Needs torch to run."""
