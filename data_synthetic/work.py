"""The working life of one member: in touch or not, which contracts, who buys them, and what they pay."""

from typing import NamedTuple

from numba.extending import register_jitable

from data_synthetic import columns as at
from data_synthetic import kinds
from data_synthetic.draw import CERTAIN, bits, chance, key, normal, power, within
from data_synthetic.money import AT_FLOOR, FREE, UNIFORM, bill, pay
from data_synthetic.people import (
    CREWS,
    JOB,
    MONTHS,
    MOODS,
    VOICE,
    age_at,
    client,
    client_of,
    kind_of,
    month_index,
    newcomer,
)
from data_synthetic.rules import NEVER

# Streams of a month and of a contract.
ARRIVALS, JOBS, EXTRA, SHARE = range(4)
(LENGTH, BUYER, FUNCTION, HOURS, MONEY, DATES, BILL) = range(7)
# What is remembered of a life.
(CONTRACTS, KNOWN, QUOTA_YEAR, QUOTA_USED, INVOICES, HOLDS, SHARE_YEAR, HELD_ON, IN_MONTH, FIRST_IN_MONTH, PATTERN,
 TOPPED, NEAR, BELOW, FULL_QUOTA) = range(15)
MOST_IN_MONTH = 50
QUARTER = 7_800       # hundredths of a day that count of a quarter, at most


class Purse(NamedTuple):
    """The Activities that may buy the work of a member: the own one, and that of a host (0: none)."""

    own: int
    own_until: int
    host: int
    host_from: int
    host_until: int
    host_pays_floor: int


@register_jitable
def weekday(on):
    """0 = Monday."""
    return (on + 3) % 7


@register_jitable
def working_day(on, after):
    """The day that lies `after` working days after a day, which itself counts as the last working day before it."""
    day = on - max(weekday(on) - 4, 0)
    while after > 0:
        day += 1
        if weekday(day) < 5:
            after -= 1
    return day


@register_jitable
def live(rules, root, rows, me, left, purse):
    """All contracts of one member, in order of their first day, with invoices, shares and flags."""
    for i in range(at.MEMORY):
        rows.memory[i] = 0
    months, moods = key(me.stream, MONTHS), key(me.stream, MOODS)
    boss, crew = _boss(rules, root, me)
    rows.circle[me.number % at.TEAM, 0] = boss
    rows.memory[KNOWN] = 1 if me.kind == kinds.M06 else 0
    first, last = month_index(rules, me.joined), min(rules.last_month, month_index(rules, min(left, rules.extract)))
    for month in range(len(rows.admitted)):
        rows.admitted[month] = 0
    touch, mood, mood_year = True, 0, -1
    for month in range(first, last + 1):
        rows.memory[IN_MONTH] = 0
        if month // 12 != mood_year:
            mood_year = month // 12
            mood = normal(rules, key(moods, mood_year), 0, rules.within_sigma)
        stream = key(months, month)
        again = chance(stream, 0, rules.stay[me.kind] if touch else rules.back[me.kind])
        job = me.job_from <= month <= me.job_until
        jobs = key(stream, JOBS)
        spared = chance(stream, 16, rules.work_left[month])  # by the closures of a pandemic
        if me.kind == kinds.M01 and job:
            _daily(rules, root, rows, me, left, purse, jobs, month, boss)
        elif me.kind == kinds.M02 and job:
            _monthly(rules, root, rows, me, left, purse, jobs, month, boss)
        elif me.kind == kinds.M07 and job:
            _weeks(rules, root, rows, me, left, purse, jobs, month, boss)
        elif me.kind == kinds.SAVER or me.kind == kinds.M06:
            if spared:
                _rarely(rules, root, rows, me, left, purse, jobs, month, touch)
        else:
            if me.kind == kinds.TEACHER and spared:
                _class(rules, root, rows, me, left, purse, jobs, month, boss)
            elif me.kind == kinds.THEATRE and spared:
                _run(rules, root, rows, me, left, purse, jobs, month, boss, crew)
            if touch:
                level = rules.rate[me.kind] + me.rate + mood + rules.pace[me.artist][month]
                if me.kind == kinds.COURIER:
                    level = rules.rate[me.kind]
                if me.opened < rules.first_day[month]:
                    level += rules.activity_rate
                if rows.memory[HOLDS] == 1 and rows.memory[HELD_ON] < rules.first_day[month]:
                    level += rules.share_rate
                _arrive(rules, root, rows, me, left, purse, key(stream, ARRIVALS), month,
                        min(power(rules, level), rules.rate_max),
                        boss if job or me.kind == kinds.COURIER else -1)
        _buy_share(rules, rows, me, left, key(stream, SHARE))
        if touch and not again and month < last:
            _top_up(rules, root, rows, me, left, purse, key(stream, EXTRA), month)
        touch = again
    _flag(rules, rows, me)


