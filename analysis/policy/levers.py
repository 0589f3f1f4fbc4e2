"""The eight levers by name, for whoever asks for one, and what is registered of each."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from analysis.errors import unknown
from analysis.policy import (
    client_cap,
    contract_length,
    democracy,
    fees,
    guarantee_fund,
    open_ended,
    rules,
    smoothing,
)
from analysis.policy.parameters import given, in_words, parameters, section


@dataclass(frozen=True)
class Lever:
    """A rule that could change: the class of its parameters, and its effects by group."""

    rule: type
    effects: Callable


MODULES = (contract_length, guarantee_fund, fees, client_cap, open_ended, smoothing, rules, democracy)
LEVERS = {lever.rule.LEVER.replace("_", "-"): lever for lever in (
    Lever(contract_length.ContractLength, contract_length.effects),
    Lever(guarantee_fund.GuaranteeFund, guarantee_fund.effects), Lever(fees.Fees, fees.effects),
    Lever(client_cap.ClientCap, client_cap.effects), Lever(open_ended.OpenEnded, open_ended.effects),
    Lever(smoothing.Smoothing, smoothing.effects), Lever(rules.Rules, rules.effects),
    Lever(democracy.Democracy, democracy.effects))}


def lever(name: str) -> Lever:
    """The lever called `name`; StudyError with the nearest name."""
    if name not in LEVERS:
        raise unknown("lever", name, LEVERS)
    return LEVERS[name]


def scenario(name: str, settings: dict[str, str]):
    """The rule of a lever with its registered parameters but for the `settings` of whoever asks."""
    return given(lever(name).rule, **settings)


def about():
    """The eight levers as a frame: id, name, lever, serves, bears, breaks, chapter."""
    import pandas as pd

    told = ("id", "lever", "serves", "bears", "breaks", "chapter")
    return pd.DataFrame([{"name": name, **{k: section(x.rule.LEVER)[k] for k in told}} for name, x in LEVERS.items()])


def settings():
    """Every parameter of every lever as a frame: lever, parameter, value, allowed, what, why."""
    import pandas as pd

    return pd.DataFrame([
        {"lever": name, "parameter": p.name, "value": in_words(p.value), "unit": p.unit, "allowed": p.allowed,
         "what": p.what, "why": p.why} for name, x in LEVERS.items() for p in parameters(x.rule).values()])


def listed() -> str:
    """The levers and their parameters as text, for a terminal."""
    lines = []
    for name, x in LEVERS.items():
        told = section(x.rule.LEVER)
        lines.append(f"{name}  {told['id']}. {told['lever']}; serves {told['serves']}")
        lines += [f"    {p.name}={p.value}  {p.what} ({p.allowed})" for p in parameters(x.rule).values()]
    return "\n".join(lines)


def told(rule, table) -> str:
    """The effects of a `rule` as text, for a terminal: what it supposes, and the rows of a SafeTable."""
    said = ", ".join(f"{f.name}={getattr(rule, f.name)}" for f in fields(rule))
    lines = [f"{section(rule.LEVER)['lever']}: {said}", table.banner]
    if table.absent:
        return "\n".join([*lines, table.absent])
    rows = table.frame[table.columns].to_string(index=False, na_rep="…", float_format="{:.4g}".format)
    hidden = [f"{table.suppressed} rows are not shown: fewer than {table.k} people."] if table.suppressed else []
    return "\n".join([*lines, rows, *hidden, "A simulation, not a forecast."])
