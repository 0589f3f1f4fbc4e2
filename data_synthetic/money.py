"""Money in integer cents: pay and price of a contract, invoices to clients, budgets of Activities."""

from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable

from data_synthetic import columns as at
from data_synthetic import kinds
from data_synthetic.draw import CERTAIN, bits, chance, key, normal, power, share, within
from data_synthetic.people import PURCHASES, client
from data_synthetic.rules import NEVER

INVOICE_DRAWS, CREDIT_DRAWS = range(2)
FREE, AT_FLOOR, UNIFORM = range(3)  # manners of pay: as the pair agrees, exactly the floor, or one price for a team


class Pay(NamedTuple):
    """The money of one contract, and its hours in tenths (0 for a lump sum)."""

    gross: int
    cost: int
    price: int
    expenses: int
    net: int
    tenths: int


@register_jitable
def pay(rules, me, stream, month, end_month, start, days, tenths, artistic, regime, client_pay, manner, by_client):
    """What a contract of `days` pays. The floor is that of the last day, the highest of the contract.

    A price below the floor of a full day buys fewer hours, as Smart advises: pay by the hour is then at the floor.
    """
    level = rules.base_pay[artistic][month] + client_pay
    if manner != UNIFORM:
        level += rules.trade_pay[me.trade] + me.pay + rules.experience_pay * max(start - me.joined, 0) // 365
        level += normal(rules, stream, 0, rules.pay_sigma)
    floor, full = rules.floor[end_month], rules.full_day
    time = tenths > 0
    gross = power(rules, level) * (tenths if time else full * days) // full
    extra = 0
    if chance(stream, 16, rules.expenses_share):
        extra = power(rules, rules.expenses_middle + normal(rules, stream, 32, rules.expenses_sigma))
    if me.kind == kinds.M11:
        part = within(stream, 44, rules.expense_pay[0], rules.expense_pay[1])
        # What the employer saves in contributions, a quarter, goes to expenses too.
        extra, gross = extra + gross * part * 5 // 400, gross * (100 - part) // 100
    elif me.kind == kinds.TOURER and chance(stream, 28, CERTAIN * 2 // 3):
        extra += gross * within(stream, 44, rules.tour_expense[0], rules.tour_expense[1]) // 100
    reference = rules.fee_reference[month]
    if artistic and not time and chance(key(stream, 0), 0, rules.fee_share):
        gross = max((gross + reference // 2) // reference, -(-floor * days // reference)) * reference
    if me.kind == kinds.COURIER:
        gross = -(-floor * tenths * (100 + rules.courier_premium) // (full * 100))
    elif manner == AT_FLOOR:
        time, tenths = True, full * days
        gross = -(-floor * tenths // full)
    elif gross * full < floor * (tenths if time else full * days):
        time, tenths = True, max(gross * full // floor, rules.engagement_min)
        gross = max(gross, -(-floor * tenths // full))
    student = regime == at.STUDENT
    rate = rules.employer[month] - (rules.artist_reduction[month] if artistic else 0)
    withheld = rules.employee
    if student:
        rate, withheld = rules.employer_student[month], rules.employee_student[month]
    cost = gross + share(gross, rate + rules.insurance)
    taxable = gross - share(gross, withheld)
    tax = 0 if student else rules.tax_artist if artistic else rules.tax_other
    price = price_of(rules, cost + extra) if by_client else 0
    return Pay(gross, cost, price, extra, taxable - share(taxable, tax), tenths if time else 0)


@register_jitable
def price_of(rules, cost):
    """The lowest price in cents that leaves `cost` once the fee is taken."""
    return -(-cost * 1_000 // (1_000 - rules.fee))


@register_jitable
def bill(rules, root, rows, stream, owner, number, buyer, contract, activity, issued, amount, at_once):
    """One invoice, the `number`-th of its owner, and now and then a credit note; returns the next number."""
    if issued > rules.extract:
        return number
    draw, credit = key(stream, INVOICE_DRAWS), key(stream, CREDIT_DRAWS)
    wrong = chance(credit, 0, rules.credited) and not at_once
    back = 0
    if wrong:
        back = max(amount * within(credit, 16, rules.credit_percent[0], rules.credit_percent[1]) // 100, 1)
        amount += back if activity else 0  # what an Activity bills too much must not be spent
    found = client(rules, root, buyer)
    due = issued + rules.terms[bits(draw, 0, 12)]
    delay = power(rules, rules.payment_middle + normal(rules, draw, 12, rules.payment_sigma) + found.delay)
    paid = issued if at_once else issued + 1 + delay
    lost = chance(draw, 24, rules.late_unpaid if found.late else rules.unpaid) and not at_once
    if buyer < rules.platforms and rules.platform_failed[buyer]:
        lost = lost or paid > rules.platform_until[buyer]
    written_off = due + within(draw, 40, rules.write_off[0], rules.write_off[1])
    number = _invoice(rules, rows, owner, number, buyer, contract, activity, issued, due, NEVER if lost else paid,
                      written_off if lost else NEVER, amount)
    if wrong:
        noted = issued + within(credit, 32, rules.credit_delay[0], rules.credit_delay[1])
        if noted <= rules.extract:
            number = _invoice(rules, rows, owner, number, buyer, contract, activity, noted, noted, noted, NEVER, -back)
    return number


@register_jitable
def _invoice(rules, rows, owner, number, buyer, contract, activity, issued, due, paid, written_off, amount):
    n = rows.count[at.INVOICES]
    rows.invoices[at.I_ID, n] = (owner + 1) * at.SLOTS + number
    rows.invoices[at.I_CLIENT, n] = buyer + 1
    rows.invoices[at.I_CONTRACT, n] = contract
    rows.invoices[at.I_ACTIVITY, n] = activity
    rows.invoices[at.I_ISSUED, n] = issued
    rows.invoices[at.I_DUE, n] = due
    rows.invoices[at.I_PAID, n] = paid if paid <= rules.extract else NEVER
    rows.invoices[at.I_LOST, n] = written_off if written_off <= rules.extract else NEVER
    rows.invoices[at.I_AMOUNT, n] = amount
    rows.count[at.INVOICES] = n + 1
    return number + 1


@register_jitable
def fund(rules, root, rows, me, activity, first_row):
    """Purchases of one Activity and the invoices that feed it.

    Spending (wages on the first day of the contract, purchases on the day of booking) is cut into runs; invoices that
    cover the whole run are issued by its first day, so that no budget is ever below zero.
    """
    spent_on, spent, n = rows.spent_on, rows.spent, 0
    number = rows.invoiced[me.number % at.TEAM]
    purchases = key(me.stream, PURCHASES)
    for row in range(first_row, rows.count[at.CONTRACTS]):
        if rows.contracts[at.C_ACTIVITY, row] == activity:
            spent_on[n] = rows.contracts[at.C_START, row]
            spent[n] = rows.contracts[at.C_COST, row] + rows.contracts[at.C_EXPENSES, row]
            n += 1
            draw = key(purchases, rows.contracts[at.C_ID, row])
            if chance(draw, 0, rules.purchase_share) and me.kind != kinds.M06:
                lead = within(draw, 16, rules.purchase_lead[0], rules.purchase_lead[1])
                spent_on[n] = max(rows.contracts[at.C_START, row] - lead, me.opened)
                spent[n] = 1 + power(rules, rules.purchase_middle + normal(rules, draw, 32, rules.purchase_sigma))
                _purchase(rules, rows, me, activity, draw, spent_on[n], spent[n], n)
                n += 1
    if n == 0:
        return
    order = np.argsort(spent_on[:n], kind="mergesort")
    total, first_day, run = 0, 0, 0
    for i in range(n):
        on = spent_on[order[i]]
        draw = key(key(purchases, 1), i)
        gap = on - spent_on[order[i - 1]] > rules.invoice_gap if i else True
        if i and (gap or me.kind == kinds.SAVER or me.kind == kinds.M06 or chance(draw, 0, rules.new_invoice)):
            number = _feed(rules, root, rows, me, activity, run, first_day, total, number)
            total, run = 0, run + 1
        first_day = on if total == 0 else first_day
        total += spent[order[i]]
    _feed(rules, root, rows, me, activity, run, first_day, total, number)


@register_jitable
def _purchase(rules, rows, me, activity, draw, on, amount, i):
    n = rows.count[at.EXPENSES]
    rows.expenses[at.E_ID, n] = (me.number + 1) * at.SLOTS + i
    rows.expenses[at.E_ACTIVITY, n] = activity
    rows.expenses[at.E_BOOKED, n] = on
    rows.expenses[at.E_KIND, n] = rules.purchase_kind[bits(draw, 44, 12)]
    rows.expenses[at.E_AMOUNT, n] = amount
    rows.count[at.EXPENSES] = n + 1


@register_jitable
def _feed(rules, root, rows, me, activity, run, first_day, total, number):
    """The invoices of one run of spending: one, or several over half a year for a saver."""
    stream = key(key(key(me.stream, PURCHASES), 2), run)
    surplus = total * (rules.surplus * rules.neglog[bits(stream, 0, 12)] >> 12) // 10_000
    place, own_money = me.number % at.TEAM, me.kind == kinds.M06
    pieces = 4 if me.kind == kinds.SAVER else 1
    for piece in range(pieces):
        draw = key(stream, piece)
        low, high = rules.invoice_lead[0], rules.invoice_lead[1]
        if me.kind == kinds.SAVER:
            low, high = rules.saver_lead[0], rules.saver_lead[1]
        elif own_money:
            low, high = 0, 3
        issued = max(first_day - within(draw, 0, low, high), me.opened)
        amount = price_of(rules, -(-(total + surplus) // pieces) if not own_money else total)
        buyer = rows.circle[place, 0 if own_money else bits(draw, 16, 32) * rows.known[place] >> 32]
        number = bill(rules, root, rows, draw, me.number, number, buyer, 0, activity, issued, amount, own_money)
    return number

