"""The study behind the book: from a raw export to safe tables.

A chapter needs three names: `open_study` opens a dataset, `figures` and `tables` show what it answers.
"""

from analysis.study import open_study

__all__ = ["open_study"]
