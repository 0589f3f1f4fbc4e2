"""Members and clients: who they are, when they are with Smart, and the traits that no table shows.

Everything about one member or client is a function of the rules, the seed and its number.
"""

from typing import NamedTuple

from numba.extending import register_jitable

from data_synthetic.draw import bits, chance, key, normal, scaled, within
from data_synthetic.kinds import (
    BEGINNER,
    COURIER,
    LEADER,
    M01,
    M02,
    M06,
    M07,
    M08,
    M13,
    M16,
    SAVER,
)
from data_synthetic.rules import DAY0, LAST_DAY, NEVER

# Streams of the seed.
DIMENSIONS, MEMBERS, CLIENTS, CREWS, TEAMS, INTERVIEWS, PASSAGES = range(7)
# Streams of a member.
(BODY, MIND, HOME, TRADE, MONTHS, CAREER, MOODS, BUDGET, VOICE, LINKS, JOB, PURCHASES) = range(12)


class Member(NamedTuple):
    """One member; days are day numbers, months count from January 1995, logarithms have base 2 in 1/4,096."""

    number: int
    stream: int
    kind: int
    joined: int
    birth_year: int  # 0 where it is not recorded
    gender: int
    home: int
    education: int
    status: int
    student: int
    trade: int
    artist: int
    visa: int
    platform: int  # −1: no courier
    pay: int  # log premium of the member
    rate: int  # log contracts, relative to the kind
    opened: int  # the day of the own Activity, or NEVER
    attentive: int  # tops up days below a threshold
    placebo: int
    job_from: int  # first and last month of the job of a pattern
    job_until: int


@register_jitable
def month_index(rules, on):
    """Months from January 1995 to a day; of a day outside the tables, the first or the last month."""
    return rules.month_of[min(max(on - DAY0, 0), LAST_DAY)]


@register_jitable
def even(rules, root, number, dimension):
    """A number in [0, 2^32), spread evenly over the members in three dimensions at once (Sobol's sequence, shifted)."""
    place, i = bits(key(key(root, DIMENSIONS), dimension), 0, 32), 0
    while number >> i:
        if number >> i & 1:
            place ^= rules.directions[dimension][i]
        i += 1
    return place


@register_jitable
def quantile(table, place):
    """The day at `place`, in [0, 2^32), of a table of 4,097 quantiles."""
    i = place >> 20
    return table[i] + ((table[i + 1] - table[i]) * (place & ((1 << 20) - 1)) >> 20)


