"""Networks that others made: recognised, and put under the model contract."""
