"""Members and clients: who they are, when they are with Smart, and the traits that no table shows."""

from dataclasses import dataclass

import numpy as np

from data_synthetic.draw import NEVER, dates, day, label, nullable, pick, spread, within, year_of
from data_synthetic.world import World


@dataclass(frozen=True)
class Period:
    """The years of the simulation, as day numbers; `extract` is the last day that the tables know of."""

    first_year: int
    last_year: int
    extract_lag: int

    @property
    def start(self) -> int:
        return day(f"{self.first_year}-01-01")

    @property
    def end(self) -> int:
        return day(f"{self.last_year}-12-31")

    @property
    def extract(self) -> int:
        return self.end + self.extract_lag


@dataclass(frozen=True)
class Members:
    """The table `workers` and, in the same order, what drives each member."""

    table: dict
    joined: np.ndarray  # first day
    left: np.ndarray  # last day of the career
    trade: np.ndarray  # index in World.trades
    platform: np.ndarray  # index in World.platforms, −1 for all but couriers
    student: np.ndarray
    office: np.ndarray
    monthly: np.ndarray  # contracts per month
    premium: np.ndarray  # pay above the day floor, relative to it


def members(world: World, rng, period: Period, n: int) -> Members:
    """`n` members who join in the period, or shortly before it."""
    joined, left, platform = _careers(world, rng, period, n)
    courier = platform >= 0
    age = world.age_min + np.round(world.age_scale * spread(rng, world.age_sigma, n)).astype(np.int64)
    age = np.where(courier, within(rng, world.courier_ages, n), np.minimum(age, world.age_max))
    student = np.where(courier, rng.random(n) < world.courier_students,
                       (age < world.student_age) & (rng.random(n) < world.student_share))
    trade = _trades(world, rng, joined, courier)
    homes = pick(rng, [weight for _, weight, _ in world.homes], n)
    usual = world.contracts_per_month * spread(rng, world.between_sigma, n)
    monthly = np.where(courier, world.courier_per_month, np.minimum(usual, world.contracts_per_month_max))
    pay = np.array([t.pay for t in world.trades])[trade]
    gender = np.where(courier, np.where(rng.random(n) < world.courier_men, "man", "woman"),
                      label(rng, world.gender, n))
    table = {
        "worker_id": np.arange(1, n + 1),
        "joined_on": dates(joined),
        "birth_year": nullable((year_of(joined) - age).astype(np.int16), rng.random(n) < world.birth_missing),
        "gender": gender,
        "home_nis": np.array([nis for nis, _, _ in world.homes], dtype=object)[homes],
        "education": label(rng, world.education, n),
        "profession": np.array([t.name for t in world.trades], dtype=object)[trade],
        "status_before": np.where(student, "student", label(rng, world.status_before, n)),
    }
    return Members(
        table, joined, left, trade, platform, student,
        office=np.array([office for _, _, office in world.homes], dtype=object)[homes],
        monthly=monthly,
        premium=world.premium * pay * spread(rng, world.premium_between, n),
    )


def _careers(world: World, rng, period: Period, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First day, last day and platform (−1: not a courier) of each member."""
    years = np.arange(period.first_year - world.stock_years, period.last_year + 1)
    early = np.minimum(years, world.growth_until) - years[0]
    late = np.maximum(years - world.growth_until, 0)
    weights = np.rint(1_000 * world.growth**early * world.growth_late**late).astype(np.int64)
    first_days = np.array([day(f"{y}-01-01") for y in years])
    joined = first_days[pick(rng, weights, n)] + rng.integers(0, 365, n)
    brief = rng.random(n) < world.brief_share
    mean = np.where(brief, world.brief_days, world.career_days)
    length = np.round(mean * rng.standard_exponential(n)).astype(np.int64)
    platform = np.full(n, -1)
    opens, closes = (day(text) for text in world.courier_joins)
    opens, closes = max(opens, period.start), min(closes, period.end)
    if opens <= closes:
        courier = rng.random(n) < world.courier_share
        arrived = within(rng, (opens, closes), n)
        fits = np.array([[day(p.since), day(p.until) - 1] for p in world.platforms])
        choice = rng.integers(0, len(world.platforms), n)
        for k, (since, until) in enumerate(fits):
            closed = (choice == k) & ((arrived < since) | (arrived > until))
            choice = np.where(closed, len(fits) - 1 - k, choice)
        tenure = np.round(world.courier_tenure * rng.standard_exponential(n)).astype(np.int64)
        joined, length = np.where(courier, arrived, joined), np.where(courier, tenure, length)
        platform = np.where(courier, choice, platform)
    ends = np.array([day(p.until) for p in world.platforms] + [NEVER])[platform]
    return joined, np.minimum(joined + length, ends), platform


def _trades(world: World, rng, joined: np.ndarray, courier: np.ndarray) -> np.ndarray:
    """Index of the main trade: the mix of early joiners shifts linearly to that of late ones."""
    n, (y0, y1) = len(joined), world.trade_years
    late = rng.integers(0, y1 - y0, n) < year_of(joined) - y0
    named = [t.name for t in world.trades].index("courier")
    then, now = (pick(rng, [getattr(t, mix) for t in world.trades], n) for mix in ("early", "late"))
    return np.where(courier, named, np.where(late, now, then))


@dataclass(frozen=True)
class Clients:
    """The table `clients`; the last rows are the courier platforms. `popularity` are integer weights."""

    table: dict
    popularity: np.ndarray
    platform_ids: np.ndarray


def clients(world: World, rng, workers: int) -> Clients:
    """Ordinary clients with a heavy tail of popularity, then one client per courier platform."""
    n, p = max(30, round(workers * world.clients_per_worker)), len(world.platforms)
    rank = rng.permutation(n) + world.popularity_offset
    firm = {"legal_form": "company", "sector": "H", "size": "50-249", "home_nis": "21004"}
    drawn = {"legal_form": label(rng, world.legal_form, n), "sector": label(rng, world.sector, n),
             "size": label(rng, world.size, n), "home_nis": label(rng, [h[:2] for h in world.homes], n)}
    household = drawn["legal_form"] == "household"
    drawn["sector"] = np.where(household, "T", drawn["sector"])
    drawn["size"] = np.where(household, None, drawn["size"])
    drawn["home_nis"] = np.where(drawn["legal_form"] == "foreign", None, drawn["home_nis"])
    table = {"client_id": np.arange(1, n + p + 1)}
    table |= {name: np.append(values, [firm[name]] * p).astype(object) for name, values in drawn.items()}
    return Clients(table, np.rint(1e9 / rank**world.popularity_tail).astype(np.int64), table["client_id"][n:])
