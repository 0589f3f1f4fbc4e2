"""What would change if a rule changed: one module per lever (P-1 … P-8), none of them a forecast."""
