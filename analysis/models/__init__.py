"""Estimators: one module per family, numbers in and numbers out, without a dataset."""
