"""Figures in one style, drawn from a SafeTable and nothing else.

Every function shows a numbered figure called `fig-<name>` on the page, with a caption, a text alternative made from
the data, and its data as CSV. A table that is absent from the dataset gives a figure that says so.
"""

import io
import re
from itertools import pairwise

from analysis.blocks import Block, show
from analysis.errors import StudyError
from analysis.guard import SafeTable

SIZE = (4.9, 3.6)  # inches; legible at the width of a phone
COLOURS = ("#0b5394", "#c45a00", "#2e7d32", "#7b3fa0", "#a61c3c", "#5b5b5b")
MARKERS = ("o", "s", "^", "D", "v", "P")
SEEN_BREAK = "#888888"
CORNERS = ((0.97, 0.97), (0.97, 0.03), (0.03, 0.97), (0.03, 0.03))
CROWD = 60     # points of a line; more of them need no markers
ROW = 0.36     # inches of a row of dots, its name above them
STRETCHES = 40  # of a specification curve, for the shading of options


def lines(table: SafeTable, *, name, x, y, caption, by=None, breaks=None, x_label="", y_label="", labels=None,
          events=None, band=()):
    """Lines of `y` (one column, or several) over `x`, one per value of `by`.

    `breaks` names a boolean column that is true where a series changes its method: a dotted vertical line.
    `labels` renames series. `events` is a SafeTable with `date` and `name` (and `when`): numbered dashed lines that the
    caption explains, on an axis in years. `band` names the columns (low, high) of an interval around one column `y`.
    """
    show(line_figure(table, name=name, x=x, y=y, caption=caption, by=by, breaks=breaks, x_label=x_label,
                     y_label=y_label, labels=labels, events=events, band=band))


def steps(table: SafeTable, *, name, x, y, caption, by=None, x_label="", y_label="", labels=None):
    """Step curves of `y` over `x`, as for a survival function."""
    show(line_figure(table, name=name, x=x, y=y, caption=caption, by=by, x_label=x_label, y_label=y_label,
                     labels=labels, drawstyle="steps-post", marker=False))


def bars(table: SafeTable, *, name, x, y, caption, by=None, x_label="", y_label="", labels=None):
    """Bars of `y` for each `x`, side by side for each value of `by`; lying, the longest first, where `x` is text."""
    show(bar_figure(table, name=name, x=x, y=y, caption=caption, by=by, x_label=x_label, y_label=y_label,
                    labels=labels))


def maps(table: SafeTable, *, name, x, y, share, by, caption, x_label, y_label, corners, middle=0.5):
    """A map of the unit square for each value of `by`: the `share` of each cell, whose middle is at `x`, `y`.

    `corners` names the four quarters that meet at `middle`: upper right, lower right, upper left, lower left.
    """
    show(map_figure(table, name=name, x=x, y=y, share=share, by=by, caption=caption, x_label=x_label,
                    y_label=y_label, corners=corners, middle=middle))


def specifications(table: SafeTable, *, name, nodes, caption, benchmark, y_label):
    """A specification curve: the estimates in ascending order with their intervals, and below which options they took.

    `table` has `estimate`, `low`, `high`, `registered` and a column of words for each of `nodes` (column → heading);
    a node with one option is not drawn. `benchmark` is a number to compare with.
    """
    show(specification_figure(table, name=name, nodes=nodes, caption=caption, benchmark=benchmark, y_label=y_label))


def dots(table: SafeTable, *, name, label, sides, caption):
    """A row of dots for each `label`, one on each of the `sides`.

    A side is (column, axis, line, low, high, limit): the column to show, what its axis says, the value of a line to
    judge it by, and the columns of its ends and of a mark on each row, each "" where there is none.
    """
    show(dot_figure(table, name=name, label=label, sides=sides, caption=caption))


def line_figure(table, *, name, x, y, caption, by=None, breaks=None, x_label="", y_label="", labels=None,
                events=None, drawstyle="default", marker=True, band=()) -> Block:
    """The block of `lines` and `steps`."""
    series = _series(table, name, x, y, by, labels, band)
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
    for colour, points in zip(COLOURS, series.values(), strict=False):
        if band:
            axes.fill_between(points["x"], points["low"], points["high"], color=colour, alpha=0.16, linewidth=0)
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


