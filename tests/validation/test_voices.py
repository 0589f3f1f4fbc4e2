"""What interviews say equals slow versions, published values of agreement come out, and what was planted is found."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from expected import same

from analysis.errors import MissingData, StudyError
from analysis.guard import SafeTable, protect
from analysis.measures import voices
from analysis.models import agreement
from analysis.verdict import joint
from analysis.verdict.promises import registered
from data_synthetic import columns as at
from data_synthetic import voice
from data_synthetic.world import read_world

# Krippendorff's example of four coders and twelve units; 0 is no rating.
CANONICAL = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0]]) - 1
FIVE = np.arange(1, 6)
REFUSED = agreement.MISSING


# -- agreement: published values, a slow version, edges --------------------------------------------------------

@pytest.mark.parametrize(("metric", "published"), [
    ("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)])
def test_krippendorffs_example(metric, published):
    """V-25."""
    found = agreement.agreement(CANONICAL, np.arange(12), FIVE, metric)
    assert found.alpha == pytest.approx(published, abs=0.0005)
    assert found.low < found.alpha < found.high and found.units == 11


def test_gwets_example():
    """The same data in Gwet's handbook: AC1 0.775, and 0.818 of the pairs agree."""
    found = agreement.agreement(CANONICAL, np.arange(12), FIVE)
    assert (found.ac1, found.percent) == (pytest.approx(0.775, abs=0.0005), pytest.approx(0.818, abs=0.0005))


def slow_alpha(ratings, values, metric):
    """α from all pairs of values in units, and all pairs of values at all, with the distances written out."""
    columns = [[v for v in unit if v != REFUSED] for unit in ratings.T]
    columns = [unit for unit in columns if len(unit) >= 2]
    pooled = [v for unit in columns for v in unit]
    count = {v: pooled.count(v) for v in range(len(values))}

    def far(a, b):
        if metric == "nominal":
            return float(a != b)
        if metric == "interval":
            return float(values[a] - values[b]) ** 2
        if metric == "ratio":
            return (float(values[a] - values[b]) / max(float(values[a] + values[b]), 1e-300)) ** 2
        a, b = min(a, b), max(a, b)
        return (sum(count[k] for k in range(a, b + 1)) - (count[a] + count[b]) / 2) ** 2

    n = len(pooled)
    seen = sum(sum(far(a, b) for i, a in enumerate(u) for j, b in enumerate(u) if i != j) / (len(u) - 1)
               for u in columns) / n
    chance = sum(count[a] * count[b] * far(a, b) for a in count for b in count) / (n * (n - 1))
    return 1 - seen / chance


@pytest.mark.parametrize("metric", agreement.METRICS)
@pytest.mark.parametrize("seed", range(4))
def test_alpha_equals_the_slow_version(metric, seed):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, 30)
    ratings = np.where(random.random((3, 30)) < 0.6, truth, random.integers(0, 4, (3, 30)))
    ratings = np.where(random.random((3, 30)) < 0.25, REFUSED, ratings)
    values = np.array([0, 1, 3, 10])
    met = agreement.coincidences(ratings, np.zeros(30, dtype=int), 4)[0]
    assert agreement.alpha(met, values, metric) == pytest.approx(slow_alpha(ratings, values, metric), rel=1e-10)


def test_agreement_at_its_ends():
    two = np.array([[0, 1, 0, 1], [0, 1, 0, 1]])
    documents = np.array([0, 0, 1, 1])
    assert agreement.agreement(two, documents, np.arange(2)).alpha == 1
    assert agreement.agreement(np.array([[0, 1], [1, 0]]), documents[:2], np.arange(2)).alpha < 0
    alike = agreement.agreement(np.zeros((2, 4), dtype=int), documents, np.arange(2))
    assert (alike.why, alike.percent, alike.units) == ("no variation", 1, 4) and np.isnan(alike.alpha)
    apart = agreement.agreement(np.array([[0, REFUSED], [REFUSED, 1]]), documents[:2], np.arange(2))
    assert (apart.why, apart.units) == (agreement.NO_PAIRS, 0)


