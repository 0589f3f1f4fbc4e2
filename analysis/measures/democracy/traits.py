"""What is known of the members who could act, on the day they could."""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.democracy.acts import choice_days, choices
from analysis.measures.democracy.days import YEAR, months_around
from analysis.panels import Panels, days_between

TRAITS = {  # members with one more of it, in words, and where it is recorded
    "tenure": ("who have been members a year longer", "workers.joined_on"),
    "age": ("who are ten years older", "workers.birth_year"), "woman": ("who are women", "workers.gender"),
    "artistic": ("who have an artistic trade", "workers.profession"),
    "pay": ("who are paid twice as much", "contracts"),
    "unevenness": ("whose pay is less even, by one point of variation", "contracts"),
    "covered": ("whose work through Smart opens unemployment benefit", "contracts"),
    "dependent": ("whose pay comes for the most part from one client", "contracts"),
    "account": ("who may draw on an Activity", "activities")}
PERSONAL = ("tenure", "age", "woman", "artistic", "pay")


def _dependence(panels: Panels, days):
    """worker_id, day, largest: cents from the client that paid most in the twelve months before."""
    p = panels.pair_month.join(months_around(days, -12, -1), "month")
    p = p.group_by("worker_id", "client_id", "day").agg(cents=_.gross_cents.sum())
    return p.group_by("worker_id", "day").agg(largest=_.cents.max())


def _coverage(panels: Panels, days):
    """worker_id, day, covered: whether work through Smart opened unemployment benefit at the end of the month before.

    By the lower bound of S-31.
    """
    c = panels.coverage_month.join(months_around(days, -1, -1), "month")
    return c.select("worker_id", "day", "covered")


def _accounts(panels: Panels, days):
    """worker_id, day, account (1): members who may draw on an Activity that is open on the day."""
    a = panels.dataset.table("activities")
    users = a.select("activity_id", worker_id="owner_id")
    if panels.dataset.has("activity_members"):
        users = ibis.union(users, panels.dataset.table("activity_members").select("activity_id", "worker_id"))
    a = a.select("activity_id", "opened_on", "closed_on").join(users, "activity_id").cross_join(days.select("day"))
    a = a.filter((a.opened_on <= a.day) & (a.closed_on.isnull() | (a.closed_on >= a.day)))
    return a.select("worker_id", "day").distinct().mutate(account=ibis.literal(1.0))


def with_traits(panels: Panels, act: str, traits) -> pd.DataFrame:
    """worker_id, day, acted and those of the `traits` that are recorded, of members of whom all of them are known.

    tenure: years since joining. age: tens of years. woman: as recorded. artistic: trade of the code list. pay: log₂ of
    real pay in the twelve months before. unevenness: their coefficient of variation. dependent: one client paid the
    dominant share of it (rates.csv). covered: S-31, lower bound. account: may draw on an open Activity.
    For a fit, in memory only.
    """
    days, trades = choice_days(panels, act), law.table("professions")
    known = [t for t in traits if panels.dataset.has(TRAITS[t][1])]
    c = choices(panels, act).join(panels.workers, "worker_id")
    for trait, rows in (("covered", _coverage), ("dependent", _dependence), ("account", _accounts)):
        if trait in known:
            c = c.left_join(rows(panels, days), ["worker_id", "day"]).drop("worker_id_right", "day_right")
    variance = ibis.greatest(_.squares - _.cents.cast("float64") * _.cents / 12, 0.0) / 11
    arts = trades.loc[trades["artistic"].fillna(False), "code"].tolist()
    values = {
        "tenure": days_between(c.joined_on, c.day) / YEAR, "age": (_.day.year() - _.birth_year) / 10,
        "woman": _.gender == "woman", "artistic": _.profession.isin(arts), "pay": ibis.greatest(_.pay, 1.0).log2(),
        "unevenness": variance.sqrt() / (_.cents / 12).nullif(0), "covered": _.covered.fill_null(False),
        "dependent": _.largest.fill_null(0) >= law.rate("dominant_share") * _.cents,
        "account": _.account.fill_null(0.0)}
    c = c.select("worker_id", "day", "acted", **{t: values[t].cast("float64") for t in known})
    return c.drop_null().order_by("day", "worker_id").execute()