def map_figure(table, *, name, x, y, share, by, caption, x_label, y_label, corners, middle) -> Block:
    """The block of `maps`."""
    _check(table, name)
    table.require(x, y, share, by)
    if table.absent or table.frame[share].isna().all():
        return _absent(table, name, caption)
    from matplotlib.ticker import MaxNLocator

    seen = table.frame.dropna(subset=[share]).astype({share: float})
    spans, highest = list(dict.fromkeys(seen[by])), seen[share].max()
    side = min(b - a for column in (x, y) for a, b in pairwise(sorted({*seen[column], *table.frame[column]})))
    rows = (len(spans) + 1) // 2
    figure = _figure((SIZE[0], 0.8 + 2.3 * rows))
    panels = figure.subplots(rows, min(len(spans), 2), squeeze=False).flatten().tolist()
    told = []
    for place, span in zip(panels, spans, strict=False):
        cells = seen[seen[by] == span]
        grid = cells.pivot(index=y, columns=x, values=share)
        mesh = place.pcolormesh(grid.columns, grid.index, grid, cmap="Blues", vmin=0, vmax=highest)
        place.axvline(middle, color=SEEN_BREAK, linewidth=0.9)
        place.axhline(middle, color=SEEN_BREAK, linewidth=0.9)
        place.set(xlim=(0, 1), ylim=(0, 1), title=str(span), aspect="equal", xlabel=x_label, ylabel=y_label)
        place.grid(False)
        place.label_outer()
        quarters = _quarters(cells, x, y, share, middle)
        told.append(f"{span}: " + ", ".join(f"{c} {q:.0%}" for c, q in zip(corners, quarters, strict=True)))
        for corner, quarter, (at, height) in zip(corners, quarters, CORNERS, strict=True):
            words = "\n".join([*corner.rsplit(" ", 1), ""]) if span == spans[0] else ""
            place.text(at, height, f"{words}{quarter:.0%}", ha="left" if at < middle else "right", fontsize=8,
                       va="bottom" if height < middle else "top")
    for empty in panels[len(spans):]:
        empty.set_axis_off()
    bar = figure.colorbar(mesh, ax=panels, location="bottom", shrink=0.6, pad=0.02, format=_percent,
                          ticks=MaxNLocator(5, steps=[1, 2, 5, 10]))
    bar.ax.tick_params(labelsize=8)
    bar.set_label("share in a cell", fontsize=9)
    alt = (f"Maps of {x_label} from left to right and {y_label} from bottom to top, cells of {side:.2g} by {side:.2g}. "
           f"Shares of the quarters, cells that are shown: {'; '.join(told)}. {table.banner}.")
    return _stamped(figure, table, name, caption, alt)


def dot_figure(table, *, name, label, sides, caption) -> Block:
    """The block of `dots`. A row has its name above it, so that long names stay legible on a narrow screen."""
    _check(table, name)
    numbers = [c for column, _, _, *others in sides for c in (column, *others) if c]
    table.require(label, *numbers)
    if table.absent or all(table.frame[side[0]].isna().all() for side in sides):
        return _absent(table, name, caption)
    from matplotlib.transforms import blended_transform_factory

    frame = table.frame.reset_index(drop=True).astype(dict.fromkeys(numbers, float))
    places = -frame.index.to_numpy()
    figure = _figure((SIZE[0], 0.7 + ROW * len(frame)))
    panels = figure.subplots(1, len(sides), sharey=True, squeeze=False)[0]
    for axes, (column, axis, line, low, high, limit) in zip(panels, sides, strict=True):
        axes.axvline(line, color=SEEN_BREAK, linewidth=0.9, zorder=0)
        if low and high:
            axes.hlines(places, frame[low], frame[high], color=COLOURS[0], linewidth=2.2)
        axes.plot(frame[column], places, "o", color=COLOURS[0], markersize=4.5)
        if limit:
            axes.plot(frame[limit], places, "|", color=COLOURS[1], markersize=9, markeredgewidth=1.8)
        axes.set_xlabel(axis, fontsize=9)
        axes.tick_params(labelsize=8, left=False, labelleft=False)
        axes.spines["left"].set_visible(False)
        axes.grid(False)
        axes.set_ylim(places.min() - 0.5, 0.9)
    across = blended_transform_factory(figure.transFigure, panels[-1].transData)
    for place, text in zip(places, frame[label], strict=True):
        named = panels[-1].text(0.03, place + 0.22, text, fontsize=8, va="bottom", transform=across)
        named.set(in_layout=False, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})
    told = [f"{row[label]}: " + ", ".join(
        f"{axis} {_number(row[column])}" + (f" ({_number(row[low])} to {_number(row[high])})" if low else "")
        for column, axis, _, low, high, _ in sides if row[column] == row[column]) for row in frame.to_dict("records")]
    return _stamped(figure, table, name, caption, f"Dots. {'. '.join(told)}. {table.banner}.")


