"""In worlds made so that a promise is kept, or is not, the scorecard says so, and never the opposite.

One seed for each world here; `make validate` takes twenty (SMARTBOOK_SEEDS).
"""

import pytest
from expected import seeds

from analysis.datasets import Dataset
from analysis.guard import protect
from analysis.panels import Panels
from analysis.scope import Scope
from analysis.verdict import said, scorecard
from analysis.verdict.promises import registered
from data_synthetic.simulate import simulate

SEEDS = seeds(1, 9_000)
WORKERS = 1_500
SEVERAL = {"ordinary": '[["multi", 900], ["fragmented", 100]]', "activity_share": "0.3", "courier_share": "0.0",
           "teacher_share": "0.0", "beginner_share": "0.0", "saver_share": "0.0", "theatre_share": "0.0",
           "m08_share": "0.0"}
WORLDS = [
    ("prompt_pay", "KEPT", {"pay_delay": "[3, 7]"}),
    ("prompt_pay", "NOT KEPT", {"pay_delay": "[3, 12]"}),
    ("clients", "KEPT", SEVERAL),
    ("clients", "NOT KEPT", {"ordinary": '[["steady", 900], ["occasional", 100]]'}),
    ("tools", "KEPT", {"activity_share": "0.9"}),
    ("tools", "NOT KEPT", {"activity_share": "0.05", "guest_share": "0.02"}),
    ("users", "KEPT", {"payment_days": "8.0", "effect_public_delay": "0.0", "m12_share": "0.0"}),
    ("users", "NOT KEPT", {"payment_days": "50.0"}),
]
OPPOSITE = {"KEPT": "NOT KEPT", "NOT KEPT": "KEPT"}
TITLES = {p.name: p.title for p in registered()[1]}


def card_of(folder, seed, changes):
    simulate(WORKERS, seed, 2001, 2020, folder, changes, threads=1)
    panels = Panels(Dataset("world", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))
    return scorecard.scorecard(panels)


@pytest.mark.parametrize(("promise", "truth", "changes"), WORLDS, ids=[f"{p} {t}".lower() for p, t, _c in WORLDS])
def test_the_true_verdict_is_said(tmp_path, promise, truth, changes):
    said_of = []
    for seed in SEEDS:
        card = card_of(tmp_path / str(seed), seed, changes).frame()
        rows = card[card["decides"]].set_index("promise")
        said_of.append(rows.at[TITLES[promise], "verdict"])
    assert OPPOSITE[truth] not in said_of
    assert said_of.count(truth) >= 0.9 * len(said_of)


def test_the_sentence_changes_with_the_world(tmp_path):
    sentences = set()
    for name, changes in (("kept", WORLDS[0][2]), ("broken", WORLDS[1][2])):
        answer = card_of(tmp_path / name, SEEDS[0], changes)
        card = protect(answer.frame(), answer.keys, answer.count, "confidential", guarded=True)
        sentences.add(said.promise(card, TITLES["prompt_pay"]))
        sentences.add(said.verdict(card))
    assert len(sentences) == 4
