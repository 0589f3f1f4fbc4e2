"""The streams are those of the published generators, and the fixed-point arithmetic is near that of floats."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from data_synthetic import people
from data_synthetic.draw import WORD, bits, chance, key, power, scaled, within
from data_synthetic.rules import Size, namespace, rules
from data_synthetic.work import weekday, working_day
from data_synthetic.world import read_world

RULES = namespace(rules(read_world(), Size(100, 2001, 2020)))[0]
# The first numbers of splitmix64 from the seed 1234567, as printed with its reference implementation (Vigna 2015).
SPLITMIX = (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821)


def test_the_children_of_a_stream_are_splitmix64():
    assert tuple(key(1234567, n) for n in range(5)) == SPLITMIX


def test_members_are_spread_as_by_sobol():
    reference = qmc.Sobol(3, scramble=False, bits=32).random(256)
    shift = [bits(key(key(9, people.DIMENSIONS), d), 0, 32) for d in range(3)]
    for i in range(256):
        gray = i ^ (i >> 1)  # SciPy walks through the sequence in Gray-code order
        ours = [people.even(RULES, 9, gray, d) ^ shift[d] for d in range(3)]
        assert ours == [int(x * 2**32) for x in reference[i]]


@given(st.integers(0, WORD), st.integers(-60_000, 60_000))
def test_power_and_scaled_round_down_and_miss_no_more_than_a_millionth(stream, exponent):
    amount = bits(stream, 0, 29)
    exact = 2 ** (exponent / 4096 + 12)
    assert -1 - exact / 1e6 <= power(RULES, exponent + 12 * 4096) - exact <= exact / 1e6
    if abs(exponent) < 40_000:
        exact = amount * 2 ** (exponent / 4096)
        assert -1 - exact / 1e6 <= scaled(RULES, amount, exponent) - exact <= exact / 1e6


@given(st.integers(0, WORD), st.integers(-9, 9), st.integers(0, 50))
def test_draws_stay_in_their_bounds(stream, low, more):
    assert low <= within(stream, 16, low, low + more) <= low + more
    assert not chance(stream, 0, 0) and chance(stream, 0, 1 << 16)


def test_quantile_tables_have_the_moments_of_their_distributions():
    normal, waiting = np.array(RULES.normal) / 4096, np.array(RULES.neglog) / 4096
    assert (normal.mean(), normal.std()) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=2e-3))
    assert (waiting.mean(), waiting.std()) == (pytest.approx(1, abs=1e-3), pytest.approx(1, abs=2e-3))
    assert Fraction(RULES.exp2[0], 1 << 20) == 1 and RULES.exp2[2048] == round(math.sqrt(2) * 2**20)


@given(st.integers(9_000, 20_000), st.integers(0, 12))
def test_working_days_are_those_of_numpy(day, after):
    date = np.datetime64(day, "D")
    assert weekday(day) == date.astype(object).weekday()
    assert working_day(day, after) == np.busday_offset(date, after, roll="backward").astype(int)
