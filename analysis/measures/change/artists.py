"""Artists and the others who were there before a date, and their pay per day."""

import numpy as np
from ibis import _

from analysis.measures.change.calendar import Calendar, contract_calendar, in_order
from analysis.panels import Panels


def artists(panels: Panels, ids, until: int) -> np.ndarray:
    """1 for workers most of whose contracts before the month `until` are coded artistic, 0 for others, −1 without any.

    The contracts say it, since of some trades the list of professions cannot say whether they are artistic.
    """
    panels.dataset.need("contracts.artistic")
    c = panels.started.filter(_.month < until).mutate(art=_.artistic.fill_null(False).cast("float64"))
    w = c.group_by("worker_id").agg(share=_.art.mean()).execute()
    w["artist"] = (w["share"] > 0.5).astype(int)
    return in_order(ids, w, "artist", -1).astype(int)


def there_before(panels: Panels, when: int) -> tuple[Calendar, np.ndarray]:
    """The calendar of the workers who were there before the month `when`, and which of them are artists."""
    calendar = contract_calendar(panels)
    kind = artists(panels, calendar.ids, when)
    known = kind >= 0
    kept = Calendar(calendar.ids[known], calendar.first, calendar.contracts[known], calendar.seen[known])
    return kept, kind[known] > 0


def pay_per_day(panels: Panels, calendar: Calendar, artist) -> np.ndarray:
    """Mean log of gross pay per declared day, by worker and month: of artists, in their artistic contracts."""
    c = panels.started.filter(_.gross_cents > 0)
    c = c.mutate(art=_.artistic.fill_null(False), rate=(_.gross_cents / _.days).ln())
    f = c.group_by("worker_id", "month", "art").agg(rate=_.rate.mean(), n=_.count()).execute()
    f = f[f["worker_id"].isin(calendar.ids)]
    row = np.searchsorted(calendar.ids, f["worker_id"].to_numpy())
    kept = (f["art"].to_numpy(dtype=bool) | ~artist[row])
    total, number = np.zeros(calendar.contracts.shape), np.zeros(calendar.contracts.shape)
    place = (row[kept], f["month"].to_numpy()[kept] - calendar.first)
    np.add.at(total, place, (f["rate"] * f["n"]).to_numpy()[kept])
    np.add.at(number, place, f["n"].to_numpy()[kept])
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def row_means(values) -> np.ndarray:
    """Means of rows over what is known; nan where nothing is."""
    known = np.isfinite(values)
    return np.divide(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1), out=np.full(len(values), np.nan),
                     where=known.any(axis=1))