def test_rare_codes_pull_alpha_down_and_leave_ac1():
    """The paradox of kappa: 97 of 100 passages without the code, and three on which coders differ."""
    ratings = np.zeros((2, 100), dtype=int)
    ratings[0, :2], ratings[1, 1:3] = 1, 1
    found = agreement.agreement(ratings, np.arange(100), np.arange(2))
    assert found.percent == 0.98 and found.ac1 > 0.95 and 0.4 < found.alpha < 0.55


def test_the_interval_draws_whole_interviews():
    """A hundred copies of the passages of one interview add nothing: the interval stays as wide."""
    ratings, documents = np.array([[0, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 1]]), np.array([0, 0, 1, 1, 2, 2])
    one = agreement.agreement(ratings, documents, np.arange(2))
    many = agreement.agreement(np.tile(ratings, 100), np.tile(documents, 100), np.arange(2))
    assert many.high - many.low == pytest.approx(one.high - one.low, rel=0.15)


# -- the corpus alone, over seeds ------------------------------------------------------------------------------

WORLD = read_world({})
ROLES = [role for role, count in WORLD.interviews for _ in range(count)]


def corpus(seed, tied=0, world=WORLD, roles=ROLES):
    """Interviews and passages as the simulator makes them; the first `tied` workers have one dominant client."""
    held = {"interview_id": pa.array(range(1, len(roles) + 1)), "role": pa.array(roles),
            "worker_id": pa.array([n + 1 if r == "worker" else None for n, r in enumerate(roles)])}
    rows = [(n + 1, 1 if n < tied else 1 + k % 3) for n, r in enumerate(roles) if r == "worker" for k in range(6)]
    contracts = np.zeros((40, len(rows)), dtype=np.int64)
    contracts[at.C_WORKER], contracts[at.C_CLIENT] = np.array(rows).T
    contracts[at.C_GROSS] = 100
    coded = voice.segments(world, voice.key(0, seed), held, contracts)
    names = ("interview_id", "role", "worker_id")
    interviews = [dict(zip(names, row, strict=True), held_on=pd.Timestamp("2018-06-23").date())
                  for row in zip(*(held[n].to_pylist() for n in names), strict=True)]
    segments = [dict(zip(coded, row, strict=True)) for row in zip(*(c.to_pylist() for c in coded.values()),
                                                                  strict=True)]
    work = [{"worker_id": w, "client_id": c, "gross_cents": 100, "start_on": pd.Timestamp("2018-01-05").date(),
             "end_on": pd.Timestamp("2018-01-05").date()} for w, c in rows]
    return interviews, segments, work


@pytest.fixture(scope="module")
def corpora(panels_of):
    """Twenty corpora, in each of which half of the members have one dominant client."""
    made = []
    for seed in range(20):
        interviews, segments, work = corpus(5000 + seed, tied=15)
        made.append(panels_of(work, (2018, 2018), interviews=interviews, segments=segments))
    return made


def test_the_planted_agreement_is_found(corpora):
    """`coder_agrees` lies in the 95 % interval of α in at least 18 of 20 corpora, and the mean is near it."""
    found = [voices.agreement(p).frame().set_index("code").loc[voices.ALL] for p in corpora]
    inside = [f["low"] <= WORLD.coder_agrees <= f["high"] for f in found]
    assert sum(inside) >= 18, [round(f["alpha"], 3) for f in found]
    assert np.mean([f["alpha"] for f in found]) == pytest.approx(WORLD.coder_agrees, abs=0.01)


def test_the_share_of_passages_that_both_see_is_found(corpora):
    both = [voices.marked(p).frame().set_index("coders").loc[2, "share"] for p in corpora]
    sees = WORLD.coder_sees
    assert np.mean(both) == pytest.approx(sees**2 / (1 - (1 - sees) ** 2), abs=0.01)


def test_the_planted_dependence_is_found_and_other_codes_give_way(corpora):
    """By passages in which a coder gave the code: the planted share, up to what the second coder adds at random."""
    found = [voices.contrasts(p).frame().set_index("code") for p in corpora]
    mine = [f.loc["client_dependence"] for f in found]
    planted = WORLD.effect_dependence_code * (1 - 1 / len(WORLD.codes))
    assert sum(f["low"] <= planted <= f["high"] for f in mine) >= 18
    assert all(f["q"] < 0.05 for f in mine)
    others = pd.concat([f.drop("client_dependence")["difference"] for f in found])
    assert -0.05 < others.mean() < 0


