"""Other people's networks: recognised, and adapted to the model contract."""
