"""Every parameter of the synthetic world, with its unit and its source.

`source` names a published figure that the parameter follows; `assumption` is ours, evidence of nothing.
Integer shares are weights: only their proportions count.
"""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Trade:
    """One profession. `early`, `late`: weights at joining in the two `trade_years`, linear in between."""

    name: str
    early: int
    late: int
    artistic: bool
    committee: str  # "" = white-collar committee of the date
    pay: float  # mean premium above the day floor, relative to the mean of all trades


@dataclass(frozen=True)
class Platform:
    """One courier platform: when its couriers worked, and the days it took part."""

    since: str
    until: str
    failed: bool


@dataclass(frozen=True)
class World:
    """The world of the shipped dataset."""

    # --- members --------------------------------------------------------------------------------------------
    # source: 6,680 contracts in 2001, about 170,000 in 2012 (Smart, key figures), hence +34 % a year
    growth: float = 1.34
    # assumption: growth of yearly joiners after 2012 (registered members grow by about 450 a month in 2015)
    growth_late: float = 0.97
    growth_until: int = 2012
    # assumption: years before the first one from which members may date, for a stock at the start
    stock_years: int = 3
    # assumption: share of members who try Smart briefly, and mean length of the two kinds of career, days
    brief_share: float = 0.36
    brief_days: float = 150.0
    career_days: float = 1_800.0
    # assumption (majority men in 2012: Smart study bureau, Chiffres clés 2012)
    gender: tuple = (("woman", 425), ("man", 550), ("other", 10), (None, 15))
    # assumption: age at joining = age_min + age_scale × lognormal(age_sigma) of mean 1, years
    age_min: int = 18
    age_scale: float = 15.0
    age_sigma: float = 0.6
    age_max: int = 70
    # assumption: shares of the levels of education and of the statuses before joining
    education: tuple = (("low", 130), ("medium", 300), ("high", 520), (None, 50))
    status_before: tuple = (("employee", 270), ("unemployed", 390), ("self_employed", 110),
                            ("inactive", 120), (None, 50))
    # assumption: share of students among those who join before this age
    student_age: int = 25
    student_share: float = 0.35
    # assumption: about half of the members in the 19 municipalities of Brussels; (NIS code,
    # weight, Smart office)
    homes: tuple = (
        ("21001", 35, "Bruxelles"), ("21002", 12, "Bruxelles"), ("21003", 8, "Bruxelles"),
        ("21004", 80, "Bruxelles"), ("21005", 22, "Bruxelles"), ("21006", 10, "Bruxelles"),
        ("21007", 28, "Bruxelles"), ("21008", 8, "Bruxelles"), ("21009", 55, "Bruxelles"),
        ("21010", 15, "Bruxelles"), ("21011", 10, "Bruxelles"), ("21012", 35, "Bruxelles"),
        ("21013", 50, "Bruxelles"), ("21014", 12, "Bruxelles"), ("21015", 65, "Bruxelles"),
        ("21016", 30, "Bruxelles"), ("21017", 10, "Bruxelles"), ("21018", 15, "Bruxelles"),
        ("21019", 12, "Bruxelles"), ("62063", 110, "Liège"), ("92094", 60, "Namur"), ("53053", 45, "Mons"),
        ("52011", 50, "Charleroi"), ("57081", 25, "Tournai"), ("25121", 45, "Ottignies-Louvain-la-Neuve"),
        ("11002", 70, "Antwerpen"), ("44021", 65, "Gent"), ("24062", 20, "Leuven"), (None, 18, "Bruxelles"),
    )
    # assumption; artistic share falls as other trades join (Smart's own account of its growth since 2015)
    trades: tuple = (
        Trade("musician", 420, 120, True, "304", 1.15), Trade("actor", 240, 85, True, "304", 1.0),
        Trade("photographer", 80, 60, True, "", 1.1), Trade("graphic_designer", 90, 75, True, "", 1.0),
        Trade("sound_technician", 70, 60, False, "304", 1.0), Trade("props_maker", 40, 40, False, "304", 0.8),
        Trade("journalist", 30, 70, False, "", 1.0), Trade("translator", 20, 70, False, "", 1.0),
        Trade("trainer", 30, 190, False, "337", 1.2), Trade("developer", 10, 115, False, "", 1.4),
        Trade("consultant", 20, 225, False, "", 1.4),
        Trade("courier", 0, 0, False, "", 0.1),
    )
    trade_years: tuple[int, int] = (2001, 2020)
    # assumption: contract in the member's own trade, else in another trade of the same kind
    own_trade: float = 0.88
    # assumption: contract of an artistic trade that is coded artistic
    artistic_coded: float = 0.96
    # assumption: share of members whose record lacks birth year
    birth_missing: float = 0.02

    # --- work -----------------------------------------------------------------------------------------------
    # calibrated to source: 9.9 contracts per active worker in 2012 (170,000 / 17,182, Chiffres clés 2012)
    contracts_per_month: float = 1.11
    contracts_per_month_max: float = 12.0
    # assumption: lognormal spread of contracts between members, and between the years of one member;
    # share of years without work
    between_sigma: float = 0.64
    within_sigma: float = 0.45
    idle_year: float = 0.10
    # assumption: seasonality, weight of each month, mean 100
    season: tuple = (80, 88, 104, 104, 118, 120, 84, 76, 110, 116, 106, 94)
    # source: users lost 50–75 % of their activity in spring 2020 (Smart, April 2020); the path after is
    # assumed
    covid_year: int = 2020
    covid: tuple = (100, 100, 62, 30, 38, 52, 72, 78, 80, 72, 62, 64)
    # assumption, mean near source: 3.3 declared days per contract (33 / 9.9, 2012); (days, weight)
    lengths: tuple = ((1, 700), (2, 92), (3, 52), (4, 30), (5, 41), (10, 32), (20, 31), (40, 16), (60, 6))
    # assumption: calendar days in excess of a working pattern of 5 days in 7, up to this share of the length
    slack: float = 0.5
    # assumption: entry in the system, days before the start; some retroactive, days after the start
    created_before: tuple[int, int] = (0, 20)
    created_after: tuple[int, int] = (1, 3)
    retroactive: float = 0.12
    # source: pay within 7 working days after the end (Smart); the earliest day is assumed
    pay_delay: tuple[int, int] = (3, 7)
    # assumption: lump sums by kind of trade; part-time shares (percent of a 7.6-hour day, weight)
    lump_sum_artistic: float = 0.55
    lump_sum_other: float = 0.10
    part_time: tuple = ((100, 80), (80, 6), (60, 5), (50, 9))
    # source: 38 hours a week over 5 days; 3 hours at least per engagement (courier protocol 2016); tenths of
    # an hour
    full_day: int = 76
    engagement_min: int = 30
    courier_hours: tuple[int, int] = (30, 62)

    # --- clients --------------------------------------------------------------------------------------------
    # assumption: clients per member
    clients_per_worker: float = 0.5
    # assumption: popularity of the k-th client ∝ 1 / (k + offset) ** tail
    popularity_offset: float = 4.0
    popularity_tail: float = 0.95
    # assumption on a source: workers have a hard core of recurrent clients and one-off ones (Smart study
    # bureau); number of core clients (weights of 1, 2, …), decay of their use, share of contracts inside the
    # core
    core_sizes: tuple = (22, 26, 22, 14, 9, 7)
    core_decay: float = 0.62
    core_share: float = 0.72
    # assumption: shares of the legal forms, NACE sections and sizes (persons employed)
    legal_form: tuple = (("company", 380), ("association", 340), ("public", 140), ("household", 70),
                         ("foreign", 60), (None, 10))
    sector: tuple = (("R", 380), ("J", 180), ("M", 130), ("P", 90), ("S", 80), ("N", 50), ("G", 40),
                     ("I", 30), (None, 20))
    size: tuple = (("1-9", 500), ("10-49", 270), ("50-249", 130), ("250+", 70), (None, 30))

    # --- Activities -----------------------------------------------------------------------------------------
    # source: the tool exists since 2004 (Smart study bureau, 2012); assumption: members who use it, linear to
    # this share in this year, and part of their contracts bought by it
    activities_since: str = "2004-01-01"
    activity_share: float = 0.68
    activity_share_on: str = "2019-12-31"
    activity_use: float = 0.93
    # assumption: days between opening and the first contract that it buys; days it stays open after a career
    activity_wait: int = 21
    activity_after: int = 180
    # assumption: members who draw on somebody else's Activity, and part of their contracts that it buys
    guest_share: float = 0.12
    guest_use: float = 0.5

    # --- regimes --------------------------------------------------------------------------------------------
    # source: agency licence of October 2010; assumption: share of client contracts of trades that are not
    # artistic
    agency_since: str = "2010-10-01"
    agency_share: float = 0.25
    agency_committee: str = "322"
    # source: joint committee 218 becomes 200 on 1 April 2015
    white_collar: tuple = (("1998-01-01", "218"), ("2015-04-01", "200"))
    # source: student quota of 46 days, 50 days from 2012, 475 hours (tenths here) from 2017, 600 hours in
    # 2023–2024
    student_days: tuple = (("1998-01-01", 46), ("2012-01-01", 50))
    student_tenths: tuple = (("2017-01-01", 4_750), ("2023-01-01", 6_000), ("2025-01-01", 4_750))
    student_hours_since: int = 2017
    # assumption: how long a member who joined as a student stays one, days
    student_span: int = 1_100

    # --- couriers -------------------------------------------------------------------------------------------
    # assumption on sources: 89 couriers in March 2015, 434 in March 2016, about 400 at the failure of Take
    # Eat Easy on 26 July 2016, end with Deliveroo on 1 February 2018; mean tenure in days
    courier_share: float = 0.03
    courier_joins: tuple[str, str] = ("2015-01-05", "2017-12-10")
    courier_tenure: float = 260.0
    courier_per_month: float = 6.0  # engagements
    courier_ages: tuple[int, int] = (18, 27)
    courier_men: float = 0.85
    courier_students: float = 0.9
    platforms: tuple = (Platform("2015-01-01", "2016-07-25", True),
                        Platform("2015-09-15", "2018-01-31", False))

    # --- money ----------------------------------------------------------------------------------------------
    # source: RMMMG by date, national collective agreement 43; file of this folder
    wages: str = "minimum_wage.csv"
    # calibrated to source: EUR 121 per declared day in 2012, 1.78 × the floor; mean premium above the floor
    premium: float = 0.77
    # assumption: lognormal spread of the premium between members and between contracts
    premium_between: float = 0.50
    premium_within: float = 0.45
    # source: basic employer rates; basis points of gross
    employer: tuple = (("1998-01-01", 3_240), ("2016-04-01", 3_000), ("2018-01-01", 2_500))
    employer_student: tuple = (("1998-01-01", 801), ("2012-01-01", 542))
    # assumption: artists' reduction since 1 July 2003 (source of the date), insurances, basis points
    artist_reduction: tuple = (("1998-01-01", 0), ("2003-07-01", 600))
    insurance: int = 200
    # source: employee contributions, and withholding tax of performing artists; basis points; the tax of
    # others assumed
    employee: int = 1_307
    employee_student: tuple = (("1998-01-01", 450), ("2012-01-01", 271))
    tax_artist: int = 1_111
    tax_other: int = 2_700
    # source: fee of 6.5 % of turnover excluding VAT, thousandths
    fee: int = 65
    # assumption: contracts with reimbursed expenses, and their mean in cents
    expenses_share: float = 0.18
    expenses_mean: float = 4_500.0
    expenses_sigma: float = 0.9

    # --- invoices and Activity budgets ----------------------------------------------------------------------
    # source: default term of 10 days (Smart, 2016); the share of 30 days is assumed; (days, weight)
    terms: tuple = ((10, 75), (30, 25))
    # assumption: issue after the contract; payment after issue, days
    issue_delay: tuple[int, int] = (0, 8)
    payment_days: float = 26.0
    payment_sigma: float = 0.8
    # assumption: invoices never paid, and days from due date to the write-off
    unpaid: float = 0.009
    write_off: tuple[int, int] = (180, 540)
    # assumption: invoices followed by a credit note, its percent of the amount, its delay in days
    credited: float = 0.008
    credit_percent: tuple[int, int] = (5, 30)
    credit_delay: tuple[int, int] = (5, 40)
    # assumption: an Activity bills before it spends: a new invoice with this chance, or after this gap in
    # days
    new_invoice: float = 0.6
    invoice_gap: int = 60
    invoice_lead: tuple[int, int] = (5, 40)
    # assumption: what is billed above the spending, mean percent
    surplus_percent: float = 2.0
    # assumption: purchases per contract of an Activity, mean in cents, days before the contract
    purchase_share: float = 0.30
    purchase_mean: float = 9_000.0
    purchase_sigma: float = 1.0
    purchase_lead: tuple[int, int] = (0, 15)
    purchase_kind: tuple = (("travel", 34), ("equipment", 26), ("subcontract", 14), ("training", 6),
                            ("rent", 7), ("other", 13))
    # assumption: the extract is taken this many days after the last year; what happens later is not yet known
    extract_lag: int = 90

    # --- voice ----------------------------------------------------------------------------------------------
    # source: cooperative with a share at EUR 30 since 2017, at least one for each year of use; compliance
    # assumed
    shares_since: int = 2017
    share_taken: float = 0.88
    extra_shares: tuple = ((1, 940), (2, 35), (5, 15), (10, 10))
    redeemed: float = 0.25
    redeem_delay: tuple[int, int] = (60, 500)
    # source: general assembly of June 2016, and of 23 June 2020 (on line); the same day in other years is
    # assumed
    assemblies_since: int = 2016
    assembly_day: str = "06-23"
    # source: 738 voters for about 23,000–25,000 members in 2020; modes and the share of voters among those
    # who take part
    turnout: float = 0.032
    modes: tuple = (("in_person", 78), ("proxy", 22))
    online_years: tuple[int, ...] = (2020,)
    voted: float = 0.92
    # assumption: the corpus; interviews by role, passages per interview, characters, code book, agreement of
    # coders
    interviews: tuple = (("worker", 30), ("client", 10), ("staff", 8))
    interview_years: int = 3
    passages: tuple[int, int] = (15, 30)
    passage_chars: tuple[int, int] = (80, 600)
    gap_chars: tuple[int, int] = (10, 900)
    codes: tuple[str, ...] = ("income_security", "continuity", "social_protection", "schedule_autonomy",
                              "pay_negotiation", "client_dependence", "administrative_burden", "belonging",
                              "participation", "recognition")
    coders: tuple[str, str] = ("coder_a", "coder_b")
    coder_sees: float = 0.9
    coder_agrees: float = 0.82
    coder_shift: int = 12

    @cached_property
    def day_floor(self) -> tuple[tuple[str, int], ...]:
        """Lowest pay of a full day by date, cents: the monthly minimum × 12 / 260, rounded up."""
        with Path(__file__).with_name(self.wages).open(encoding="utf-8", newline="") as lines:
            months = [(row["valid_from"], int(row["eur_per_month"].replace(".", "")))
                      for row in csv.DictReader(lines)]
        return tuple((start, -(-cents * 12 // 260)) for start, cents in months)
