"""Tables on the page, written from a SafeTable and nothing else."""

import pandas
from pandas.api.types import is_numeric_dtype

from analysis import blocks
from analysis.blocks import Block
from analysis.errors import StudyError
from analysis.figures import provenance
from analysis.guard import SafeTable
from analysis.guard.safe import WITHHELD


def show(table: SafeTable, *, name, caption, columns=None, formats=None) -> None:
    """A numbered table called `tab-<name>`; see `table_block`."""
    blocks.show(table_block(table, name=name, caption=caption, columns=columns, formats=formats))


def table_block(table, *, name, caption, columns=None, formats=None) -> Block:
    """The columns of `columns` (name → heading; all where it is not given), each in its format of `formats`.

    A format is a string such as "{:.0%}", or a function such as `cited`.

    A withheld number shows as an ellipsis. A table that is absent from the dataset is one cell that says so.
    """
    if not isinstance(table, SafeTable):
        raise StudyError(f"Table {name!r} was given a {type(table).__name__}; tables are made from a SafeTable.")
    if table.absent:
        return Block("table", name, caption=caption + provenance(table), csv=table.csv(),
                     body=f"| Not in this dataset |\n|---|\n| {table.absent} |", html=f"<p>{table.absent}</p>")
    columns = columns or {c: c.replace("_", " ") for c in table.columns}
    table.require(*columns)
    formats = formats or {}
    frame = table.frame
    text = {c: [_cell(v, formats.get(c)) for v in frame[c]] for c in columns}
    aligned = ["---:" if _numeric(frame[c]) else "---" for c in columns]
    rows = [list(columns.values()), aligned, *map(list, zip(*text.values(), strict=True))]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return Block("table", name, caption=caption + provenance(table), body=body, csv=table.csv(),
                 html=table._repr_html_())


def _numeric(column) -> bool:
    known = column.dropna()
    return is_numeric_dtype(column) or (len(known) > 0 and all(isinstance(v, (int, float)) for v in known))


def _cell(value, form) -> str:
    if pandas.isna(value):
        return WITHHELD
    if form:
        return form(value) if callable(form) else form.format(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value).replace("|", "\\|")


def cited(source: str) -> str:
    """The source of a public parameter as a citation; words, where no document was read, as they are."""
    return source if source == "assumption" or " " in source else f"{{cite:p}}`{source}`"


def words(name: str) -> str:
    """A name of the data in words: `student_quota` is shown as student quota."""
    return name.replace("_", " ")
