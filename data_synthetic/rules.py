"""From the parameters of a world to the integer tables that the simulator reads.

Floats occur here and nowhere later. Quantile tables have 4,096 entries, probabilities count in 1/65,536 (hazards in
1/2^20), logarithms have base 2 and count in 1/4,096, money is cents, time is day numbers (0 = 1970-01-01) or months
since January 1995.
"""

from dataclasses import dataclass
from math import exp, log, log2
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np

from analysis.errors import StudyError
from data_synthetic.draw import CERTAIN, ONE
from data_synthetic.kinds import KINDS, ORDINARY
from data_synthetic.world import World

NEVER = 1 << 40  # day number of what does not happen
BASE_YEAR, LAST_TABLE_YEAR = 1995, 2027
MONTHS = (LAST_TABLE_YEAR - BASE_YEAR + 1) * 12
HAZARD = 1 << 20
GRID = (np.arange(ONE) + 0.5) / ONE
LENGTHS = ("short", "mixed", "long", "full")
FIRST_DAYS = (np.datetime64(f"{BASE_YEAR}-01") + np.arange(MONTHS + 1)).astype("datetime64[D]").astype(np.int64)
DAY0 = int(FIRST_DAYS[0])
LAST_DAY = int(FIRST_DAYS[-1]) - DAY0 - 1


@dataclass(frozen=True)
class Size:
    """How much of a world is made: members, clients, and the years of the study."""

    workers: int
    first_year: int
    last_year: int


def day(text: str) -> int:
    """The day number of an ISO date."""
    return int(np.datetime64(text, "D").astype(np.int64))


def record(tables: dict) -> np.ndarray:
    """The tables as one numpy record, the form that compiled code reads."""
    fields = [(name, np.int64, np.shape(value)) for name, value in tables.items()]
    out = np.zeros(1, dtype=fields)
    for name, value in tables.items():
        out[name][0] = value
    return out


def namespace(tables: dict) -> list[SimpleNamespace]:
    """The tables as plain Python integers and lists, for the slow reference."""
    return [SimpleNamespace(**{n: np.asarray(v).tolist() for n, v in tables.items()})]


def rules(world: World, size: Size) -> dict[str, object]:
    """Name → integer or integer array, for a world of `size`."""
    for name in KINDS:
        if name not in {k.name for k in world.kinds}:
            raise StudyError(f"The parameter 'kinds' lacks {name!r}; the simulator needs all of {', '.join(KINDS)}.")
    clients = max(30, round(size.workers * world.clients_per_worker))
    crews = max(1, round(size.workers * world.theatre_share / world.team_size))
    teams = max(1, round(size.workers * world.m07_share / world.team_size))
    return {
        "clients": clients, "crews": crews, "teams": teams,
        "platforms": len(world.platforms),
        "first_month": (size.first_year - BASE_YEAR) * 12, "last_month": (size.last_year - BASE_YEAR) * 12 + 11,
        "extract": day(f"{size.last_year}-12-31") + world.extract_lag,
        **_arithmetic(), **_calendar(world), **_people(world, size), **_kinds(world, size), **_clients(world),
        **_work(world), **_regimes(world), **_money(world), **_invoices(world), **_voice(world, size),
    }


def place(world: World, name: str, level: str) -> int:
    """Where a level stands in a parameter of levels and weights."""
    levels = [known for known, _ in getattr(world, name)]
    if level not in levels:
        raise StudyError(f"The parameter {name!r} must keep {level!r}, with weight 0 if need be.")
    return levels.index(level)


def _log(value: float) -> int:
    """A natural logarithm as a fixed-point logarithm of base 2."""
    return round(ONE * value / log(2))


def _share(value: float) -> int:
    return round(CERTAIN * value)


def _pick(weights) -> np.ndarray:
    """Quantile table of indices in proportion to weights."""
    total = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(total / total[-1], GRID, side="right")


def _values(pairs) -> np.ndarray:
    """Quantile table of the values of (value, weight) pairs."""
    return np.array([v for v, *_ in pairs])[_pick([w for _, w, *_ in pairs])]


def _dated(table) -> np.ndarray:
    """The value of a table (valid from, value) on the first day of each month; the first one also before."""
    starts = np.array([day(start) for start, _ in table])
    values = np.array([value for _, value in table])
    return values[np.maximum(np.searchsorted(starts, FIRST_DAYS[:-1], side="right") - 1, 0)]


def _from(date: str, value) -> np.ndarray:
    """`value` in the months from a date on, else 0."""
    return np.where(FIRST_DAYS[:-1] >= day(date), value, 0)


