"""Worlds whose truth is known, on which estimators are tried."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.datasets import Dataset
from analysis.measures import careers
from analysis.models import survival
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic import world as parameters
from data_synthetic.draw import ONE
from data_synthetic.rules import Size
from data_synthetic.sample import Sample, sample
from data_synthetic.simulate import simulate

WORKERS, YEARS = 1_500, (2001, 2020)
# So few come to an assembly that a small world could say nothing about them.
MORE = {"turnout": "0.04"}
NOTHING = ("effect_activity_rate", "effect_activity_leave", "effect_share_rate", "effect_cooperative_trend",
           "effect_cooperative_level", "effect_reform_rate", "effect_reform_pay", "effect_reform_others",
           "effect_public_pay", "effect_size_pay", "effect_experience_pay", "effect_pay_leave", "effect_gender_leave",
           "effect_public_delay", "effect_size_delay", "threshold_share", "placebo_share", "fee_share",
           "effect_tenure_attendance", "effect_gender_attendance", "effect_dependence_code", "effect_role_code")


@dataclass(frozen=True)
class World:
    """A simulated world: its panels, what was planted in it and what its tables really hold, and what it was asked."""

    folder: Path
    changes: dict
    size: Size
    seed: int
    _answers: dict = field(default_factory=dict, repr=False)

    @cached_property
    def panels(self) -> Panels:
        return Panels(Dataset("world", str(self.folder), None, guarded=False), Scope("everywhere", *YEARS))

    @cached_property
    def no_couriers(self) -> Panels:
        return self.panels.without_couriers()

    @cached_property
    def planted(self) -> parameters.World:
        return parameters.read_world(self.changes)

    @cached_property
    def hidden(self) -> Sample:
        """What no table says of its members and clients."""
        return sample(self.planted, self.size, self.seed)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """The planted effects with what was realised, one row for each parameter."""
        frame = pd.DataFrame(json.loads((self.folder / "truth.json").read_text("utf-8"))["effects"])
        return frame.drop_duplicates("parameter").set_index("parameter")

    @cached_property
    def flags(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "flags")

    def ask(self, measure, couriers: bool = False, **options) -> pd.DataFrame:
        """What a measure answers, asked once."""
        key = (measure.__module__, measure.__name__, couriers, *sorted(options.items()))
        if key not in self._answers:
            self._answers[key] = measure(self.panels if couriers else self.no_couriers, **options).frame()
        return self._answers[key]


def make(seed: int, planted: bool, folder: Path, workers: int = WORKERS) -> World:
    """The world of a seed, with the effects of world.toml or with none of them."""
    changes = MORE | ({} if planted else dict.fromkeys(NOTHING, "0.0"))
    simulate(workers, seed, *YEARS, folder, changes, threads=1)
    return World(folder, changes, Size(workers, *YEARS), seed)


def leaving_told(panels: Panels, traits) -> pd.DataFrame:
    """Hazards of the last contract, told the hidden kind and pay of each member: `traits` are those of a Sample."""
    frame = careers.candidates(panels)
    member = frame["worker_id"].to_numpy() - 1
    frame = frame.assign(pay=traits[0][member] / ONE * np.log(2), kind=traits[2][member])
    cut = careers.in_stretches(frame)
    told = survival.cox(cut["exit"], cut["ended"], cut[list(careers.TRAITS)], cut["entry"], cut["kind"])
    return told.set_index("name")
