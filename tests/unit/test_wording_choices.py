"""Sentences on the choices behind the indices follow their tables."""

import pandas as pd

from analysis.guard import protect
from analysis.measures import wording


def years(low, high, workers=50):
    rows = [{"index": i, "year": y, "workers": workers, "change_low": 0.0 if y == 2001 else low,
             "change_high": 0.0 if y == 2001 else high} for i in ("security", "autonomy") for y in (2001, 2020)]
    return protect(pd.DataFrame(rows), ("index", "year"), "workers", "confidential", guarded=True)


def choices(workers=50, other=None, **level):
    rows = [{"index": i, "choice": c, "workers": workers, "level": v} for i, values in (
        ("security", level), ("autonomy", other or level)) for c, v in values.items()]
    return protect(pd.DataFrame(rows), ("index", "choice"), "workers", "confidential", guarded=True)


def test_direction_and_what_matters_most():
    said = wording.choices_said(years(0.02, 0.1), choices(weights=0.3, aggregation=0.6))
    assert "Security rose between 2001 and 2020 under nearly all choices (by +0.02 to +0.10)." in said
    assert "The level of both owes most to the form of the mean." in said
    apart = wording.choices_said(years(0.02, 0.1), choices(weights=0.3, other={"aggregation": 0.6}))
    assert "The level of security owes most to the weights. The level of autonomy owes most to the form" in apart
    assert "Autonomy fell" in wording.choices_said(years(-0.2, -0.1), choices(weights=0.3))
    assert "Whether security rose or fell between 2001 and 2020 depends on the choices" in wording.choices_said(
        years(-0.2, 0.1), choices(weights=0.3))


def test_what_is_hidden_is_not_told():
    said = wording.choices_said(years(0.02, 0.1, workers=3), choices(workers=3, weights=0.3))
    assert said.count("cannot be shown") == 2 and "owes most" not in said


def ways(side=0.9, clear=0.7, p=0.002, above=False, workers=50):
    rows = [{"statistic": n, "observed": o, "p": q, "above": above, "workers": workers}
            for n, o, q in (("median", 0.1, p), ("side", side, 0.3), ("significant", clear, p))]
    return protect(pd.DataFrame(rows), ("statistic",), "workers", "confidential", guarded=True)


def nodes(workers=50, share=0.8):
    rows = [{"node": "who is in", "range": 0.21, "share": share, "lowest": "any paid day",
             "highest": "75 declared days", "workers": workers}]
    return protect(pd.DataFrame(rows), ("node",), "workers", "confidential", guarded=True)


def test_all_ways_to_count_together():
    said = wording.ways_said(ways(), nodes())
    assert "90% lie below the benchmark, and 70% lie there with their whole interval" in said
    assert "hardly ever" in said and "“who is in”: from “any paid day” to “75 declared days” it rises by 0.21" in said
    said = wording.ways_said(ways(p=0.3, above=True), nodes(share=0.0))
    assert "lie above" in said and "in 30% of draws" in said and "moves" not in said
    assert wording.ways_said(ways(workers=2), nodes(workers=2)).endswith("cannot be shown.")
