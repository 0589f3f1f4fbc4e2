"""What was planted in a world, and what its tables hold of it: the content of `truth.json`."""

from collections import Counter

import numpy as np

from data_synthetic import columns as at
from data_synthetic import kinds
from data_synthetic.effects import effects
from data_synthetic.rules import Size, place
from data_synthetic.sample import Sample
from data_synthetic.world import World

# Misuse pattern → what it is, and the kinds or patterns that only look like it. Numbers as in the book's list.
PATTERNS = {
    "M-01": ("one job of months split into daily contracts", ("teacher", "theatre")),
    "M-02": ("a full-time job at one client, contract after contract", ("teacher", "theatre", "beginner")),
    "M-03": ("a part of the days is not declared", ("saver",)),
    "M-04": ("pay exactly at the floor, always", ("beginner",)),
    "M-05": ("days added just below the threshold of unemployment benefit", ("saver", "theatre", "near threshold")),
    "M-06": ("own days bought through an Activity that only a household feeds", ("saver", "leader")),
    "M-07": ("members lent in teams to one user", ("theatre",)),
    "M-08": ("an internship in day contracts at the floor", ("beginner",)),
    "M-09": ("students who use up their quota", ("student",)),
    "M-10": ("couriers of platforms", ("brief", "fragmented")),
    "M-11": ("expenses in the place of pay", ("tourer",)),
    "M-12": ("clients that pay very late or not at all", ("public payer",)),
    "M-13": ("an Activity that pays its owner well and the others the floor", ("leader",)),
    "M-14": ("contracts entered after they have ended", ("clerk",)),
    "M-16": ("the function of the same work changes with the reform of 2014", ("versatile",)),
}
NOT_SHOWN = {
    "M-15": "back-to-back with unemployment benefit: only a link to the employment office would show it",
    "M-17": "a client that replaces its own staff: only a link to its own employment would show it",
}


def truth(world: World, size: Size, seed: int, base: Sample, interviews: dict, segments: dict) -> dict:
    """The content of truth.json; of the corpus, the columns of the interviews and of their coded passages."""
    return {
        "measured_on_members": base.traits.shape[1],
        "effects": [vars(effect) for effect in effects(world, size, seed, base, interviews, segments)],
        "trajectories": _trajectories(world, base),
        "patterns": _patterns(world, base),
        "not_shown": NOT_SHOWN,
        "cells": _cells(base),
    }


def _trajectories(world: World, base: Sample) -> list[dict]:
    """Members by kind: their share, planted and found."""
    shares, rest = world.kind_shares, 1 - sum(world.kind_shares.values())
    weights = dict(world.ordinary)
    planted = {k: rest * weights.get(k, 0) / sum(weights.values()) for k in kinds.ORDINARY} | shares
    found = Counter(base.traits[2].tolist())
    n = base.traits.shape[1]
    return [{"kind": kinds.flag_name(i), "planted": planted[k], "realised": found[i] / n,
             "mc_error": float(np.sqrt(planted[k] * (1 - planted[k]) / n))} for i, k in enumerate(kinds.KINDS)]


def _patterns(world: World, base: Sample) -> list[dict]:
    """Misuse patterns: how many members or clients carry them, and how many only look like them."""
    public = place(world, "legal_form", "public")
    of = Counter((("worker", "client", "contract")[entity], kinds.FLAGS[flag]) for entity, flag in
                 zip(*base.flags[[at.F_ENTITY, at.F_FLAG]].tolist(), strict=True))
    of["client", "M-12"] = int((base.clients[7] == 1).sum())
    of["client", "public payer"] = int((base.clients[1] == public).sum())
    of["worker", "M-12"], of["worker", "public payer"] = of["client", "M-12"], of["client", "public payer"]
    return [{"pattern": pattern, "what": what, "unit": "client" if pattern == "M-12" else "worker",
             "carriers": of["worker", pattern], "contracts": of["contract", pattern],
             "innocent": list(innocent), "hard_negatives": sum(of["worker", k] for k in innocent)}
            for pattern, (what, innocent) in PATTERNS.items()]


def _cells(base: Sample) -> dict:
    """The cells that no release may show: a small one, and one that a member dominates."""
    small = np.isin(base.flags[at.F_FLAG], (kinds.SMALL_CELL, kinds.DOMINANT)) & (base.flags[at.F_ENTITY] == at.WORKER)
    ids = base.flags[at.F_ID][small]
    gross = {int(i): int(base.contracts[at.C_GROSS][base.contracts[at.C_WORKER] == i].sum()) for i in ids}
    share = max(gross.values()) / sum(gross.values()) if gross else None
    return {"small_cell_workers": len(ids), "dominant_share": share}
