"""`Study`: a dataset opened by name under a scope; the one object a chapter holds."""

from dataclasses import dataclass
from functools import cached_property

from analysis import datasets
from analysis.errors import MissingData
from analysis.guard import K_WORKERS, SafeTable, protect
from analysis.scope import FIRST_YEAR, LAST_YEAR, Scope


@dataclass(frozen=True)
class Study:
    """What a chapter asks its questions to.

    `table` runs a measure on the panels of the dataset and gives a SafeTable; `reference` and `public` do the same for
    published statistics; `fact` and `sentence` hand numbers and conclusions to the prose.
    """

    dataset: datasets.Dataset
    scope: Scope

    @cached_property
    def panels(self):
        from analysis.panels import Panels

        return Panels(self.dataset, self.scope)

    @property
    def origin(self) -> str:
        return "synthetic" if self.dataset.synthetic else "confidential"

    def table(self, measure, couriers: bool = True, **options) -> SafeTable:
        """The result of `measure(panels, **options)` after the disclosure rules, couriers left out if asked.

        Where the dataset lacks what the measure needs, the SafeTable is empty and says so.
        """
        try:
            answer = measure(self.panels if couriers else self.panels.without_couriers(), **options)
            frame = answer.frame()
        except MissingData as missing:
            return SafeTable(None, (), self.origin, absent=str(missing))
        return protect(frame, answer.keys, answer.count, self.origin, self.dataset.guarded, names=datasets.OPEN_NAMES)

    def reference(self, name: str) -> SafeTable:
        """A table of public facts that ships with the book (see `analysis/law`)."""
        from analysis import law

        return self.public(law.table(name))

    def public(self, frame, source: str = "") -> SafeTable:
        """A table that rests on public parameters alone."""
        return SafeTable(frame, (), "public", source=source)

    def planted(self, section: str) -> SafeTable:
        """What was planted in a synthetic world (see `analysis.planted`); empty, and says so, for any other dataset."""
        from analysis.planted import planted

        try:
            return SafeTable(planted(self.dataset.folder or self.dataset.location, section), (), self.origin)
        except MissingData as missing:
            return SafeTable(None, (), self.origin, absent=str(missing))

    def rule(self) -> SafeTable:
        """The disclosure rule in force, as a table of one row: `k`, the smallest number of workers shown."""
        import pandas as pd

        return self.public(pd.DataFrame({"k": [K_WORKERS if self.dataset.guarded else 0]}))

    def fact(self, name: str, table: SafeTable, column: str, form: str = "{}", **row):
        """Give `{fact}` the number of `column` in the one row that `row` picks, in the format `form`."""
        from analysis.blocks import fact

        value = table.at(column, **row)
        return fact(name, value.reason if value.number is None else form.format(value.number))

    def sentence(self, name: str, rule, *tables: SafeTable):
        """Give `{fact}` the sentence that `rule(*tables)` chooses by the data."""
        from analysis.blocks import fact

        absent = next((t.absent for t in tables if t.absent), "")
        return fact(name, absent or rule(*tables))


def open_study(dataset: str = "synthetic", region: str = "brussels", first_year: int = FIRST_YEAR,
               last_year: int = LAST_YEAR) -> Study:
    """Open a dataset by name for a region and a span of years.

    Errors: an unknown dataset or region names the nearest known one; years in the wrong order are refused.
    """
    return Study(datasets.find(dataset), Scope(region, first_year, last_year))