def test_where_nothing_was_planted_little_is_found(corpora):
    """Staff against clients: of 200 tests, few fall below 0.05, and none or nearly none when adjusted."""
    found = pd.concat([voices.contrasts(p, profile="staff").frame() for p in corpora])
    assert 0.01 <= (found["p"] < 0.05).mean() <= 0.11
    assert (found["q"] < 0.05).sum() <= 3


# -- measures against slow versions, on the world of 300 workers -----------------------------------------------

@pytest.fixture(scope="module")
def tables(simulated):
    names = ("interviews", "segments", "workers", "contracts")
    return {n: simulated.dataset.table(n).execute() for n in names}


def places(segments):
    """The place of each passage, by looking at every two of an interview; the synthetic ones lie apart."""
    rows = segments.sort_values(["interview_id", "start", "end", "coder", "code"]).to_dict("records")
    groups = []
    for row in rows:
        for group in groups:
            first = group[0]
            shared = min(first["end"], row["end"]) - max(first["start"], row["start"])
            covered = max(first["end"], row["end"]) - min(first["start"], row["start"])
            if first["interview_id"] == row["interview_id"] and shared * 2 >= covered:
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def test_agreement_is_that_of_pairs(simulated, tables):
    twice = [{r["coder"]: r["code"] for r in g} for g in places(tables["segments"])]
    twice = [g for g in twice if len(g) == 2]
    coders, codes = sorted({c for g in twice for c in g}), sorted(set(tables["segments"]["code"]))
    expected = [{"code": name,
                 "alpha": slow_alpha(np.array([[codes.index(g[c]) if name == voices.ALL else int(g[c] == name)
                                                for g in twice] for c in coders]), np.arange(len(codes)), "nominal"),
                 "passages": sum(name == voices.ALL or name in g.values() for g in twice)}
                for name in (voices.ALL, *codes)]
    same(voices.agreement(simulated), expected, ["alpha", "passages"])
    frame = voices.agreement(simulated).frame()
    assert (frame["low"] <= frame["alpha"]).all() and (frame["alpha"] <= frame["high"]).all()


def test_who_says_what_is_counted_by_interview(simulated, tables):
    groups, of = places(tables["segments"]), tables["segments"]["interview_id"].nunique()
    expected = []
    for code in set(tables["segments"]["code"]):
        with_code = [g for g in groups if code in {r["code"] for r in g}]
        twice = [g for g in with_code if len({r["coder"] for r in g if r["code"] == code}) == 2]
        n = len({g[0]["interview_id"] for g in with_code})
        expected.append({"code": code, "interviews": n, "agreed": len({g[0]["interview_id"] for g in twice}), "of": of,
                         "share": n / of, "passages": len(with_code) / len(groups), "fewest": n if n < of else 0})
    same(voices.said(simulated), expected)


@pytest.mark.parametrize("stratum", voices.STRATA)
def test_strata_are_those_of_the_people(simulated, tables, stratum):
    of = strata(tables, stratum)
    groups, expected = places(tables["segments"]), []
    for name in sorted(set(of.values())):
        mine = [i for i, s in of.items() if s == name]
        for code in set(tables["segments"]["code"]):
            shares = [np.mean([code in {r["code"] for r in g} for g in groups if g[0]["interview_id"] == i])
                      for i in mine]
            n = sum(s > 0 for s in shares)
            expected.append({"code": code, "stratum": name, "interviews": n, "of": len(mine), "share": n / len(mine),
                             "passages": np.mean(shares)})
    same(voices.said_by(simulated, stratum=stratum), expected, ["interviews", "of", "share", "passages"])


def strata(tables, stratum):
    """The stratum of each interview with a passage."""
    i = tables["interviews"]
    i = i[i["interview_id"].isin(tables["segments"]["interview_id"])]
    if stratum == "role":
        return dict(zip(i["interview_id"], i["role"], strict=True))
    i = i.dropna(subset=["worker_id"])
    if stratum == "gender":
        gender = tables["workers"].set_index("worker_id")["gender"]
        return {a: gender[b] for a, b in zip(i["interview_id"], i["worker_id"], strict=True)}
    out = {}
    for interview, worker in zip(i["interview_id"], i["worker_id"], strict=True):
        c = tables["contracts"][tables["contracts"]["worker_id"] == worker]
        most = c.groupby("client_id")["gross_cents"].sum().max() if c["client_id"].notna().any() else 0
        tied = most >= 0.75 * c["gross_cents"].sum() and len(c) >= 5
        out[interview] = "one dominant client" if tied else "no dominant client"
    return out


