"""The measures: one module per promise, each function from panels to a small table."""
