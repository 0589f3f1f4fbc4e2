"""A messy administrative export becomes a dataset: each line accounted for, nothing guessed, no one named."""
