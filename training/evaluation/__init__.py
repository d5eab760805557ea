"""How good an exported model is, in figures, on photos and clips kept out of training."""
