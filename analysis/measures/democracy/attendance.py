"""Who comes to assemblies, how, and how often (A-61)."""

import ibis
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.democracy.days import active_before, assembly_days, of_scope
from analysis.measures.democracy.shares import shares_held
from analysis.panels import Panels, month_of

AMONG = {"active": "with paid work in the twelve months before", "holders": "who hold a share on the day",
         "registered": "who are registered by the day"}


def attending(panels: Panels):
    """worker_id, day, attended (1), voted (0 or 1): one row for each member and day of assembly."""
    a = panels.dataset.table("attendances").join(panels.dataset.table("assemblies"), "assembly_id")
    a = a.group_by("worker_id", day=a.held_on).agg(voted=_.voted.cast("int64").max())
    return a.mutate(attended=ibis.literal(1, "int64"))


def entitled(panels: Panels, among: str, days):
    """worker_id, day: those of AMONG who could have come on each day."""
    if among == "active":
        return active_before(panels, days).select("worker_id", "day")
    if among == "holders":
        return of_scope(panels, shares_held(panels, days)).select("worker_id", "day")
    w = of_scope(panels, panels.dataset.table("workers")).cross_join(days.select("day"))
    return w.filter(w.joined_on <= w.day).select("worker_id", "day")


def turnout(panels: Panels) -> Answer:
    """A-61. Who came to each assembly and who voted, over those who could: active members, holders, all registered.

    rate = workers ÷ entitled, both of the same count of AMONG. Unit: share, 0–1; `time` is the day as a year with
    decimals. Shape: among × act (attended, voted) × day. Pitfall: the three denominators are different people, and a
    rate of one of them is not comparable with a rate of another, nor with a published one before its denominator is
    known. An assembly without any recorded attendance has no row.
    """
    days, present = assembly_days(panels), attending(panels)
    needs = {"active": "contracts", "holders": "shareholdings", "registered": "workers.joined_on"}
    parts = []
    for among in (a for a in AMONG if panels.dataset.has(needs[a])):
        e = entitled(panels, among, days).left_join(present, ["worker_id", "day"])
        e = e.select("day", attended=_.attended.fill_null(0), voted=_.voted.fill_null(0))
        e = e.group_by("day").agg(entitled=_.count(), attended=_.attended.sum(), voted=_.voted.sum())
        parts += [e.select(among=ibis.literal(among), act=ibis.literal(act), day=e.day, time=month_of(e.day) / 12,
                           workers=e[act], entitled=e.entitled, rate=e[act] / e.entitled)
                  for act in ("attended", "voted")]
    return Answer(ibis.union(*parts), ("among", "act", "day"))


def modes(panels: Panels) -> Answer:
    """A-61. How members take part: in person, by proxy or online. Unit: share of those who came, 0–1.

    All members of the scope who came, active or not. Shape: mode × day. Who is present in two modes counts in both.
    """
    a = panels.dataset.table("attendances").join(panels.dataset.table("assemblies"), "assembly_id")
    a = of_scope(panels, a.join(assembly_days(panels), [a.held_on == assembly_days(panels).day]))
    came = a.group_by("day").agg(came=_.worker_id.nunique())
    a = a.group_by("mode", "day").agg(workers=_.worker_id.nunique()).join(came, "day")
    return Answer(a.select("mode", "day", "workers", share=_.workers / _.came), ("mode", "day"))


def repeat(panels: Panels) -> Answer:
    """A-61. How often the same members come, among those active before at least two assemblies.

    `share` of these members who came never, once, or twice and more; `chance`, what it would be if all active members
    were as likely to come to an assembly as the rate of that assembly says, each time anew, and `error`, the standard
    deviation of such a share. Unit: share, 0–1. Shape: times. Reading: clearly more in the last row than by chance
    means that assemblies are made of regulars.
    """
    days = assembly_days(panels)
    e = entitled(panels, "active", days).left_join(attending(panels), ["worker_id", "day"])
    e = e.select("worker_id", "day", attended=_.attended.fill_null(0))
    rates = e.group_by("day").agg(rate=ibis.least(_.attended.mean(), 1 - 1e-9))
    e = e.join(rates, "day").group_by("worker_id").agg(
        assemblies=_.count(), times=_.attended.sum(), never=(1 - _.rate).ln().sum(),
        odds=(_.rate / (1 - _.rate)).sum())
    e = e.filter(_.assemblies >= 2).mutate(times=ibis.least(_.times, 2).cast("int32"), never=_.never.exp())
    e = e.mutate(once=_.never * _.odds)
    e = e.mutate(often=1 - _.never - _.once)
    # What to expect is a mean over everybody, whatever they did.
    expected = {n: e[n].mean() for n in ("never", "once", "often")}
    spread = {f"{n}_variance": (e[n] * (1 - e[n])).mean() for n in expected}
    known = e.agg(members=_.count(), **expected, **spread)
    e = e.group_by("times").agg(workers=_.count()).cross_join(known)

    def of_row(suffix=""):
        return ibis.cases((_.times == 0, _[f"never{suffix}"]), (_.times == 1, _[f"once{suffix}"]),
                          else_=_[f"often{suffix}"])

    return Answer(e.select("times", "workers", share=_.workers / _.members, chance=of_row(),
                           error=(of_row("_variance") / _.members).sqrt()), ("times",))
