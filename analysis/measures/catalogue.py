"""Every measure, by the name of its module and its own: for what must hold of all of them."""

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

from analysis.measures.answer import Answer


def everything() -> dict:
    """The measures of this package and of those inside it, `module.measure` → function."""
    found = pkgutil.walk_packages([str(Path(__file__).parent)], "analysis.measures.")
    return of(*(import_module(m.name) for m in found))


def of(*modules) -> dict:
    """The measures that are defined in `modules`: public functions that say that they return an Answer."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": measure
        for module in modules
        for name, measure in inspect.getmembers(module, inspect.isfunction)
        if measure.__module__ == module.__name__ and not name.startswith("_")
        and inspect.signature(measure).return_annotation is Answer
    }


def by_trade(measure) -> dict:
    """The options with which a measure that can be broken down is, by trade."""
    return {"by": "profession"} if "by" in inspect.signature(measure).parameters else {}