@register_jitable
def _boss(rules, root, me):
    """The client of a pattern, and the crew of a member of the theatre."""
    job = key(key(me.stream, JOB), 0)
    crew = 0
    if me.kind == kinds.M07:
        return rules.platforms + (kind_of(rules, root, me.number)[1] * rules.teams >> 32), crew
    if me.kind == kinds.COURIER:
        return me.platform, crew
    if me.kind == kinds.TEACHER:
        return client_of(rules, root, job, -1, rules.sector_school), crew
    if me.kind == kinds.THEATRE:
        crew = kind_of(rules, root, me.number)[1] * rules.crews >> 32
        return client_of(rules, root, key(key(root, CREWS), crew), -1, rules.sector_arts), crew
    if me.kind == kinds.M06:
        return client_of(rules, root, job, rules.form_household, -1), crew
    return newcomer(rules, root, me, job), crew


@register_jitable
def _arrive(rules, root, rows, me, left, purse, stream, month, rate, boss):
    """Contracts at random times of a month, `rate` of them on average (fixed point): a Poisson process."""
    at_time, i = 0, 0
    length = rules.first_day[month + 1] - rules.first_day[month]
    while i < MOST_IN_MONTH:
        draw = key(stream, i)
        at_time += rules.neglog[bits(draw, 0, 12)]
        if at_time >= rate:
            break
        start = rules.first_day[month] + at_time * length // rate
        span, days = 1, 1
        if me.kind != kinds.COURIER:
            chosen = key(draw, LENGTH)
            days = rules.lengths[rules.kind_lengths[me.kind]][bits(chosen, 0, 12)]
            span = _span(rules, chosen, days)
        _contract(rules, root, rows, me, left, purse, draw, month, start, days, span, boss,
                  False)
        i += 1