@register_jitable
def kind_of(rules, root, number):
    """The kind of a member, and its place within its kind, in [0, 2^32)."""
    place = even(rules, root, number, 1)
    kind, below = 0, 0
    while kind < COURIER and place >= rules.kind_until[kind]:
        below = rules.kind_until[kind]
        kind += 1
    width = max(rules.kind_until[kind] - below, 1)
    return kind, min(((place - below) << 31) // width << 1, (1 << 32) - 1)


@register_jitable
def team_window(rules, root, team):
    """First and last month in which a team is lent to its user."""
    stream = key(key(root, TEAMS), team)
    span = max(rules.last_month - rules.first_month - 12, 1)
    first = rules.first_month + 3 + (bits(stream, 0, 16) * span >> 16)
    months = (within(stream, 16, rules.job_months[0], rules.job_months[1]) + 1) // 2
    return first, first + max(months, 4) - 1


@register_jitable
def member(rules, root, number):
    """The member `number`, from 0 on."""
    stream = key(key(root, MEMBERS), number)
    body, mind, job = key(stream, BODY), key(stream, MIND), key(stream, JOB)
    kind, place = kind_of(rules, root, number)
    courier = kind == COURIER
    joined = quantile(rules.courier_joins if courier else rules.joins, even(rules, root, number, 0))
    if kind == M16:  # at Smart well before the reform and until after it
        joined = min(joined, rules.reform - 500 - within(job, 32, 0, 900))
    months = within(job, 0, rules.job_months[0], rules.job_months[1])
    job_from = month_index(rules, joined) + within(job, 16, 1, 3)
    job_until = job_from - 1
    if kind == M01:
        job_until = job_from + months - 1
    elif kind == M02:
        job_until = job_from + 2 * months - 1
    elif kind == M08:
        job_until = job_from + rules.intern_months - 1
    elif kind == BEGINNER:
        job_until = job_from + rules.intern_months // 3 - 1
    elif kind == M07:
        job_from, job_until = team_window(rules, root, place * rules.teams >> 32)
        joined = rules.first_day[job_from] - within(job, 48, 5, 40)
    elif kind == M16:
        job_from, job_until = month_index(rules, joined), month_index(rules, rules.reform + 400)

    young = kind in (M08, BEGINNER)
    age = rules.ages[bits(body, 0, 12)]
    if young:
        age = within(body, 0, rules.young_ages[0], rules.young_ages[1])
    if courier:
        age = within(body, 0, rules.courier_ages[0], rules.courier_ages[1])
    student = age < rules.student_age and chance(body, 16, rules.student_share) and not young
    gender = rules.gender[bits(body, 32, 12)]
    if courier:
        student = chance(body, 16, rules.courier_students)
        gender = rules.man if chance(body, 44, rules.courier_men) else rules.woman

    homes = key(stream, HOME)
    home = rules.homes[bits(homes, 0, 12)]
    small = not courier and number < rules.small_cell
    if small:
        home = rules.small_home
    trades = key(stream, TRADE)
    late = bits(trades, 0, 16) * rules.trade_span >> 16 < joined - rules.trade_from
    trade = rules.late_trade[bits(trades, 16, 12)] if late else rules.early_trade[bits(trades, 16, 12)]
    if kind == M16:
        trade = rules.arts[bits(trades, 16, 12)]
    if courier:
        trade = rules.courier_trade
    platform = -1
    if courier:
        platform = bits(trades, 32, 16) * rules.platforms >> 16
        if joined < rules.platform_since[platform] or joined >= rules.platform_until[platform]:
            platform = rules.platforms - 1 - platform

    z = even(rules, root, number, 2) >> 20
    rate = 0 if courier else rules.normal[z] * rules.between_sigma >> 12
    # A courier's pay has no personal part; of the rest, pay and intensity are independent.
    pay = 0 if courier else normal(rules, mind, 0, rules.worker_sigma)
    if small and number == 0:
        pay += rules.dominant_pay

    budget = key(stream, BUDGET)
    share = scaled(rules, rules.activity_share, rules.normal[z] * rules.activity_selection >> 12)
    adopts = NEVER
    if bits(budget, 0, 16) < share:
        adopts = rules.activity_from + bits(budget, 0, 16) * rules.activity_span // max(share, 1)
    if kind in (SAVER, LEADER, M13, M06):
        adopts = rules.activity_from + within(budget, 16, 0, 400)
    if courier or kind in (M01, M02, M07, M08):
        adopts = NEVER
    opened = NEVER if adopts == NEVER else max(adopts, joined, rules.first_day[rules.first_month])

    year = 1995 + month_index(rules, joined) // 12
    return Member(
        number, stream, kind, joined,
        0 if chance(body, 48, rules.birth_missing) else year - age,
        gender, home, rules.education[bits(homes, 12, 12)], rules.status[bits(homes, 24, 12)],
        1 if student else 0, trade, rules.artistic[trade], 1 if chance(mind, 16, rules.visa_share) else 0,
        platform, pay, rate, opened, 1 if chance(mind, 32, rules.threshold_share) else 0,
        1 if chance(mind, 48, rules.placebo_share) else 0, job_from, job_until,
    )


@register_jitable
def age_at(me, year):
    """The age in a year; 30 where it is not recorded."""
    return year - me.birth_year if me.birth_year else 30


@register_jitable
def career_end(rules, me):
    """The last day of a career: a hazard each month, higher for the low-paid, lower with an Activity."""
    steady = me.pay * rules.pay_leave >> 12
    if me.gender == rules.woman:
        steady += rules.gender_leave
    careers = key(me.stream, CAREER)
    last = rules.last_month
    platform_end = rules.platform_until[me.platform] if me.platform >= 0 else NEVER
    month = month_index(rules, me.joined)
    while month <= last:
        if not (me.job_from <= month <= me.job_until and me.job_until > me.job_from):
            open_ = me.opened <= rules.first_day[month]
            hazard = scaled(rules, rules.leave[me.kind], steady + (rules.activity_leave if open_ else 0))
            draw = key(careers, month)
            if bits(draw, 0, 20) < hazard:
                length = rules.first_day[month + 1] - rules.first_day[month]
                leaves = rules.first_day[month] + (bits(draw, 32, 16) * length >> 16)
                if leaves >= me.joined:
                    return min(leaves, platform_end)
        month += 1
    return min(NEVER, platform_end)


class Client(NamedTuple):
    """One client; `pay` and `delay` are log premiums, base 2 in 1/4,096."""

    form: int
    sector: int  # −1 for a private household, −2 for a platform
    size: int
    home: int
    pay: int
    delay: int
    late: int  # pays very late or not at all (M-12)


@register_jitable
def client(rules, root, number):
    """The client `number`: the platforms first, then the users of teams, then all others."""
    stream = key(key(root, CLIENTS), number)
    other = key(stream, 0)
    form, size = rules.form[bits(stream, 0, 12)], rules.size[bits(stream, 24, 12)]
    platform, team = number < rules.platforms, number < rules.platforms + rules.teams
    if team:
        form, size = rules.form_company, rules.size_medium
    pay = 0 if platform else normal(rules, other, 0, rules.client_sigma)
    delay, late = 0, 1 if not team and chance(other, 16, rules.late_payer) and form != rules.form_public else 0
    if form == rules.form_public:
        pay += rules.public_pay
        delay += rules.public_delay
    if size == rules.size_large and form != rules.form_household:
        pay += rules.size_pay
        delay += rules.size_delay
    if late:
        delay += rules.late_delay
    return Client(form, -2 if platform else rules.sector[bits(stream, 12, 12)], size,
                  rules.homes[bits(stream, 36, 12)], pay, delay, late)


@register_jitable
def first_other(rules):
    """The first client that anybody may have."""
    return rules.platforms + rules.teams


@register_jitable
def popular(rules, place):
    """The ordinary client at `place`, in [0, 2^32): the first of the list are the best known."""
    u = place
    for _ in range(rules.popularity - 1):
        u = u * place >> 32
    return first_other(rules) + (u * rules.clients >> 32)


@register_jitable
def newcomer(rules, root, me, stream):
    """A new client: of three, the one that suits best in region and, now and then, in level of pay."""
    best, best_score = 0, -1
    near, sorts = chance(stream, 0, rules.same_region), chance(stream, 16, rules.sorting)
    for i in range(3):
        number = popular(rules, bits(key(stream, i), 0, 32))
        found = client(rules, root, number)
        score = 0
        if near and rules.in_brussels[found.home] == rules.in_brussels[me.home]:
            score += 2
        if sorts and (found.pay > 0) == (me.pay > 0):
            score += 3
        if score > best_score:
            best, best_score = number, score
    return best


@register_jitable
def client_of(rules, root, stream, form, sector):
    """An ordinary client of a legal form (−1: any but a household) and of a sector (−1: any), or the last one tried."""
    number = first_other(rules)
    for i in range(400):
        number = first_other(rules) + (bits(key(stream, i), 0, 32) * rules.clients >> 32)
        found = client(rules, root, number)
        fits = found.form == form if form >= 0 else found.form != rules.form_household
        if fits and (sector < 0 or found.sector == sector):
            break
    return number