def test_saturation_is_the_mean_of_random_orders(simulated, tables):
    has = pd.crosstab(tables["segments"]["interview_id"], tables["segments"]["code"]).to_numpy() > 0
    random, orders = np.random.default_rng(1), 400
    seen = np.mean([np.maximum.accumulate(has[random.permutation(len(has))]).sum(axis=1) for _ in range(orders)],
                   axis=0)
    frame = voices.saturation(simulated).frame()
    assert frame["codes"].to_numpy() == pytest.approx(seen, abs=0.12)
    assert frame["codes"].iloc[-1] == has.any(axis=0).sum()
    assert frame["new"].sum() == pytest.approx(frame["codes"].iloc[-1])
    assert frame["reached"].isna().sum() == 5 and frame["reached"].dropna().is_monotonic_increasing


def test_the_rule_of_saturation_by_hand():
    def rows(*codes):
        return np.array([[c in row for c in "abcdefghijklmnopqrstuvwxyz"] for row in codes])

    assert voices.saturated(rows("ab", "c", "a", "d", "a", "b")) == 6           # base of 4 codes, nothing new
    assert voices.saturated(rows("ab", "c", "a", "d", "a", "e", "a", "b")) == 8       # one new of four is too many
    assert voices.saturated(rows("ab", "c", "a", "d", "a", "e", "f")) == np.inf
    twenty = "abcdefghijklmnopqrst"
    assert voices.saturated(rows(twenty, "a", "a", "a", "u", "a")) == 6         # one new of twenty is 5 %
    assert voices.saturated(rows("a")) == np.inf


# -- tiny corpora ----------------------------------------------------------------------------------------------

DAY = pd.Timestamp("2011-05-01").date()


def tiny(panels_of, passages, roles=None, workers=None, contracts=(), **tables):
    """Panels of interviews 1, 2, …: `passages` are (interview, coder, code, start, end)."""
    ids = sorted({p[0] for p in passages})
    interviews = [{"interview_id": i, "held_on": DAY, "role": (roles or {}).get(i, "client"),
                   "worker_id": (workers or {}).get(i)} for i in ids]
    names = ("interview_id", "coder", "code", "start", "end")
    segments = [dict(zip(names, p, strict=True), segment_id=n) for n, p in enumerate(passages)]
    return panels_of(list(contracts) or [{"start_on": DAY, "end_on": DAY}], interviews=interviews, segments=segments,
                     **tables)


def test_passages_are_one_place_when_they_share_half_of_what_they_cover():
    assert voices.units([(1, 0, 10), (1, 5, 15), (1, 20, 30), (2, 20, 30)]) == [0, 1, 2, 3]
    assert voices.units([(1, 0, 10), (1, 0, 20), (1, 3, 10)]) == [0, 0, 0]
    assert voices.units([(1, 0, 100), (1, 10, 20), (1, 12, 20), (1, 40, 100)]) == [0, 1, 1, 0]
    assert voices.units([]) == []


def test_a_passage_with_two_codes_is_one_value(panels_of):
    """One coder gave two codes where the other gave one of them: they differ over all codes, and agree on the one."""
    p = tiny(panels_of, [(1, "x", "a", 0, 9), (1, "x", "b", 0, 9), (1, "y", "a", 0, 9), (1, "x", "b", 20, 29),
                         (1, "y", "b", 20, 29), (2, "x", "c", 0, 9), (2, "y", "c", 0, 9)])
    frame = voices.agreement(p).frame().set_index("code")
    assert frame.loc["a", "alpha"] == 1 and frame.loc["c", "percent"] == 1
    assert frame.loc[voices.ALL, "percent"] == pytest.approx(2 / 3)
    assert frame.loc["b", "passages"] == 2 and frame.loc["b", "people"] == 1


