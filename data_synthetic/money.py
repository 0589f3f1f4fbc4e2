"""Money in integer cents: pay and price of contracts, invoices to clients, budgets of Activities."""

import numpy as np

from data_synthetic.draw import NEVER, as_of, dates, label, nullable, pick, share, spread, within
from data_synthetic.people import Clients, Members, Period
from data_synthetic.work import Activities, Contracts, Market
from data_synthetic.world import World


def pay(world: World, rng, members: Members, c: Contracts) -> dict:
    """The money columns of `contracts`. The floor is that of the last day, the highest of the contract."""
    n = len(c.worker)
    floor = as_of(world.day_floor, c.end)
    above = members.premium[c.worker] * spread(rng, world.premium_within, n)
    daily = floor + np.round(floor * above).astype(np.int64)
    full = world.full_day
    gross = np.where(c.tenths == 0, daily * c.days, -(-daily * c.tenths // full))
    rate = as_of(world.employer, c.start) - np.where(c.artistic, as_of(world.artist_reduction, c.start), 0)
    rate = np.where(c.student, as_of(world.employer_student, c.start), rate)
    cost = gross + share(gross, rate + world.insurance)
    withheld = np.where(c.student, as_of(world.employee_student, c.start), world.employee)
    taxable = gross - share(gross, withheld)
    tax = np.where(c.student, 0, np.where(c.artistic, world.tax_artist, world.tax_other))
    extra = np.round(world.expenses_mean * spread(rng, world.expenses_sigma, n)).astype(np.int64)
    extra = np.where(rng.random(n) < world.expenses_share, extra, 0)
    return {
        "gross_cents": gross,
        "employer_cost_cents": cost,
        "price_cents": nullable(_price(world, cost + extra), c.activity >= 0),
        "expenses_cents": extra,
        "net_cents": taxable - share(taxable, tax),
    }


def _price(world: World, cost: np.ndarray) -> np.ndarray:
    """The lowest price in cents that leaves `cost` once the fee is taken."""
    return -(-cost * 1_000 // (1_000 - world.fee))


def purchases(world: World, rng, c: Contracts, bought_by: Activities) -> dict:
    """The table `expenses`: purchases of Activities around their contracts."""
    rows = np.flatnonzero((c.activity >= 0) & (rng.random(len(c.worker)) < world.purchase_share))
    n, activity = len(rows), c.activity[rows]
    booked = np.maximum(c.start[rows] - within(rng, world.purchase_lead, n), bought_by.opened[activity])
    amount = 1 + np.round(world.purchase_mean * spread(rng, world.purchase_sigma, n)).astype(np.int64)
    order = np.lexsort((booked, activity))
    return {
        "expense_id": np.arange(1, n + 1),
        "activity_id": activity[order] + 1,
        "booked_on": dates(booked[order]),
        "kind": label(rng, world.purchase_kind, n),
        "amount_cents": amount[order],
    }


def invoices(world: World, rng, period: Period, c: Contracts, pay: dict, bought_by: Activities,
             expenses: dict, market: Market, clients: Clients) -> dict:
    """The table `invoices`: one per contract bought by a client, several per Activity, and credit notes."""
    direct = np.flatnonzero(c.activity < 0)
    activity, billed_on, billed = _budgets(world, rng, c, pay, bought_by, expenses)
    n = len(direct) + len(activity)
    client = np.append(c.client[direct], market.choose(rng, bought_by.owner[activity]))
    contract = np.append(direct + 1, np.zeros_like(activity))
    feeds = np.append(np.zeros_like(direct), activity + 1)
    issued = np.append(c.end[direct] + within(rng, world.issue_delay, len(direct)), billed_on)
    amount = np.append(pay["price_cents"].data[direct], billed)
    # A credit note gives back what was billed too much: that of an Activity is added to its invoice first.
    wrong = np.flatnonzero(rng.random(n) < world.credited)
    back = np.maximum(amount[wrong] * within(rng, world.credit_percent, len(wrong)) // 100, 1)
    amount[wrong] += np.where(feeds[wrong] > 0, back, 0)
    due = issued + np.array([d for d, _ in world.terms])[pick(rng, [w for _, w in world.terms], n)]
    paid = issued + 1 + np.round(world.payment_days * spread(rng, world.payment_sigma, n)).astype(np.int64)
    lost = (rng.random(n) < world.unpaid) | (paid > _failure(world, clients, client))
    written_off = np.where(lost, due + within(rng, world.write_off, n), NEVER)
    noted = issued[wrong] + within(rng, world.credit_delay, len(wrong))
    client, contract, feeds = (np.append(v, v[wrong]) for v in (client, contract, feeds))
    issued, due = np.append(issued, noted), np.append(due, noted)
    paid = np.append(np.where(lost, NEVER, paid), noted)
    written_off = np.append(written_off, np.full(len(noted), NEVER))
    amount = np.append(amount, -back)
    known = np.flatnonzero(issued <= period.extract)
    order = known[np.lexsort((amount[known], contract[known], feeds[known], issued[known]))]
    return {
        "invoice_id": np.arange(1, len(order) + 1),
        "client_id": client[order],
        "contract_id": nullable(contract[order], contract[order] == 0),
        "activity_id": nullable(feeds[order], feeds[order] == 0),
        "issued_on": dates(issued[order]),
        "due_on": dates(due[order]),
        "paid_on": dates(paid[order], period.extract),
        "written_off_on": dates(written_off[order], period.extract),
        "amount_cents": amount[order],
    }


def _failure(world: World, clients: Clients, client: np.ndarray) -> np.ndarray:
    """The day after which a client pays nothing more: that of its failure, else NEVER."""
    last = np.full(len(clients.table["client_id"]) + 1, NEVER)
    for client_id, platform in zip(clients.platform_ids, world.platforms, strict=True):
        if platform.failed:
            last[client_id] = np.datetime64(platform.until, "D").astype(np.int64)
    return last[client]


def _budgets(world: World, rng, c: Contracts, pay: dict, bought_by: Activities, expenses: dict):
    """Activity row, day and amount of the invoices that feed Activities.

    Spending (wages on the first day of the contract, purchases on the day of booking) is cut into runs; an
    invoice that covers the whole run is issued by its first day, so that no budget is ever below zero.
    """
    drawn = np.flatnonzero(c.activity >= 0)
    activity = np.append(c.activity[drawn], expenses["activity_id"] - 1)
    spent_on = np.append(c.start[drawn], expenses["booked_on"].astype(np.int64))
    spent = np.append((pay["employer_cost_cents"] + pay["expenses_cents"])[drawn], expenses["amount_cents"])
    if not len(activity):
        return activity, spent_on, spent
    order = np.lexsort((spent, spent_on, activity))
    activity, spent_on, spent = activity[order], spent_on[order], spent[order]
    new = rng.random(len(order)) < world.new_invoice
    new[1:] |= (np.diff(activity) != 0) | (np.diff(spent_on) > world.invoice_gap)
    new[0] = True
    runs = np.flatnonzero(new)
    activity, first_day = activity[runs], spent_on[runs]
    surplus = np.round(world.surplus_percent * 100 * rng.standard_exponential(len(runs))).astype(np.int64)
    total = np.add.reduceat(spent, runs)
    issued = np.maximum(first_day - within(rng, world.invoice_lead, len(runs)), bought_by.opened[activity])
    return activity, issued, _price(world, total + share(total, surplus))
