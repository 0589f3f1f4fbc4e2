"""Estimators: one module per family, numbers in and numbers out, without a dataset."""

Z95 = 1.96      # standard errors on each side of an interval of 95 %