def test_where_all_codes_are_one_there_is_no_variation(panels_of):
    p = tiny(panels_of, [(1, "x", "a", 0, 9), (1, "y", "a", 0, 9), (2, "x", "a", 0, 9), (2, "y", "a", 0, 9)])
    assert voices.agreement(p).frame()["why"].tolist() == ["no variation"] * 2
    alone = tiny(panels_of, [(1, "x", "a", 0, 9), (2, "x", "b", 0, 9)])
    assert set(voices.agreement(alone).frame()["why"]) == {agreement.NO_PAIRS}


def test_somebody_interviewed_twice_is_one_person(panels_of):
    """Identifiers of 63 bits that differ in the last bit are two people, although floats could not tell."""
    big = 2**62
    p = tiny(panels_of, [(1, "x", "a", 0, 9), (2, "x", "a", 0, 9), (3, "x", "a", 0, 9), (4, "x", "b", 0, 9)],
             roles=dict.fromkeys((1, 2, 3), "worker"), workers={1: big, 2: big, 3: big + 1},
             contracts=[{"worker_id": w, "start_on": DAY, "end_on": DAY} for w in (big, big + 1)])
    row = voices.said(p).frame().set_index("code").loc["a"]
    assert (row["interviews"], row["of"], row["fewest"]) == (3, 4, 2)
    same(voices.corpus(p), [{"role": "worker", "interviews": 3, "people": 2},
                            {"role": "client", "interviews": 1, "people": 1}])


def test_what_everybody_says_is_told_of_nobody(panels_of):
    p = tiny(panels_of, [(i, "x", "a", 0, 9) for i in range(1, 21)])
    assert voices.said(p).frame()["fewest"].tolist() == [0]


def test_no_stratum_is_hidden_alone(panels_of):
    """Twelve of thirty clients, eleven of twenty workers, and five of six staff: the least of the others goes too."""
    passages, roles = [], {}
    for role, said, of in (("client", 12, 30), ("worker", 11, 20), ("staff", 5, 6)):
        for _ in range(of):
            roles[i] = role if (i := len(roles) + 1) else ""
            passages.append((i, "x", "a" if sum(r == role for r in roles.values()) <= said else "b", 0, 9))
    frame = voices.said_by(tiny(panels_of, passages, roles)).frame()
    a = frame[frame["code"] == "a"].set_index("stratum")
    assert a["interviews"].to_dict() == {"client": 12, "worker": 11, "staff": 5}
    assert a["fewest"].to_dict() == {"client": 12, "worker": 0, "staff": 5}


def test_the_permutation_test_is_that_of_all_choices(panels_of):
    """Four staff and five clients: p over all 126 choices of four, and the difference by hand."""
    random = np.random.default_rng(3)
    passages, roles = [], {n: "staff" if n <= 4 else "client" for n in range(1, 10)}
    for i in roles:
        for k in range(8):
            passages.append((i, "x", "a" if random.random() < (0.7 if i <= 4 else 0.35) else "b", 20 * k, 20 * k + 9))
    share = np.array([np.mean([c == "a" for n, _, c, _, _ in passages if n == i]) for i in roles])
    seen = share[:4].mean() - share[4:].mean()
    every = [share[list(c)].mean() - np.delete(share, c).mean() for c in combinations(range(9), 4)]
    assert len(every) == comb(9, 4)
    row = voices.contrasts(tiny(panels_of, passages, roles), profile="staff").frame().set_index("code").loc["a"]
    assert row["difference"] == pytest.approx(seen)
    assert row["p"] == pytest.approx(np.mean([abs(d) >= abs(seen) - 1e-12 for d in every]), abs=0.02)
    assert np.isnan(row["low"])                 # four people are too few for an interval


def test_benjamini_and_hochberg():
    """V-27: of the fifteen p-values of their article, four are below 0.05 when adjusted."""
    p = np.array([.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1])
    q = voices.adjusted(p[::-1])[::-1]
    assert (q <= 0.05).sum() == 4
    assert q[0] == pytest.approx(0.0015) and q[-1] == 1


