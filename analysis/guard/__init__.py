"""Disclosure control: what may be seen of a result, and the only type that figures and tables accept."""

from analysis.guard.rules import K_WORKERS, small_cells
from analysis.guard.safe import SafeTable, Value, protect

__all__ = ["K_WORKERS", "SafeTable", "Value", "protect", "small_cells"]