def _arithmetic() -> dict:
    bell = NormalDist()
    return {
        "exp2": [round((1 << 20) * 2 ** (i / ONE)) for i in range(ONE)],
        "normal": [round(ONE * bell.inv_cdf(u)) for u in GRID.tolist()],
        "neglog": [round(-ONE * log(u)) for u in GRID.tolist()],
        "directions": _directions(),
    }


def _directions() -> list[list[int]]:
    """Direction numbers of the first three dimensions of Sobol's sequence (Joe & Kuo 2008)."""
    plane, space = [1], [1, 3]
    while len(space) < 32:
        plane.append(plane[-1] << 1 ^ plane[-1])
        space.append(space[-1] << 1 ^ space[-2] << 2 ^ space[-2])
    plane.append(plane[-1] << 1 ^ plane[-1])
    return [[m << 31 - i for i, m in enumerate(numbers)] for numbers in ([1] * 32, plane, space)]


def _calendar(world: World) -> dict:
    season = [log2(max(s, 1e-3) / 100) for s in world.season]
    covid = [log2(max(c, 1e-3) / 100) for c in world.covid]
    year, month = np.divmod(np.arange(MONTHS), 12)
    pace = np.array([season[m] + (covid[m] if y + BASE_YEAR == world.covid_year else 0)
                     for y, m in zip(year, month, strict=True)])
    since = np.maximum(FIRST_DAYS[:-1] - day(world.cooperative_on), 0) / 365.25
    pace = ONE * pace + _log(1) * since * world.effect_cooperative_trend
    pace += _from(world.cooperative_on, _log(world.effect_cooperative_level))
    shift = lambda effect: np.rint(pace + _from(world.reform_on, _log(effect))).astype(np.int64)  # noqa: E731
    return {
        "first_day": FIRST_DAYS,
        "month_of": np.searchsorted(FIRST_DAYS, np.arange(DAY0, FIRST_DAYS[-1]), side="right") - 1,
        "work_left": [_share(min(world.covid[m] / 100, 1)) if y + BASE_YEAR == world.covid_year else CERTAIN
                      for y, m in zip(year, month, strict=True)],
        "pace": [shift(world.effect_reform_others), shift(world.effect_reform_rate)],
        "reform": day(world.reform_on),
    }


