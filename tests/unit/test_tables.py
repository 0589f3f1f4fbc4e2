"""Cells of a table: public parameters are cited, names of the data are shown in words."""

import pandas as pd

from analysis import tables
from analysis.guard import SafeTable


def test_sources_are_cited_and_assumptions_are_named():
    frame = pd.DataFrame({"name": ["pay_promise", "vat"], "source": ["hub_smart", "assumption"], "value": [7.0, 0.21]})
    block = tables.table_block(SafeTable(frame, (), "public"), name="t", caption="c",
                               formats={"source": tables.cited, "name": tables.words, "value": "{:,g}"})
    assert block.body.splitlines()[2:] == ["| pay promise | {cite:p}`hub_smart` | 7 |", "| vat | assumption | 0.21 |"]
    assert "hub_smart,7" in block.csv