def test_unknown_names_and_missing_tables(panels_of):
    p = panels_of([{"start_on": DAY, "end_on": DAY}])
    for measure in (voices.agreement, voices.marked, voices.said, voices.said_by, voices.contrasts, voices.saturation,
                    joint.coverage):
        with pytest.raises(MissingData, match="no table 'interviews'"):
            measure(p)
    p = panels_of([{"start_on": DAY, "end_on": DAY}], interviews=[
        {"interview_id": 1, "held_on": DAY, "role": "client"}])
    with pytest.raises(MissingData, match="no table 'segments'"):
        voices.said(p)
    with pytest.raises(StudyError, match="did you mean 'role'"):
        voices.said_by(p, stratum="rule")
    with pytest.raises(StudyError, match="did you mean 'staff'"):
        voices.contrasts(p, profile="staf")
    none = tiny(panels_of, [(1, "x", "a", 0, 9)])
    assert voices.contrasts(none).frame()["difference"].isna().all()
    with pytest.raises(MissingData, match="does not record 'gender'"):
        voices.said_by(none, stratum="gender")
    assert len(voices.said_by(none, stratum="dependent").frame()) == 0


# -- the joint display -----------------------------------------------------------------------------------------

def test_the_fit_of_every_verdict_and_direction():
    table = {(v, d): joint.fit(v, d) for v in joint.VERDICTS for d in (*joint.DIRECTIONS, None)}
    assert set(table.values()) == set(joint.FITS)
    assert {v for (_, d), v in table.items() if d is None} == {"silence"}
    assert {v for (w, d), v in table.items() if w == "UNDETERMINED" and d} == {"expansion"}
    for kept in ("KEPT", "WITHIN MARGIN"):
        assert [table[kept, d] for d in joint.DIRECTIONS] == ["confirmation", "discordance", "complementarity"]
    assert [table["NOT KEPT", d] for d in joint.DIRECTIONS] == ["discordance", "confirmation", "complementarity"]
    with pytest.raises(StudyError, match="did you mean 'KEPT'"):
        joint.fit("KEP", "for")
    with pytest.raises(StudyError, match="did you mean 'for'"):
        joint.fit("KEPT", "fur")


@pytest.mark.parametrize(("pro", "contra", "found"), [
    (20, 0, "for"), (0, 20, "against"), (20, 18, "mixed"), (9, 9, None), (10, 0, "for"), (40, 36, "for"),
    (36, 40, "against"), (0, 0, None)])
def test_where_interviews_lean(pro, contra, found):
    """Of 40: a quarter must speak of it, and a tenth must lie between the sides."""
    assert joint.direction(pro, contra, 40) == found
    assert joint.direction(pro, contra, 0) is None


def verdicts(**changed):
    return pd.DataFrame([{"promise": p.title, "verdict": changed.get(p.name, "KEPT")} for p in registered()[1]])


def test_the_joint_display_joins_each_promise_with_its_codes(panels_of):
    """Thirty interviews: all but five choose their time, twelve depend on a client, eleven are protected."""
    passages = []
    for i in range(1, 31):
        passages.append((i, "x", "belonging", 900, 909))
        passages += [(i, "x", "schedule_autonomy", 0, 9)] if i <= 25 else []
        passages += [(i, "x", "client_dependence", 20, 29)] if i <= 12 else []
        passages += [(i, "x", "social_protection", 40, 49)] if i <= 11 else []
        passages += [(i, "x", "participation", 60, 69)] if i <= 3 else []
        passages += [(i, "x", "unheard", 80, 89)] if i <= 15 else []
    p = tiny(panels_of, passages)
    titles = {q.name: q.title for q in registered()[1]}
    frame = joint.display(p, verdicts(protection="NOT KEPT", voice="UNDETERMINED")).frame().set_index("promise")
    assert len(frame) == len(titles)
    row = frame.loc[titles["clients"]]
    assert (row["pro"], row["contra"], row["of"], row["direction"], row["fit"], row["fewest"]) == (
        25, 12, 30, "for", "confirmation", 12)
    assert row["codes"] == "schedule_autonomy, client_dependence"
    row = frame.loc[titles["protection"]]
    assert (row["pro"], row["direction"], row["fit"], row["fewest"]) == (11, "for", "discordance", 11)
    assert np.isnan(row["contra"])
    assert frame.loc[titles["voice"], ["direction", "fit", "fewest"]].tolist() == ["–", "silence", 3]
    assert frame.loc[titles["users"], ["codes", "fit", "fewest"]].tolist() == ["–", "silence", 30]
    themed = joint.coverage(p).frame().set_index("code")
    assert themed.loc["belonging", ["promise", "indicator", "fewest"]].tolist() == ["–", "not measurable here", 0]
    assert themed.loc["unheard", ["what", "indicator"]].tolist() == ["not registered", "not measurable here"]
    assert themed.loc["client_dependence", "reading"] == "against"
    counts = joint.metrics(p, verdicts(protection="NOT KEPT", voice="UNDETERMINED")).frame().set_index("what")
    # The rows of three people and of everybody are not counted.
    assert counts["of"].tolist() == [9] * 6 + [4] * 2
    assert counts["number"].tolist() == [2, 1, 0, 0, 1, 7, 3, 1]


