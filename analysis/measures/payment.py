"""Security: paid on time (S-40, S-41), and how clients pay (C-07).

Everything is told as it was known on the last day of the study: an invoice that is paid later is still open, so that a
late year is judged like an early one. Only a contract that a client buys has an invoice of its own. What an Activity
pays comes out of a pool of invoices, and no wage of it belongs to one of them.

Where a number rests on workers and on clients, `fewest` counts the distinct people of the smaller of the two groups,
for both can be recognised.
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.errors import unknown
from analysis.measures.answer import Answer
from analysis.models import Z95, lifetable, survival
from analysis.panels import Panels, days_between

CLIENT_TRAITS = ("legal_form", "size", "sector")
HORIZON = 365                     # days that a curve of payment is followed
SEASONED = 365                    # days after which nearly all invoices that are ever paid have been
NEVER = 10**6                     # days: longer than any payment takes
LARGE = "250+"
YEAR = 365                        # days, of interest
MOST_INVOICES = 150_000           # of one fit


# -- what several measures read --------------------------------------------------------------------------------

def last_day(panels: Panels):
    """The day on which everything is told: the last of the study."""
    return ibis.date(panels.scope.last_year, 12, 31)


def known_invoices(panels: Panels):
    """The invoices of the scope as they stood on its last day, and `settled_on`, the day on which each stopped waiting.

    Issued by that day. `paid_on` and `written_off_on` are empty where they came later; an invoice that is paid is not
    lost, whatever was written off before. Settled is paid or written off.
    """
    end = last_day(panels)
    i = panels.invoices.filter(_.issued_on <= end)
    i = i.mutate(paid_on=(_.paid_on <= end).ifelse(_.paid_on, ibis.null("date")))
    lost = i.paid_on.isnull() & (i.written_off_on <= end)
    i = i.mutate(written_off_on=lost.ifelse(i.written_off_on, ibis.null("date")))
    return i.mutate(settled_on=ibis.coalesce(_.paid_on, _.written_off_on))


def issued(panels: Panels):
    """`known_invoices` of the years of the scope, with the `year` of issue."""
    i = known_invoices(panels).mutate(year=_.issued_on.year().cast("int32"))
    return i.filter(_.year >= panels.scope.first_year)


def with_client(panels: Panels, rows, group: str | None):
    """`rows` with one trait of CLIENT_TRAITS of their client, those without it left out; the same rows for None."""
    if group is None:
        return rows
    if group not in CLIENT_TRAITS:
        raise unknown("trait of clients", group, CLIENT_TRAITS)
    panels.dataset.need(f"clients.{group}")
    traits = panels.dataset.table("clients").select("client_id", group)
    return rows.join(traits.filter(_[group].notnull()), "client_id")


def debits(invoices):
    """Invoices without the credit notes."""
    return invoices.filter(_.amount_cents > 0)


def people(rows, where=None):
    """Aggregates that count who stands behind `rows`: workers, clients and `fewest`, the smaller of the two."""
    workers, clients = rows.worker_id.nunique(where=where), rows.client_id.nunique(where=where)
    return {"workers": workers, "clients": clients, "fewest": ibis.least(workers, clients)}


# -- S-40 ------------------------------------------------------------------------------------------------------

def _number(day):
    """Days since Monday 1 January 1900, from 1."""
    return days_between(ibis.date(1900, 1, 1), day) + 1


def _weekdays(number):
    """Mondays to Fridays among the first `number` days."""
    return 5 * (number // 7) + ibis.least(number % 7, 5)


def _holidays(moment: str):
    """Each day of the years of legal_holidays.csv: its number (`moment`) and the legal holidays on weekdays so far."""
    dates = law.table("legal_holidays")["date"].drop_duplicates()
    days = pd.date_range(f"{dates.min().year}-01-01", f"{dates.max().year}-12-31")
    off = (days.isin(dates) & (days.day_of_week < 5)).cumsum()
    number = (days - pd.Timestamp(1900, 1, 1)).days + 1
    return ibis.memtable({moment: number.tolist(), f"off_{moment}": off.tolist()},
                         schema=ibis.schema({moment: "int64", f"off_{moment}": "int64"}))


def paid_contracts(panels: Panels):
    """Contracts by the `year` of their last day, with the days that the worker waited for the pay.

    `wait` counts calendar days from the last day to the payment, `working` the working days after the last day up to
    and with the day of payment: Mondays to Fridays less legal holidays. Both are empty where no payment is recorded.
    """
    panels.dataset.need("contracts.paid_on")
    c = panels.contracts.mutate(year=_.end_on.year().cast("int32"))
    c = c.filter(_.year <= panels.scope.last_year)
    c = c.mutate(wait=days_between(_.end_on, _.paid_on), ended=_number(_.end_on), paid=_number(_.paid_on))
    for moment in ("ended", "paid"):
        c = c.left_join(_holidays(moment), moment).drop(f"{moment}_right")
    # Outside the years of the list no holiday is known, and none is taken off.
    off = (c.off_paid - c.off_ended).fill_null(0)
    return c.mutate(working=_weekdays(c.paid) - _weekdays(c.ended) - off)


def pay_lag(panels: Panels, by: str | None = None) -> Answer:
    """S-40. How long workers wait for their pay: ℓ_k = day of payment − last day of the contract.

    `median` and `p90` in calendar days, `working_median` and `working_p90` in working days; `late`, share of contracts
    paid later than the 7 working days that Smart promises; `unrecorded`, share of contracts without a day of payment,
    which are in no other column. Shape: year of the last day (× group). Pitfalls: legal holidays are taken off where
    legal_holidays.csv knows them, and nothing else that stops a bank; the last day of the contract is the recorded one.
    """
    keys = ("year", by) if by else ("year",)
    c = panels.with_traits(paid_contracts(panels), by)
    c = c.group_by(keys).agg(
        workers=_.worker_id.nunique(), contracts=_.count(), median=_.wait.median(), p90=_.wait.quantile(0.9),
        working_median=_.working.median(), working_p90=_.working.quantile(0.9),
        late=(_.working > law.rate("pay_promise")).cast("float64").mean(),
        unrecorded=_.paid_on.isnull().cast("float64").mean())
    return Answer(c, keys)


def contract_bills(panels: Panels):
    """One row per contract with an invoice of its own: worker_id, client_id, contract_id, invoices (credit notes not
    counted), billed_cents, open (not settled on the last day), lost (written off), and client_paid_on, the day of the
    last payment where all are paid."""
    i = debits(known_invoices(panels)).filter(_.contract_id.notnull())
    c = i.group_by("contract_id").agg(
        worker_id=_.worker_id.min(), client_id=_.client_id.min(), invoices=_.count(), billed_cents=_.amount_cents.sum(),
        open=_.settled_on.isnull().cast("int64").sum(), lost=_.written_off_on.notnull().cast("int64").sum(),
        last_paid_on=_.paid_on.max())
    return c.mutate(client_paid_on=((_.open == 0) & (_.lost == 0)).ifelse(_.last_paid_on, ibis.null("date"))).drop(
        "last_paid_on")


def paid_before_client(panels: Panels) -> Answer:
    """S-40, against the client. How often Smart pays the worker before the client has paid Smart, and how long before.

    Contracts with an invoice of their own, by the year in which the worker is paid. `first`, share whose client has not
    paid everything on that day; `lead`, median days from the worker's pay to the client's last payment, below 0 where
    the client comes first. What the client has not paid by the end of the study counts as longer than any payment.
    Shape: year. Pitfall: Activities are not in it, for no invoice is behind one of their contracts alone.
    """
    panels.dataset.need("invoices", "contracts.paid_on")
    end, first = last_day(panels), panels.scope.first_year
    paid = panels.dataset.table("contracts").select("contract_id", "paid_on").filter(_.paid_on <= end)
    c = contract_bills(panels).join(paid, "contract_id").mutate(year=_.paid_on.year().cast("int32"))
    c = c.filter(_.year >= first).mutate(lead=days_between(_.paid_on, _.client_paid_on).fill_null(NEVER))
    c = c.group_by("year").agg(**people(c), contracts=c.count(), first=(c.lead > 0).cast("float64").mean(),
                               lead=c.lead.median())
    return Answer(c, ("year",), count="fewest")


# -- S-41 ------------------------------------------------------------------------------------------------------

def late_payment(panels: Panels, group: str | None = None) -> Answer:
    """S-41, C-07. Share of invoices, and of the money on them, that clients pay late.

    `clock` due: more than `days` (0, 30, 60) after the day on which the invoice falls due; `clock` issued: more than 30
    or 60 days after its date, the terms of Directive 2011/7/EU. An invoice counts if that many days of it lie within
    the study, so that no year is judged too early; one not paid by then is late, lost ones too. Unit: share, 0–1.
    Shape: clock × days × year of issue, or × `group` of CLIENT_TRAITS over all years. Credit notes stay out.
    """
    panels.dataset.need("invoices")
    end, by = last_day(panels), group or "year"
    short, long = (round(law.rate(f"late_payment_{n}")) for n in ("short", "long"))
    limits = [("due", 0), ("due", short), ("due", long), ("issued", short), ("issued", long)]
    i = with_client(panels, debits(issued(panels)), group)
    sums = {}
    for clock, days in limits:
        since = i[f"{clock}_on"]
        seen = days_between(since, end) >= days
        late = seen & (days_between(since, i.paid_on).fill_null(NEVER) > days)
        sums |= {f"{clock}_{days}_seen": seen.cast("int64").sum(), f"{clock}_{days}_late": late.cast("int64").sum(),
                 f"{clock}_{days}_seen_cents": i.amount_cents.sum(where=seen).fill_null(0),
                 f"{clock}_{days}_late_cents": i.amount_cents.sum(where=late).fill_null(0)}
    pairs = i.group_by(by, "worker_id", "client_id").agg(**sums)
    parts = []
    for clock, days in limits:
        seen, late, seen_cents, late_cents = (
            pairs[f"{clock}_{days}_{n}"] for n in ("seen", "late", "seen_cents", "late_cents"))
        parts.append(pairs.filter(seen > 0).group_by(by).agg(
            **people(pairs), invoices=seen.sum(), share=late.sum() / seen.sum(),
            share_of_amount=late_cents.sum() / seen_cents.sum(),
        ).mutate(clock=ibis.literal(clock), days=ibis.literal(days, "int32")))
    return Answer(ibis.union(*parts), ("clock", "days", by), count="fewest")


def payment_survival(panels: Panels, group: str | None = None) -> Answer:
    """S-41, C-07. Share of invoices, and of the money, not yet paid t days after the date of the invoice.

    Kaplan–Meier: S(t) = Π_{u ≤ t} (1 − paid_u ÷ at_risk_u), each invoice once (`unpaid`) or with its amount
    (`unpaid_amount`). An invoice without payment stays at risk to the end of the study, and is censored there; one that
    is written off too, for it will not be paid. Unit: share, 0–1. Shape: t at whole weeks up to a year (× `group` of
    CLIENT_TRAITS). `workers` and `clients` count those with an invoice that was followed for longer than t days.
    """
    panels.dataset.need("invoices")
    keys = [group] if group else []
    i = with_client(panels, debits(issued(panels)), group)
    i = i.mutate(t=ibis.greatest(days_between(_.issued_on, ibis.coalesce(_.paid_on, last_day(panels))), 0),
                 paid=_.paid_on.notnull().cast("int64"))
    for unit in ("worker", "client"):
        longest = ibis.window(group_by=[*keys, f"{unit}_id"], order_by=[ibis.desc("t"), "invoice_id"])
        i = i.mutate(**{f"{unit}s": (ibis.row_number().over(longest) == 0).cast("int64")})
    durations = i.group_by(*keys, "t").agg(
        invoices=_.count(), paid=_.paid.sum(), cents=_.amount_cents.sum(), paid_cents=(_.paid * _.amount_cents).sum(),
        workers=_.workers.sum(), clients=_.clients.sum())
    return Answer(durations, (*keys, "t"), count="fewest", finish=lambda d: _curves(d, group))


def _curves(durations: pd.DataFrame, group: str | None) -> pd.DataFrame:
    """The curve of each group, or of all."""
    if not group:
        return _curve(durations)
    curves = [_curve(d).assign(**{group: name}) for name, d in durations.groupby(group, sort=True)]
    return pd.concat(curves, ignore_index=True) if curves else durations


def _curve(d: pd.DataFrame) -> pd.DataFrame:
    """Both survival curves at whole weeks, from counts by duration in ascending order, while somebody is followed."""
    frame = lifetable.curve(d, range(0, HORIZON, 7), {"workers": "workers", "clients": "clients"},
                            {"unpaid": ("paid", "invoices"), "unpaid_amount": ("paid_cents", "cents")})
    frame["fewest"] = frame[["workers", "clients"]].min(axis=1)
    return frame[frame["fewest"] > 0].reset_index(drop=True)


# -- C-07 ------------------------------------------------------------------------------------------------------

def _middle(logs: np.ndarray) -> tuple[float, float]:
    """The median and its standard error, from the distance of the order statistics that bound it in 95 % of samples."""
    x, n = np.sort(logs), len(logs)
    reach = Z95 * np.sqrt(n) / 2
    low, high = max(int(np.floor(n / 2 - reach)), 0), min(int(np.ceil(n / 2 + reach)), n - 1)
    return float(np.median(x)), float((x[high] - x[low]) / (2 * Z95))


def client_delay_gap(panels: Panels) -> Answer:
    """C-07. How much later public clients pay than others, and large clients than smaller ones.

    The usual delay of a client is the mean of log(t − ½) over its paid invoices, t the whole days from issue to payment
    (at least 1); `gap` is the median of the one group of clients less that of the other, in log points (0.1 is about
    10 % later), `low` and `high` its 95 % interval, each client being one observation; `days` and `days_others` are the
    usual delays of the two middle clients. Invoices issued in the last year of the study are left out, for of them only
    the quickly paid are known; what is never paid is in S-43. Large is 250 persons and more, and is compared among
    clients that are not public. `clients` is the smaller of the two groups. Shape: contrast. Pitfall: a description;
    sectors and amounts differ too.
    """
    panels.dataset.need("invoices", "clients.legal_form")
    i = debits(issued(panels))
    i = i.filter(i.paid_on.notnull() & (days_between(i.issued_on, last_day(panels)) >= SEASONED))
    i = i.mutate(log=(ibis.greatest(days_between(_.issued_on, _.paid_on), 1) - 0.5).ln())
    c = i.group_by("client_id").agg(log=_.log.mean())
    traits = panels.dataset.table("clients").select("client_id", "legal_form", "size")
    c = c.join(traits, "client_id").filter(_.legal_form.notnull()).order_by("client_id").execute()
    public = c["legal_form"] == "public"
    sized = ~public & c["size"].notna()
    contrasts = {"public clients": (c[public], c[~public])}
    if sized.any():
        large = sized & (c["size"] == LARGE)
        contrasts["clients of 250 persons or more"] = (c[large], c[sized & ~large])
    rows = []
    for name, groups in contrasts.items():
        if min(map(len, groups)) == 0:
            continue
        (middle, error), (other, error_other) = (_middle(g["log"].to_numpy(float)) for g in groups)
        reach, gap = Z95 * np.hypot(error, error_other), middle - other
        rows.append({"contrast": name, "clients": min(map(len, groups)), "days": np.exp(middle) + 0.5,
                     "days_others": np.exp(other) + 0.5, "gap": gap, "low": gap - reach, "high": gap + reach})
    columns = ["contrast", "clients", "days", "days_others", "gap", "low", "high"]
    return Answer(pd.DataFrame(rows, columns=columns), ("contrast",), count="clients")


def payment_hazard(panels: Panels) -> Answer:
    """C-07. How likely an open invoice is to be paid, on any day of its first year, by kind of client.

    h(t) = h₀(t) exp(β₁·public + β₂·large), t in days since issue; large is 250 persons and more. What is not paid
    within a year, or by the end of the study, is censored. `value` is β, a log ratio of hazards: −0.4 is a chance
    lower by a third; `low` and `high` its 95 % interval, clients drawn as wholes, by Student's t with as many degrees
    of freedom as clients of the smaller group would tell as much if all had equally many invoices, less one (below one
    there is no interval). `clients` is the smaller group, and `workers` those behind its invoices. Of more than
    150,000 invoices, those of every second, third … client are taken, in the order of their identifiers, which say
    nothing. Shape: trait. Pitfalls: a description; delays do not all follow one ratio.
    Source: Cox 1972; Lin & Wei 1989; Carter, Schnepel & Steigerwald 2017 on clusters of unequal size.
    """
    panels.dataset.need("invoices", "clients.legal_form", "clients.size")
    i = debits(issued(panels))
    i = i.mutate(t=ibis.greatest(days_between(_.issued_on, ibis.coalesce(_.paid_on, last_day(panels))), 1))
    traits = panels.dataset.table("clients").select("client_id", "legal_form", "size")
    i = i.join(traits.filter(_.legal_form.notnull() & _.size.notnull()), "client_id")
    f = i.select("client_id", "worker_id", t=ibis.least(_.t, HORIZON),
                 paid=(_.paid_on.notnull() & (_.t <= HORIZON)).cast("int8"),
                 public=(_.legal_form == "public").cast("int8"), large=(_.size == LARGE).cast("int8")).execute()
    f = f.sort_values(["client_id", "t", "paid", "worker_id"], ignore_index=True)
    number = f["client_id"].factorize()[0]
    f = f[number % max(-(-len(f) // MOST_INVOICES), 1) == 0]
    x = f[["public", "large"]].astype(float)
    rows = []
    if f["paid"].any() and (x.nunique() > 1).all():
        found = survival.cox(f["t"], f["paid"], x)
        errors = survival.clustered(f["t"], f["paid"], x, found["coefficient"], f["client_id"])
        for trait, value, error in zip(x, found["coefficient"], errors, strict=True):
            groups = [f[f[trait] == kind] for kind in (1, 0)]
            reach = survival.student(min(map(_equal_clients, groups)) - 1) * error
            rows.append({"trait": trait, "clients": min(g["client_id"].nunique() for g in groups),
                         "workers": min(g["worker_id"].nunique() for g in groups), "value": value,
                         "low": value - reach, "high": value + reach})
    frame = pd.DataFrame(rows, columns=["trait", "clients", "workers", "value", "low", "high"])
    frame["fewest"] = frame[["clients", "workers"]].min(axis=1)
    return Answer(frame, ("trait",), count="fewest")


def _equal_clients(invoices: pd.DataFrame) -> float:
    """How many clients with equally many invoices each would tell as much: (Σ n_c)² ÷ Σ n_c²."""
    n = invoices["client_id"].value_counts()
    return float(n.sum() ** 2 / (n**2).sum())


def client_credit(panels: Panels, group: str = "legal_form") -> Answer:
    """C-07. The credit that clients receive without interest because the worker is paid before they pay.

    For contracts with an invoice of their own: d_v, days from the worker's pay to the client's payment (to the
    write-off, or to the end of the study, where there is none), 0 where the client pays first. `credit_days` =
    Σ A_v·d_v ÷ Σ A_v; `per_1000` = 1000 × r × credit_days ÷ 365, EUR of interest per 1,000 EUR billed at the assumed
    rate `waiting_rate`; `claim_per_1000`, the interest that a creditor could claim for the days after the due date at
    the statutory rate `late_interest`, likewise. Shape: `group` of CLIENT_TRAITS, all years together. Pitfalls: one
    rate for all years; households owe no such interest, for the directive is one for businesses and authorities.
    """
    panels.dataset.need("invoices", "contracts.paid_on")
    end = last_day(panels)
    paid = panels.dataset.table("contracts").select("contract_id", pay_on="paid_on").filter(_.pay_on <= end)
    i = with_client(panels, debits(issued(panels)), group).join(paid, "contract_id")
    i = i.mutate(until=ibis.coalesce(_.settled_on, end))
    i = i.mutate(credit=ibis.greatest(days_between(i.pay_on, i.until), 0) * i.amount_cents,
                 late=ibis.greatest(days_between(i.due_on, i.until), 0) * i.amount_cents)
    g = i.group_by(group).agg(**people(i), billed=i.amount_cents.sum() / 100,
                              credit_days=i.credit.sum() / i.amount_cents.sum(),
                              late_days=i.late.sum() / i.amount_cents.sum())
    return Answer(g.mutate(per_1000=1000 * law.rate("waiting_rate") * _.credit_days / YEAR,
                           claim_per_1000=1000 * law.rate("late_interest") * _.late_days / YEAR), (group,),
                  count="fewest")
