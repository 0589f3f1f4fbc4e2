"""Figures in one style, drawn from a SafeTable and nothing else.

Every function shows a numbered figure called `fig-<name>` on the page, with a caption, a text alternative made from
the data, and its data as CSV. A table that is absent from the dataset gives a figure that says so.
"""

import io
import re

from analysis.blocks import Block, show
from analysis.errors import StudyError
from analysis.guard import SafeTable

SIZE = (4.9, 3.6)  # inches; legible at the width of a phone
COLOURS = ("#0b5394", "#c45a00", "#2e7d32", "#7b3fa0", "#a61c3c", "#5b5b5b")
MARKERS = ("o", "s", "^", "D", "v", "P")
SEEN_BREAK = "#888888"
CROWD = 60     # points of a line; more of them need no markers


def lines(table: SafeTable, *, name, x, y, caption, by=None, breaks=None, x_label="", y_label="", labels=None,
          events=None):
    """Lines of `y` (one column, or several) over `x`, one per value of `by`.

    `breaks` names a boolean column that is true where a series changes its method: a dotted vertical line.
    `labels` renames series. `events` is a SafeTable with `date` and `name` (and `when`): numbered dashed lines that the
    caption explains, on an axis in years.
    """
    show(line_figure(table, name=name, x=x, y=y, caption=caption, by=by, breaks=breaks, x_label=x_label,
                     y_label=y_label, labels=labels, events=events))


def steps(table: SafeTable, *, name, x, y, caption, by=None, x_label="", y_label="", labels=None):
    """Step curves of `y` over `x`, as for a survival function."""
    show(line_figure(table, name=name, x=x, y=y, caption=caption, by=by, x_label=x_label, y_label=y_label,
                     labels=labels, drawstyle="steps-post", marker=False))


def bars(table: SafeTable, *, name, x, y, caption, by=None, x_label="", y_label="", labels=None):
    """Bars of `y` for each `x`, side by side for each value of `by`; lying, the longest first, where `x` is text."""
    show(bar_figure(table, name=name, x=x, y=y, caption=caption, by=by, x_label=x_label, y_label=y_label,
                    labels=labels))


def line_figure(table, *, name, x, y, caption, by=None, breaks=None, x_label="", y_label="", labels=None,
                events=None, drawstyle="default", marker=True) -> Block:
    """The block of `lines` and `steps`."""
    series = _series(table, name, x, y, by, labels)
    if series is None:
        return _absent(table, name, caption)
    import pandas as pd
    import seaborn as sns

    figure, axes = _canvas()
    frame = pd.concat([f.assign(series=label) for label, f in series.items()])
    sns.lineplot(data=frame, x="x", y="y", hue="series", style="series", ax=axes, palette=list(COLOURS[: len(series)]),
                 markers=list(MARKERS[: len(series)]) if marker and len(frame) <= CROWD * len(series) else False,
                 dashes=False, markersize=4.5, linewidth=1.8, drawstyle=drawstyle, estimator=None, errorbar=None,
                 legend=False)
    broken = sorted(set(table.frame.loc[table.frame[breaks].eq(True), x])) if breaks else []
    for place in broken:
        axes.axvline(place, color=SEEN_BREAK, linestyle=":", linewidth=1.1, zorder=0)
    axes.margins(x=0.02)
    _scale(axes, series)
    note = f" Dotted lines: the series breaks in {_listing(broken)}." if broken else ""
    note += _mark(axes, events) if events is not None else ""
    return _finish(figure, axes, table, series, name, caption + note, x_label, y_label, "Line chart")


def bar_figure(table, *, name, x, y, caption, by=None, x_label="", y_label="", labels=None) -> Block:
    """The block of `bars`."""
    series = _series(table, name, x, y, by, labels)
    if series is None:
        return _absent(table, name, caption)
    import pandas as pd
    import seaborn as sns
    from pandas.api.types import is_string_dtype

    lying = is_string_dtype(table.frame[x])
    series = {label: f.sort_values("y", ascending=False) if lying else f for label, f in series.items()}
    frame = pd.concat([f.assign(series=label) for label, f in series.items()])
    frame["x"] = frame["x"].astype(str).str.replace("_", " ")
    figure, axes = _canvas()
    across, up = ("y", "x") if lying else ("x", "y")
    sns.barplot(data=frame, x=across, y=up, hue="series", ax=axes, palette=list(COLOURS[: len(series)]), errorbar=None,
                legend=False, saturation=1)
    if lying:
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        x_label, y_label = y_label, x_label
    return _finish(figure, axes, table, series, name, caption, x_label, y_label, "Bar chart")


def _series(table, name, x, y, by, labels):
    """The series to draw, label → frame of x and y without gaps; None where there is nothing to draw."""
    if not isinstance(table, SafeTable):
        raise StudyError(f"Figure {name!r} was given a {type(table).__name__}; figures are drawn from a SafeTable.")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise StudyError(f"Figure name {name!r} must be lower-case-with-hyphens.")
    columns = [y] if isinstance(y, str) else list(y)
    table.require(x, *columns, *([by] if by else []))
    if table.absent:
        return None
    labels = labels or {}
    drawn = {}
    groups = [(None, table.frame)] if by is None else list(table.frame.groupby(by, sort=False))
    for group, frame in groups:
        for column in columns:
            parts = [str(labels.get(p, p)) for p in (group, column) if p is not None]
            label = parts[0] if by and len(columns) == 1 else parts[-1] if by is None else " · ".join(parts)
            points = frame[[x, column]].set_axis(["x", "y"], axis=1).dropna()
            if len(points):
                drawn[label] = points.astype({"y": float})
    return drawn or None