def test_the_scorecard_itself_may_be_given_and_hidden_verdicts_are_undetermined(panels_of):
    p = tiny(panels_of, [(i, "x", "participation" if i < 20 else "belonging", 0, 9) for i in range(1, 31)])
    title = next(q.title for q in registered()[1] if q.name == "voice")
    card = pd.DataFrame({"promise": [title] * 2, "verdict": ["NOT KEPT", "KEPT"], "decides": [True, False]})
    assert joint.display(p, card).frame().set_index("promise").loc[title, "fit"] == "discordance"
    card["verdict"] = [None, "KEPT"]
    assert joint.display(p, card).frame().set_index("promise").loc[title, "fit"] == "expansion"
    for people, found in (([20, 3], "discordance"), ([3, 20], "expansion")):
        safe = protect(card.assign(verdict="NOT KEPT", people=people), ("promise", "decides"), "people", "confidential",
                       guarded=True)
        assert joint.display(p, safe).frame().set_index("promise").loc[title, "fit"] == found
    with pytest.raises(MissingData, match="no scores"):
        joint.display(p, SafeTable(None, (), "confidential", absent="There are no scores."))


def test_a_row_that_tells_something_of_everybody_is_of_nobody(panels_of):
    """Half say one code for a promise and the others the other one: together they are all."""
    p = tiny(panels_of, [(i, "x", "participation", 0, 9) for i in range(1, 31)])
    title = next(q.title for q in registered()[1] if q.name == "voice")
    assert joint.display(p, verdicts()).frame().set_index("promise").loc[title, "fewest"] == 0


def test_registered_codes_are_known_ones():
    assert {t.code for t in joint.themes()} == set(WORLD.codes)
    assert {t.reading for t in joint.themes() if t.promise} == {"for", "against"}


# -- paraphrases -----------------------------------------------------------------------------------------------

ENTRY = """[[paraphrase]]
code = "belonging"
text = "Many say that they feel at home."
interviews = 12
approved_by = ["A. B.", "C. D."]
approved_on = 2026-01-01
"""


def test_paraphrases_need_two_people_and_no_quotation_marks(panels_of, tmp_path):
    p, file = tiny(panels_of, [(1, "x", "a", 0, 9)]), tmp_path / "paraphrases.toml"
    file.write_text(ENTRY)
    assert joint.paraphrases(p, file).frame()["text"].tolist() == ["Many say that they feel at home."]
    for old, new, sentence in (
            ('"A. B.", "C. D."', '"A. B.", "A. B."', "needs two people"), ("2026-01-01", '"soon"', "and the day"),
            ("at home", "“at home”", "quotation mark"), ('"belonging"', '"else"', "not registered"),
            ("interviews = 12\n", "", "nothing else"), ("interviews", "number", "nothing else")):
        file.write_text(ENTRY.replace(old, new))
        with pytest.raises(StudyError, match=sentence) as error:
            joint.paraphrases(p, file)
        assert "feel" not in str(error.value)
    file.write_text("")
    with pytest.raises(MissingData, match="has been approved"):
        joint.paraphrases(p, file)


def test_of_invented_interviews_nothing_is_told(simulated, tmp_path):
    (tmp_path / "p.toml").write_text(ENTRY)
    with pytest.raises(MissingData, match="invented"):
        joint.paraphrases(simulated, tmp_path / "p.toml")