def specification_figure(table, *, name, nodes, caption, benchmark, y_label) -> Block:
    """The block of `specifications`. Options are shaded by how often they stand in each stretch of the curve."""
    _check(table, name)
    table.require("estimate", "low", "high", "registered", *nodes)
    if table.absent or table.frame["estimate"].isna().all():
        return _absent(table, name, caption)
    import numpy as np

    seen = table.frame.dropna(subset=["estimate"]).sort_values("estimate", kind="stable", ignore_index=True)
    seen = seen.astype({"estimate": float, "low": float, "high": float})
    drawn = [node for node in nodes if seen[node].nunique() > 1]
    stretches = min(STRETCHES, len(seen))
    place = np.arange(len(seen)) * stretches // len(seen)
    labels, rows, heads = [], [], []
    for node in drawn:
        heads.append(len(labels))
        labels, rows = [*labels, nodes[node]], [*rows, np.full(stretches, np.nan)]
        for option in seen.groupby(node, sort=False)["estimate"].mean().sort_values(kind="stable").index:
            taken = np.bincount(place, seen[node] == option, stretches) / np.bincount(place, minlength=stretches)
            labels, rows = [*labels, str(option)], [*rows, taken]
    below = max(0.19 * len(labels), 0.2)
    figure = _figure((SIZE[0], 2.7 + below))
    upper, lower = figure.subplots(2, 1, height_ratios=[2.2, below])
    x, ends = np.arange(len(seen)) + 0.5, (0, len(seen))
    upper.fill_between(x, seen["low"], seen["high"], color=COLOURS[0], alpha=0.2, linewidth=0, step="mid")
    upper.plot(x, seen["estimate"], color=COLOURS[0], linewidth=1.8, drawstyle="steps-mid")
    upper.axhline(benchmark, color=COLOURS[1], linewidth=1.2, linestyle="--")
    own = seen[seen["registered"].eq(True)]
    upper.plot(x[own.index], own["estimate"], linestyle="", marker="D", color=COLOURS[4], markersize=6)
    upper.set(xlim=ends, ylabel=y_label, xticks=[])
    if rows:
        lower.pcolormesh(np.linspace(*ends, stretches + 1), np.arange(len(rows) + 1), np.array(rows), cmap="Blues",
                         vmin=0, vmax=1)
    lower.set(ylim=(len(rows), 0), xlim=ends, xlabel=f"{len(seen)} ways to count, lowest first", xticks=[])
    lower.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=8)
    lower.tick_params(axis="y", length=0)
    lower.grid(False)
    for n in heads:
        lower.get_yticklabels()[n].set_fontweight("bold")
    for artist in figure.findobj():     # a clip is named by its bounds, which the layout of two panels gives to 1e-13
        artist.set_clip_on(False)
    alt = (f"Specification curve of {y_label}: {len(seen)} estimates from {_number(seen['estimate'].iloc[0])} to "
           f"{_number(seen['estimate'].iloc[-1])}, the middle one {_number(seen['estimate'].median())}; "
           f"{(seen['estimate'] > benchmark).mean():.0%} lie above the benchmark of {_number(benchmark)}."
           f"{_registered(own)} {table.banner}.")
    return _stamped(figure, table, name, caption, alt)


def _registered(own) -> str:
    """The registered specification in words, where it can be shown."""
    if not len(own):
        return ""
    row = own.iloc[0]
    return (f" The registered one is {_number(row['estimate'])}, interval {_number(row['low'])} to "
            f"{_number(row['high'])}.")


def _quarters(cells, x, y, share, middle) -> list[float]:
    """The sums of `share` in the upper right, lower right, upper left and lower left quarter."""
    right, up = cells[x] >= middle, cells[y] >= middle
    return [cells.loc[chosen, share].sum() for chosen in (right & up, right & ~up, ~right & up, ~right & ~up)]


def _percent(value, _place) -> str:
    return f"{value:.0%}"