def _joins(weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Quantiles, 4,097 of them, of a day with weight `weights[i]` between `starts[i]` and `starts[i + 1]`."""
    total = np.append(0, np.cumsum(weights))
    at = np.linspace(0, 1, ONE + 1)
    return np.floor(np.interp(at, total / total[-1], starts)).astype(np.int64)


def _people(world: World, size: Size) -> dict:
    years = np.arange(size.first_year - world.stock_years, size.last_year + 2)
    first_days = np.array([day(f"{y}-01-01") for y in years])
    y0, y1 = world.trade_years
    artistic = [int(t.artistic) for t in world.trades]
    return {
        "joins": _joins(np.interp(years[:-1], *zip(*world.joiners, strict=True)), first_days),
        "gender": _pick([w for _, w in world.gender]),
        "woman": place(world, "gender", "woman"), "man": place(world, "gender", "man"),
        "ages": [min(world.age_max, world.age_min + round(world.age_scale * exp(
            world.age_sigma * NormalDist().inv_cdf(u) - world.age_sigma**2 / 2))) for u in GRID.tolist()],
        "young_ages": world.young_ages, "student_age": world.student_age,
        "education": _pick([w for _, w in world.education]), "status": _pick([w for _, w in world.status_before]),
        "student_share": _share(world.student_share), "birth_missing": _share(world.birth_missing),
        "homes": _pick([w for _, w, _ in world.homes]), "small_home": len(world.homes) - 1,
        "in_brussels": [int((nis or "").startswith("210")) for nis, _, _ in world.homes],
        "small_cell": world.small_cell, "dominant_pay": _log(world.dominant_pay),
        "early_trade": _pick([t.early for t in world.trades]), "late_trade": _pick([t.late for t in world.trades]),
        "trade_from": day(f"{y0}-01-01"), "trade_span": (y1 - y0) * 365,
        "courier_trade": len(world.trades) - 1, "trade_pay": [_log(t.pay) for t in world.trades],
        "artistic": artistic,
        "arts": _others(artistic, 1), "crafts": _others(artistic[:-1], 0),
        "worker_sigma": _log(world.worker_sigma), "between_sigma": _log(world.between_sigma),
        "activity_from": day(world.activities_since),
        "activity_span": day(world.activity_share_on) - day(world.activities_since),
        "activity_share": _share(world.activity_share), "activity_selection": _log(world.activity_selection),
        "activity_wait": world.activity_wait, "activity_after": world.activity_after,
        "activity_use": _share(world.activity_use), "guest_share": _share(world.guest_share),
        "guest_share_team": _share(world.guest_share_team), "guest_use": _share(world.guest_use),
        "visa_share": _share(world.visa_share), "threshold_share": _share(world.threshold_share),
        "placebo_share": _share(world.placebo_share),
    }


def _others(artistic: list[int], kind: int) -> np.ndarray:
    """Quantile table of the trades that are artistic, or not."""
    return np.flatnonzero(np.array(artistic) == kind)[_pick([1] * artistic.count(kind))]


def _kinds(world: World, size: Size) -> dict:
    rows = {k.name: k for k in world.kinds}
    shares = world.kind_shares
    opens, closes = day(world.courier_joins[0][0]), day(world.courier_joins[-1][0])
    first, last = day(f"{size.first_year}-01-01"), day(f"{size.last_year}-12-31")
    starts = np.clip([day(d) for d, _ in world.courier_joins], first, last)
    weights = np.diff(starts) * np.array([w for _, w in world.courier_joins[:-1]])
    if max(opens, first) > min(closes, last) or not weights.sum():
        shares, weights, starts = shares | {"courier": 0.0}, np.ones(1), np.array([first, last])
    rest = 1 - sum(shares.values())
    ordinary = dict(world.ordinary)
    portion = {n: rest * ordinary.get(n, 0) / sum(ordinary.values()) if n in ORDINARY else shares[n] for n in KINDS}
    cut = (world.between_sigma**2 + world.within_sigma**2) / 2
    return {
        "kind_until": np.rint(np.cumsum([portion[n] for n in KINDS]) * (1 << 32)).astype(np.int64),
        "rate": [-(1 << 30) if not (r := rows[n].rate * world.rate_level)
                 else round(ONE * log2(r * ONE)) - (_log(cut) if n != "courier" else 0) for n in KINDS],
        "stay": [_share(rows[n].stay) for n in KINDS], "back": [_share(rows[n].back) for n in KINDS],
        "leave": [round(HAZARD * rows[n].leave) for n in KINDS],
        "kind_lengths": [LENGTHS.index(rows[n].lengths) for n in KINDS],
        "circle": [rows[n].circle for n in KINDS],
        "courier_joins": _joins(weights, starts), "courier_ages": world.courier_ages,
        "courier_men": _share(world.courier_men), "courier_students": _share(world.courier_students),
        "courier_hours": world.courier_hours, "protocol": day(world.protocol_on),
        "courier_premium": world.courier_premium,
        "platform_since": [day(p.since) for p in world.platforms],
        "platform_until": [day(p.until) for p in world.platforms],
        "platform_failed": [int(p.failed) for p in world.platforms],
        "job_months": world.job_months, "job_density": _share(world.job_density), "run_weeks": world.run_weeks,
        "run_density": _share(world.run_density), "intern_months": world.intern_months,
        "undeclared": world.undeclared,
        "undeclared_pay": _log(log(world.undeclared)), "expense_pay": world.expense_pay,
        "tour_expense": world.tour_expense,
    }


def _clients(world: World) -> dict:
    return {
        "form": _pick([w for _, w in world.legal_form]), "sector": _pick([w for _, w in world.sector]),
        "size": _pick([w for _, w in world.size]), "popularity": world.popularity,
        "form_public": place(world, "legal_form", "public"), "form_company": place(world, "legal_form", "company"),
        "form_household": place(world, "legal_form", "household"),
        "size_large": place(world, "size", "250+"), "size_medium": place(world, "size", "50-249"),
        "sector_arts": place(world, "sector", "R"), "sector_school": place(world, "sector", "P"),
        "client_sigma": _log(world.client_sigma), "public_pay": _log(world.effect_public_pay),
        "size_pay": _log(world.effect_size_pay), "late_payer": _share(world.m12_share),
        "same_region": _share(world.same_region), "sorting": _share(world.sorting),
    }


def _work(world: World) -> dict:
    return {
        "rate_max": round(world.rate_max * ONE), "within_sigma": _log(world.within_sigma),
        "lengths": [_values(getattr(world, f"lengths_{name}")) for name in LENGTHS], "slack": world.slack,
        "created_before": world.created_before, "created_after": world.created_after,
        "retroactive": _share(world.retroactive), "pay_delay": world.pay_delay,
        "lump_sum": [_dated((("1995-01-01", _share(world.lump_sum_other)),)), _dated((
            ("1995-01-01", _share(world.lump_sum_artistic)), (world.lump_sum_since, _share(world.lump_sum_note))))],
        "part_time": _values(world.part_time), "full_day": world.full_day, "engagement_min": world.engagement_min,
        "own_trade": _share(world.own_trade), "artistic_coded": _share(world.artistic_coded),
        "activity_rate": _log(world.effect_activity_rate), "activity_leave": _log(world.effect_activity_leave),
        "share_rate": _log(world.effect_share_rate), "pay_leave": round(ONE * world.effect_pay_leave),
        "gender_leave": _log(world.effect_gender_leave),
    }


def _regimes(world: World) -> dict:
    hours = FIRST_DAYS[:-1] >= day(f"{world.student_hours_since}-01-01")
    return {
        "agency_from": day(world.agency_since), "agency_share": _share(world.agency_share),
        "visa_from": day(world.visa_since),
        "quota_in_hours": hours.astype(np.int64),
        "quota": np.where(hours, _dated(world.student_tenths), _dated(world.student_days)),
        "student_span": world.student_span,
        "admission_age": [row[0] for row in world.admission], "admission_days": [row[1] for row in world.admission],
        "admission_window": [[row[2] for row in world.admission], [row[3] for row in world.admission]],
        "admission_from": day(world.admission_on), "threshold_reach": world.threshold_reach * 100,
        "placebo_days": world.placebo_days,
    }


def _money(world: World) -> dict:
    floor = _dated(world.day_floor)
    employer = _dated(world.employer)
    passed = [world.pass_through * log2((10_000 + employer[0]) / (10_000 + e)) for e in employer.tolist()]
    base = np.array([ONE * (log2(world.pay_level * f) + p) for f, p in zip(floor.tolist(), passed, strict=True)])
    artist = base + _from(world.reform_on, _log(world.effect_reform_pay))
    return {
        "base_pay": [np.rint(base).astype(np.int64), np.rint(artist).astype(np.int64)], "floor": floor,
        "pay_sigma": _log(world.pay_sigma), "experience_pay": _log(world.effect_experience_pay),
        "fee_reference": _dated(world.fee_reference), "fee_share": _share(world.fee_share),
        "employer": employer, "employer_student": _dated(world.employer_student),
        "artist_reduction": _dated(world.artist_reduction), "insurance": world.insurance,
        "employee": world.employee, "employee_student": _dated(world.employee_student),
        "tax_artist": world.tax_artist, "tax_other": world.tax_other, "fee": world.fee,
        "expenses_share": _share(world.expenses_share),
        "expenses_middle": _middle(world.expenses_mean, world.expenses_sigma),
        "expenses_sigma": _log(world.expenses_sigma),
    }


def _middle(mean: float, sigma: float) -> int:
    """The log2 of the median of a lognormal amount of a given mean."""
    return round(ONE * (log2(max(mean, 1)) - sigma**2 / 2 / log(2)))


def _invoices(world: World) -> dict:
    return {
        "terms": _values(world.terms), "issue_delay": world.issue_delay,
        "payment_middle": round(ONE * log2(max(world.payment_days, 1))), "payment_sigma": _log(world.payment_sigma),
        "public_delay": _log(world.effect_public_delay), "size_delay": _log(world.effect_size_delay),
        "late_delay": _log(world.late_payer_delay), "unpaid": _share(world.unpaid),
        "late_unpaid": _share(world.late_payer_unpaid),
        "write_off": world.write_off, "credited": _share(world.credited), "credit_percent": world.credit_percent,
        "credit_delay": world.credit_delay, "new_invoice": _share(world.new_invoice),
        "invoice_gap": world.invoice_gap, "invoice_lead": world.invoice_lead, "saver_lead": world.saver_lead,
        "surplus": round(world.surplus_percent * 100), "purchase_share": _share(world.purchase_share),
        "purchase_middle": _middle(world.purchase_mean, world.purchase_sigma),
        "purchase_sigma": _log(world.purchase_sigma), "purchase_lead": world.purchase_lead,
        "purchase_kind": _pick([w for _, w in world.purchase_kind]),
    }


def assemblies(world: World, size: Size) -> list[int]:
    """The days of the assemblies of the study, one a year."""
    years = range(max(world.assemblies_since, size.first_year), size.last_year + 1)
    return [day(f"{y}-{world.assembly_day}") for y in years]


def _voice(world: World, size: Size) -> dict:
    held = assemblies(world, size)
    online = [int(int(str(np.datetime64(d, "D"))[:4]) in world.online_years) for d in held]
    return {
        "shares_from": day(world.shares_on), "share_base": _share(world.share_base),
        "share_selection": _share(world.share_selection), "share_taken": _share(world.share_taken),
        "extra_shares": _values(world.extra_shares), "redeemed": _share(world.redeemed),
        "redeem_delay": world.redeem_delay,
        # Padded, so that worlds of other years need no other compiled code.
        "assemblies": len(held), "held": (held + [NEVER] * 40)[:40], "online": (online + [0] * 40)[:40],
        "turnout": round(HAZARD * world.turnout), "tenure_attendance": _log(world.effect_tenure_attendance),
        "gender_attendance": _log(world.effect_gender_attendance),
        "modes": _pick([w for _, w in world.modes]), "online_mode": len(world.modes), "voted": _share(world.voted),
    }
