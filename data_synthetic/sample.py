"""The first members of a world with what no table says: traits, and the same world with another parameter."""

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from data_synthetic import columns as at
from data_synthetic import kinds
from data_synthetic.block import blocks, clients_of, number_of_clients, traits_of
from data_synthetic.draw import key
from data_synthetic.rules import FIRST_DAYS, Size, day, record, rules
from data_synthetic.world import World

MEASURED = 8_192  # members
# Members whose pay does not follow the two-sided model.
SET_OTHERWISE = (kinds.M03, kinds.M04, kinds.M07, kinds.M08, kinds.M11, kinds.COURIER)


@dataclass(frozen=True)
class Sample:
    """The first members of a world with what no table shows of them."""

    contracts: np.ndarray
    shares: np.ndarray
    attendances: np.ndarray
    flags: np.ndarray
    traits: np.ndarray
    clients: np.ndarray
    first_day: int
    last_day: int

    @cached_property
    def member(self) -> np.ndarray:
        """The number of the member of each contract, from 0 on."""
        return self.contracts[at.C_WORKER] - 1

    @cached_property
    def month(self) -> np.ndarray:
        """Months since January 1995 of the first day of each contract."""
        return np.searchsorted(FIRST_DAYS, self.contracts[at.C_START], side="right") - 1

    @cached_property
    def log_pay(self) -> np.ndarray:
        """Log of gross pay per declared day."""
        return np.log(self.contracts[at.C_GROSS] / self.contracts[at.C_DAYS])

    @cached_property
    def paired(self) -> np.ndarray:
        """Which contracts are paid by the two-sided model: bought by a client, and set by nothing but the pair."""
        return (self.contracts[at.C_CLIENT] > 0) & ~np.isin(self.traits[2][self.member], SET_OTHERWISE)

    def months_between(self, since: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Months of a member's career in the study that lie between two days."""
        since = np.maximum.reduce([since, self.traits[3], np.full_like(since, self.first_day)])
        until = np.minimum.reduce([until, self.traits[4], np.full_like(until, self.last_day)])
        return np.maximum(until - since, 0) / 30.44


def sample(world: World, size: Size, seed: int) -> Sample:
    """The first members of a world."""
    packed, root = record(rules(world, size)), key(0, seed)
    n = min(size.workers, MEASURED)
    wanted = ("contracts", "shares", "attendances", "flags")
    found = [[rows[name].copy() for name in wanted] for rows in blocks(packed, root, 0, n, at.blank())]
    return Sample(*(np.concatenate(table, axis=1) for table in zip(*found, strict=True)), traits_of(packed, root, n),
                  clients_of(packed, root, 0, number_of_clients(packed)),
                  day(f"{size.first_year}-01-01"), day(f"{size.last_year}-12-31"))


def changed(world: World, name: str, value: float) -> World:
    """The same world with another value of one parameter."""
    return World(MappingProxyType({**world.parameters, name: replace(world.parameters[name], value=value)}))