@register_jitable
def _span(rules, draw, days):
    """Calendar days of a contract: five days in seven, and some slack."""
    if days == 1:
        return 1
    longest = days + 2 * (days // 5)
    return longest + (bits(draw, 16, 16) * (longest * rules.slack // 100 + 1) >> 16)


@register_jitable
def _daily(rules, root, rows, me, left, purse, stream, month, boss):
    """M-01: a contract a day on most weekdays."""
    for day in range(rules.first_day[month], rules.first_day[month + 1]):
        if weekday(day) < 5 and chance(key(stream, day), 0, rules.job_density):
            _contract(rules, root, rows, me, left, purse, key(stream, day), month, day, 1, 1,
                      boss, True)


@register_jitable
def _monthly(rules, root, rows, me, left, purse, stream, month, boss):
    """M-02: one contract for all weekdays of the month."""
    first, after = rules.first_day[month], rules.first_day[month + 1]
    days = 0
    for day in range(first, after):
        days += 1 if weekday(day) < 5 else 0
    _contract(rules, root, rows, me, left, purse, key(stream, 0), month, first, days,
              after - first, boss, True)


@register_jitable
def _weeks(rules, root, rows, me, left, purse, stream, month, boss):
    """M-07: from Monday to Friday, week after week."""
    for day in range(rules.first_day[month], rules.first_day[month + 1]):
        if weekday(day) == 0:
            _contract(rules, root, rows, me, left, purse, key(stream, day), month, day, 5, 5,
                      boss, True)


@register_jitable
def _class(rules, root, rows, me, left, purse, stream, month, boss):
    """The weekly teacher: one weekday of the school year, by the day or by the month."""
    job = key(me.stream, JOB)
    chosen, by_month = within(key(job, 1), 0, 0, 4), chance(key(job, 1), 16, CERTAIN // 2)
    if month % 12 == 6 or month % 12 == 7:
        return
    first, classes, last = 0, 0, 0
    for day in range(max(rules.first_day[month], me.joined), rules.first_day[month + 1]):
        if weekday(day) == chosen and chance(key(stream, day), 0, CERTAIN * 9 // 10):
            if by_month:
                first = day if classes == 0 else first
                last, classes = day, classes + 1
            else:
                _contract(rules, root, rows, me, left, purse, key(stream, day), month, day,
                          1, 1, boss, True)
    if classes:
        _contract(rules, root, rows, me, left, purse, key(stream, 0), month, first, classes,
                  last - first + 1, boss, True)


@register_jitable
def _run(rules, root, rows, me, left, purse, stream, month, boss, crew):
    """The run of a production: evenings from Tuesday to Sunday, with the whole crew, once a year."""
    year = key(key(key(root, CREWS), crew), month // 12)
    opens = rules.first_day[month // 12 * 12] + within(year, 0, 10, 300)
    closes = opens + 7 * within(year, 16, rules.run_weeks[0], rules.run_weeks[1])
    for day in range(max(rules.first_day[month], opens), min(rules.first_day[month + 1], closes)):
        if weekday(day) > 0 and chance(key(stream, day), 0, rules.run_density):
            _contract(rules, root, rows, me, left, purse, key(stream, day), month, day, 1, 1,
                      boss, True)


@register_jitable
def _rarely(rules, root, rows, me, left, purse, stream, month, touch):
    """The saver pays one long contract in half a year; who buys own days (M-06) does so at the end of a quarter."""
    if me.kind == kinds.SAVER:
        due = month % 6 == within(key(me.stream, JOB), 0, 0, 5)
        days = within(stream, 0, 20, 45)
    else:
        due = touch and month % 3 == 2
        days = within(stream, 0, 6, 18)
    if due:
        start = rules.first_day[month] + within(stream, 16, 0, 9)
        _contract(rules, root, rows, me, left, purse, key(stream, 0), month, start, days,
                  _span(rules, stream, days), -1, True)


@register_jitable
def _contract(rules, root, rows, me, left, purse, stream, month, start, days, span, boss,
              pattern):
    """One contract, with the invoice of a client that buys it."""
    end = start + span - 1
    if start < me.joined or start > left or month_index(rules, end) > rules.last_month:
        return
    if rows.memory[CONTRACTS] >= at.SLOTS:
        return
    buyer_draw, hours_draw = key(stream, BUYER), key(stream, HOURS)
    activity, floor_manner = _activity(rules, me, purse, buyer_draw, start, end, boss)
    buyer, client_pay = -1, 0
    if activity == 0 or rows.memory[KNOWN] == 0 or not pattern:
        buyer = boss if boss >= 0 else _client(rules, root, rows, me, buyer_draw)
        client_pay = client(rules, root, buyer).pay
        rows.circle[me.number % at.TEAM, rows.memory[KNOWN] % at.CIRCLE] = buyer
        rows.memory[KNOWN] += 1
    if activity:
        client_pay = 0
    trade, artistic, relabelled = _function(rules, me, key(stream, FUNCTION), start)
    lump = chance(hours_draw, 0, rules.lump_sum[artistic][month])
    percent = rules.part_time[bits(hours_draw, 16, 12)]
    courier = me.kind == kinds.COURIER
    declared = max(days // rules.undeclared, 1) if me.kind == kinds.M03 else days
    tenths = max(rules.full_day * declared * percent // 100, rules.engagement_min)
    if courier:
        tenths = within(hours_draw, 32, rules.courier_hours[0], rules.courier_hours[1])
        tenths = max(tenths, rules.engagement_min if start >= rules.protocol else 1)
    regime = at.EMPLOYEE
    if me.student and (courier or start < me.joined + rules.student_span):
        lump = False
        if _inside_quota(rules, rows, month, declared, tenths):
            regime = at.STUDENT
    elif (not artistic and not courier and activity == 0 and start >= rules.agency_from
          and chance(hours_draw, 48, rules.agency_share)):
        regime = at.AGENCY
    lump = lump and not courier
    manner = AT_FLOOR if floor_manner or me.kind == kinds.M04 or me.kind == kinds.M08 else FREE
    if me.kind == kinds.M07 and pattern:
        manner = UNIFORM
    pair_pay = client_pay
    if days > declared:  # the pay of all days worked goes to the days declared
        pair_pay += rules.undeclared_pay
    money = pay(rules, me, key(stream, MONEY), month, month_index(rules, end), start, declared, 0 if lump else tenths,
                artistic, regime, pair_pay, manner, activity == 0)
    if start < rules.first_day[rules.first_month]:
        return
    n = rows.count[at.CONTRACTS]
    number = (me.number + 1) * at.SLOTS + rows.memory[CONTRACTS]
    paid, created = _dates(rules, me, key(stream, DATES), start, end)
    rows.contracts[at.C_ID, n] = number
    rows.contracts[at.C_WORKER, n] = me.number + 1
    rows.contracts[at.C_CLIENT, n] = 0 if activity else buyer + 1
    rows.contracts[at.C_ACTIVITY, n] = activity
    rows.contracts[at.C_CREATED, n] = created
    rows.contracts[at.C_START, n] = start
    rows.contracts[at.C_END, n] = end
    rows.contracts[at.C_DAYS, n] = declared
    rows.contracts[at.C_TENTHS, n] = money.tenths
    rows.contracts[at.C_GROSS, n] = money.gross
    rows.contracts[at.C_COST, n] = money.cost
    rows.contracts[at.C_PRICE, n] = money.price
    rows.contracts[at.C_EXPENSES, n] = money.expenses
    rows.contracts[at.C_NET, n] = money.net
    rows.contracts[at.C_PAID, n] = paid
    rows.contracts[at.C_TRADE, n] = trade
    rows.contracts[at.C_ARTISTIC, n] = artistic
    rows.contracts[at.C_REGIME, n] = regime
    rows.contracts[at.C_HOME, n] = me.home
    rows.count[at.CONTRACTS] = n + 1
    rows.memory[CONTRACTS] += 1
    rows.memory[IN_MONTH] += 1
    if rows.memory[IN_MONTH] == 1:
        rows.memory[FIRST_IN_MONTH] = start
    _admit(rules, rows, month, start, end, _admissible(rules, month, declared, money.tenths, money.gross))
    if activity == 0:
        bill_draw = key(stream, BILL)
        issued = end + within(bill_draw, 0, rules.issue_delay[0], rules.issue_delay[1])
        rows.memory[INVOICES] = bill(rules, root, rows, bill_draw, me.number, rows.memory[INVOICES], buyer, number, 0,
                                     issued, money.price, False)
    flag = _flag_of_contract(me, pattern, relabelled, activity, floor_manner)
    if flag >= 0:
        rows.memory[PATTERN] += 1
        put_flag(rows, at.CONTRACT, number, flag)


@register_jitable
def _activity(rules, me, purse, draw, start, end, boss):
    """The Activity that buys a contract, 0 where a client does, and whether it pays the floor."""
    if boss >= 0:
        return 0, False
    own = me.opened + rules.activity_wait <= start and end <= purse.own_until
    always = me.kind == kinds.SAVER or me.kind == kinds.M06
    if own and (always or chance(draw, 32, rules.activity_use)):
        return purse.own, False
    host = purse.host > 0 and purse.host_from + rules.activity_wait <= start and end <= purse.host_until
    if host and chance(draw, 48, rules.guest_use):
        return purse.host, purse.host_pays_floor == 1
    return 0, False


@register_jitable
def _client(rules, root, rows, me, draw):
    """A client of an own contract in the past, or a new one: the more contracts, the more often an old one."""
    ready = rules.circle[me.kind]
    if me.kind == kinds.BEGINNER:
        ready = 6
    known = min(rows.memory[KNOWN], at.CIRCLE)
    place = bits(draw, 0, 32) * (known + ready) >> 32 if known + ready > 0 else 0
    return rows.circle[me.number % at.TEAM, place] if place < known else newcomer(rules, root, me, draw)


@register_jitable
def _function(rules, me, draw, start):
    """Trade of a contract, whether it is artistic, and whether its name changed with the reform (M-16)."""
    trade = me.trade
    if me.kind == kinds.COURIER:
        return trade, 0, False
    if me.kind == kinds.VERSATILE and chance(draw, 0, CERTAIN // 2):
        trade = rules.arts[bits(draw, 16, 12)] if chance(draw, 44, CERTAIN // 2) else rules.crafts[bits(draw, 16, 12)]
    elif me.kind == kinds.M16:
        if start >= rules.reform:
            return rules.crafts[bits(key(me.stream, JOB), 0, 12)], 0, True
    elif not chance(draw, 0, rules.own_trade):
        trade = rules.arts[bits(draw, 16, 12)] if me.artist else rules.crafts[bits(draw, 16, 12)]
    visa = me.visa == 1 or start < rules.visa_from
    artistic = rules.artistic[trade] == 1 and chance(draw, 28, rules.artistic_coded) and visa
    return trade, 1 if artistic else 0, False


@register_jitable
def _inside_quota(rules, rows, month, days, tenths):
    """Whether a contract still fits into the student quota of its year, which it then uses."""
    if rows.memory[QUOTA_YEAR] != month // 12:
        rows.memory[QUOTA_YEAR], rows.memory[QUOTA_USED] = month // 12, 0
    used = tenths if rules.quota_in_hours[month] else days
    if rows.memory[QUOTA_USED] + used > rules.quota[month]:
        rows.memory[FULL_QUOTA] = 1
        return False
    rows.memory[QUOTA_USED] += used
    return True


@register_jitable
def _dates(rules, me, draw, start, end):
    """Day of payment, and day of entry in the system."""
    paid = working_day(end, within(draw, 0, rules.pay_delay[0], rules.pay_delay[1]))
    late = chance(draw, 16, CERTAIN // 2 if me.kind == kinds.CLERK else rules.retroactive)
    if me.kind == kinds.M14:
        return paid, max(paid - within(draw, 32, 0, 1), end)
    if late:
        return paid, max(start + within(draw, 32, rules.created_after[0], rules.created_after[1]), me.joined)
    return paid, max(start - within(draw, 32, rules.created_before[0], rules.created_before[1]), me.joined)


@register_jitable
def _admissible(rules, month, days, tenths, gross):
    """Days of a contract that count for unemployment benefit, in hundredths: 6 for each 5 days of 7.6 hours, or what a
    lump sum is worth at the reference fee."""
    if tenths == 0:
        return gross * 100 // rules.fee_reference[month]
    return tenths * 600 // (5 * rules.full_day)


@register_jitable
def _admit(rules, rows, month, start, end, admissible):
    """The admissible days of a contract, spread evenly over its calendar days, in their months."""
    length, m, given = end - start + 1, month, 0
    while rules.first_day[m + 1] <= start:
        m += 1
    while given < admissible:
        until = min(rules.first_day[m + 1], end + 1) - start
        upto = admissible * until // length
        rows.admitted[m] += upto - given
        given = upto
        m += 1


@register_jitable
def _window(rules, me, month):
    """Hundredths of admissible days that open benefit at the age of a member, and months in which they count."""
    age = age_at(me, 1995 + month // 12)
    band = 0
    while band < 2 and age >= rules.admission_age[band]:
        band += 1
    late = 1 if rules.first_day[month] >= rules.admission_from else 0
    return rules.admission_days[band] * 100, rules.admission_window[late][band]


@register_jitable
def _top_up(rules, root, rows, me, left, purse, stream, month):
    """M-05: when work stops a little below the threshold, an attentive member adds the days that lack."""
    needed, window = _window(rules, me, month + 1)
    since = max(month + 2 - window, 0)
    reached, taken = 0, 0
    for m in range(since // 3 * 3, month + 2):
        if m % 3 == 0:
            taken = 0
        counted = min(rows.admitted[m], QUARTER - taken)
        taken += counted
        if m >= since:
            reached += counted
    lacking = needed - reached
    if me.kind == kinds.COURIER:
        return
    if -500 <= lacking <= 0:
        rows.memory[NEAR] = 1
    if me.attentive == 0:
        rows.memory[BELOW] |= 1 if 0 < lacking <= rules.threshold_reach else 0
        lacking = rules.placebo_days * 100 - reached if me.placebo == 1 else 0
    if not 0 < lacking <= rules.threshold_reach:
        return
    days = -(-lacking // 120) + within(stream, 0, 0, 2)
    before = rows.memory[CONTRACTS]
    start = rules.first_day[month + 1] + within(stream, 16, 0, 6)
    _contract(rules, root, rows, me, left, purse, stream, month + 1, start, days,
              _span(rules, stream, days), -1, False)
    if rows.memory[CONTRACTS] > before:
        rows.memory[TOPPED] = 1
        put_flag(rows, at.CONTRACT, (me.number + 1) * at.SLOTS + before, kinds.AT_THRESHOLD)


@register_jitable
def _flag_of_contract(me, pattern, relabelled, activity, floor_manner):
    """The pattern that a contract belongs to, −1 for none."""
    if floor_manner:
        return kinds.M13
    if relabelled:
        return kinds.M16
    kind = me.kind
    if kind == kinds.M03 or kind == kinds.M04 or kind == kinds.M08 or kind == kinds.M11 or kind == kinds.M14:
        return kind
    if pattern and kind >= kinds.TEACHER:
        return kind
    return -1


@register_jitable
def put_flag(rows, entity, number, flag):
    n = rows.count[at.FLAGS]
    rows.flags[at.F_ENTITY, n] = entity
    rows.flags[at.F_ID, n] = number
    rows.flags[at.F_FLAG, n] = flag
    rows.count[at.FLAGS] = n + 1


@register_jitable
def _flag(rules, rows, me):
    """What the flag file says of a member who worked: its kind, and patterns that came by its acts.

    A misuse that shows in single contracts needs one of them; a team leader is flagged with its guests, elsewhere.
    """
    if rows.memory[CONTRACTS] == 0:
        return
    number, kind = me.number + 1, me.kind
    by_contract = (kinds.M01 <= kind <= kinds.M16 and kind != kinds.M13) or kind == kinds.THEATRE
    if kind != kinds.M13 and kind != kinds.LEADER and (not by_contract or rows.memory[PATTERN] > 0):
        put_flag(rows, at.WORKER, number, kind)
    if rows.memory[TOPPED]:
        put_flag(rows, at.WORKER, number, kinds.AT_THRESHOLD)
    elif rows.memory[NEAR]:
        put_flag(rows, at.WORKER, number, kinds.NEAR_THRESHOLD)
    if rows.memory[BELOW]:
        put_flag(rows, at.WORKER, number, kinds.BELOW_THRESHOLD)
    if rows.memory[FULL_QUOTA]:
        put_flag(rows, at.WORKER, number, kinds.AT_QUOTA)
    elif rows.memory[QUOTA_YEAR]:
        put_flag(rows, at.WORKER, number, kinds.INSIDE_QUOTA)
    if me.number < rules.small_cell and kind != kinds.COURIER:
        put_flag(rows, at.WORKER, number, kinds.DOMINANT if me.number == 0 else kinds.SMALL_CELL)


@register_jitable
def _buy_share(rules, rows, me, left, stream):
    """The first share, sooner in a busy month; then one for each year of use."""
    if rows.memory[IN_MONTH] == 0:
        return
    on = rows.memory[FIRST_IN_MONTH]
    if on < rules.shares_from:
        return
    year = month_index(rules, on) // 12
    if rows.memory[HOLDS] == 0:
        if bits(stream, 0, 16) >= rules.share_base + rules.share_selection * rows.memory[IN_MONTH]:
            return
        rows.memory[HELD_ON] = on
    elif rows.memory[SHARE_YEAR] == year:
        return
    rows.memory[SHARE_YEAR] = year
    if rows.memory[HOLDS] == 1 and not chance(stream, 16, rules.share_taken):
        return
    rows.memory[HOLDS] = 1
    leaves = key(me.stream, VOICE)
    redeemed = NEVER
    if left < NEVER and chance(leaves, 0, rules.redeemed):
        redeemed = max(left, on) + within(leaves, 16, rules.redeem_delay[0], rules.redeem_delay[1])
    n = rows.count[at.SHARES]
    rows.shares[at.S_WORKER, n] = me.number + 1
    rows.shares[at.S_ON, n] = on
    rows.shares[at.S_REDEEMED, n] = redeemed if redeemed <= rules.extract else NEVER
    rows.shares[at.S_SHARES, n] = rules.extra_shares[bits(stream, 32, 12)]
    rows.count[at.SHARES] = n + 1