def _series(table, name, x, y, by, labels, band=()):
    """The series to draw, label → frame of x, y (low, high) where y is known; None where there is nothing to draw."""
    _check(table, name)
    columns = [y] if isinstance(y, str) else list(y)
    if band and len(columns) > 1:
        raise StudyError(f"Figure {name!r} has a band and several columns; a band is the interval of one column.")
    table.require(x, *columns, *band, *([by] if by else []))
    if table.absent:
        return None
    labels = labels or {}
    drawn = {}
    groups = [(None, table.frame)] if by is None else list(table.frame.groupby(by, sort=False))
    for group, frame in groups:
        for column in columns:
            parts = [str(labels.get(p, p)) for p in (group, column) if p is not None]
            label = parts[0] if by and len(columns) == 1 else parts[-1] if by is None else " · ".join(parts)
            points = frame[[x, column, *band]].set_axis(["x", "y", "low", "high"][: 2 + len(band)], axis=1)
            points = points.dropna(subset=["x", "y"])
            if len(points):
                drawn[label] = points.astype(dict.fromkeys(points.columns.drop("x"), float))
    return drawn or None


def _check(table, name) -> None:
    if not isinstance(table, SafeTable):
        raise StudyError(f"Figure {name!r} was given a {type(table).__name__}; figures are drawn from a SafeTable.")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise StudyError(f"Figure name {name!r} must be lower-case-with-hyphens.")


def _canvas():
    """A fresh figure of one panel, and its axes."""
    figure = _figure(SIZE)
    return figure, figure.add_subplot()


def _figure(size):
    """A fresh figure in the book's style, made without pyplot, so that no state outlives it."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    sns.set_theme(context="notebook", style="ticks", font="DejaVu Sans",
                  rc={"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y",
                      "grid.color": "#e3e3e3", "font.size": 11})
    mpl.rcParams.update({"svg.hashsalt": "smartbook", "svg.fonttype": "path"})
    return Figure(figsize=size, layout="constrained")


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
    values = [v for f in series.values() for column in f.columns.intersection(["y", "low", "high"])
              for v in f[column].dropna()]
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
        in_columns = {"loc": "outside upper left", "frameon": False, "fontsize": 10}
        legend = figure.legend(handles, list(series), ncols=2, **in_columns)
        size = legend.get_window_extent()
        if size.width > figure.bbox.width:          # in one column, on a figure that is higher by as much
            legend.remove()
            higher = figure.legend(handles, list(series), ncols=1, **in_columns).get_window_extent().height
            figure.set_figheight(figure.get_figheight() + (higher - size.height) / figure.dpi)
    return _stamped(figure, table, name, caption, _alternative(kind, series, y_label or x_label, table))


def _stamped(figure, table, name, caption, alt) -> Block:
    """The block of a figure that says on itself what kind of data it shows."""
    if table.origin != "public":
        figure.text(0.995, 0.005, table.banner, ha="right", va="bottom", fontsize=7.5, color="#a61c3c")
        figure.get_layout_engine().set(rect=(0, 0.035, 1, 0.965))
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
    return Block("figure", name, caption=f"{caption} *{why}*", alt=why, csv=f"# {table.banner}\n# {why}\n",
                 svg=_svg(figure))


def _alternative(kind, series, measured, table) -> str:
    """What the figure shows, in words: each series' first, last, lowest and highest value."""
    told = []
    for label, frame in series.items():
        first, last = frame.iloc[0], frame.iloc[-1]
        low, high = frame.loc[frame["y"].idxmin()], frame.loc[frame["y"].idxmax()]
        told.append(f"{label}: {_number(first.y)} at {_number(first.x)}, {_number(last.y)} at {_number(last.x)}; "
                    f"lowest {_number(low.y)} at {_number(low.x)}, highest {_number(high.y)} at {_number(high.x)}"
                    f"{_bounds(frame)}")
    return f"{kind} of {measured or 'values'}. {'. '.join(told)}. {table.banner}."


def _bounds(frame) -> str:
    """The interval at the first and at the last place where there is one; empty where a series has none."""
    known = frame.dropna(subset=["low", "high"]) if "low" in frame else frame.head(0)
    ends = known.iloc[[0, -1][: len(known)]]
    told = " and ".join(f"{_number(e.low)} to {_number(e.high)} at {_number(e.x)}" for e in ends.itertuples())
    return f"; interval {told}" if told else ""


def _number(value) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    # Rounded as in a table, never with an exponent, which a screen reader spells out.
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"


def _listing(values) -> str:
    words = [_number(v) for v in values]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
