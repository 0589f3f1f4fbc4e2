"""What the study concludes, by criteria that were written down before the records were opened."""