def _canvas():
    """A fresh figure in the book's style, made without pyplot, so that no state outlives it."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    sns.set_theme(context="notebook", style="ticks", font="DejaVu Sans",
                  rc={"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
                      "grid.color": "#e3e3e3", "font.size": 11})
    mpl.rcParams.update({"svg.hashsalt": "smartbook", "svg.fonttype": "path"})
    figure = Figure(figsize=SIZE, layout="constrained")
    return figure, figure.add_subplot()


def _mark(axes, events: SafeTable) -> str:
    """Draw dated events as numbered lines; returns the sentence that names them."""
    import pandas as pd

    events.require("date", "when", "name")
    told = []
    for n, row in enumerate(events.frame.sort_values("date").itertuples(), 1):
        day = pd.Timestamp(row.date)
        place = day.year + (day.day_of_year - 1) / 365.25
        axes.axvline(place, color=SEEN_BREAK, linestyle="--", linewidth=0.8, zorder=0)
        axes.text(place, 1.0 if n % 2 else 1.045, str(n), transform=axes.get_xaxis_transform(), ha="center",
                  va="bottom", fontsize=7.5, color="#444444")
        told.append(f"{n} {row.name} ({row.when})")
    return f" Dashed lines: {'; '.join(told)}."


def _scale(axes, series):
    """Start at zero unless the data lie far from it; whole years on a year axis."""
    values = [v for f in series.values() for v in f["y"]]
    low, high = min(values), max(values)
    if 0 <= low < 0.6 * high:
        axes.set_ylim(bottom=0)
    kinds = {f["x"].dtype.kind for f in series.values()}
    if kinds == {"i"} or (kinds == {"f"} and all(f["x"].between(1900, 2100).all() for f in series.values())):
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))


def _finish(figure, axes, table, series, name, caption, x_label, y_label, kind) -> Block:
    from matplotlib.lines import Line2D

    axes.set(xlabel=x_label, ylabel=y_label)
    if len(series) > 1:
        handles = [Line2D([], [], color=COLOURS[n % len(COLOURS)], linewidth=3) for n in range(len(series))]
        figure.legend(handles, list(series), loc="outside upper left", ncols=2, frameon=False, fontsize=10)
    if table.origin != "public":
        figure.text(0.995, 0.005, table.banner, ha="right", va="bottom", fontsize=7.5, color="#a61c3c")
        figure.get_layout_engine().set(rect=(0, 0.035, 1, 0.965))
    alt = _alternative(kind, series, y_label or x_label, table)
    svg = _svg(figure, Title=table.banner)
    return Block("figure", name, caption=caption + provenance(table), alt=alt, csv=table.csv(), svg=svg)


def _svg(figure, **about) -> str:
    """The figure as SVG, without the date and the program that would differ between two builds."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, **about})
    return buffer.getvalue()


def provenance(table: SafeTable) -> str:
    """The sentences that end a caption: how much the rules hide, and what kind of data this is."""
    hidden = ""
    if table.suppressed:
        rows = "1 row is" if table.suppressed == 1 else f"{table.suppressed} rows are"
        hidden = f" {rows} not shown: fewer than {table.k} workers."
    source = f" Source: {table.source}." if table.source else ""
    return f"{hidden}{source} **{table.banner}.**"


def _absent(table: SafeTable, name: str, caption: str) -> Block:
    """A figure that says why there is none, so that its number and the references to it stay."""
    from textwrap import fill

    why = table.absent or "Every value of this figure is withheld or undefined in this dataset."
    figure, axes = _canvas()
    axes.set_axis_off()
    axes.text(0.5, 0.5, fill(why, 52), ha="center", va="center", fontsize=12)
    return Block("figure", name, caption=f"{caption} *{why}*", alt=why, csv=f"# {why}\n", svg=_svg(figure))


def _alternative(kind, series, measured, table) -> str:
    """What the figure shows, in words: each series' first, last, lowest and highest value."""
    told = []
    for label, frame in series.items():
        first, last = frame.iloc[0], frame.iloc[-1]
        low, high = frame.loc[frame["y"].idxmin()], frame.loc[frame["y"].idxmax()]
        told.append(f"{label}: {_number(first.y)} at {_number(first.x)}, {_number(last.y)} at {_number(last.x)}; "
                    f"lowest {_number(low.y)} at {_number(low.x)}, highest {_number(high.y)} at {_number(high.x)}")
    return f"{kind} of {measured or 'values'}. {'. '.join(told)}. {table.banner}."


def _number(value) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    # Rounded as in a table, never with an exponent, which a screen reader spells out.
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"


def _listing(values) -> str:
    words = [_number(v) for v in values]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
