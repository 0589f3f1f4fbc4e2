"""Counter-based random streams and integer arithmetic: the same bits in plain Python and compiled by numba.

A stream is a 64-bit key. `key(parent, n)` is the n-th child of a stream (splitmix64), and `bits` reads integers off a
key, so that every draw depends on who is drawn for and for which purpose, and on nothing that was drawn before. All
arithmetic is on integers below 2^63; floats occur only in `rules.py`, where the tables are made.
Source: Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators.
"""

import numpy as np
from numba.extending import overload, register_jitable

GAMMA, MIX1, MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORD = (1 << 64) - 1
ONE = 4096  # 1 in fixed point, and the length of every table of quantiles
CERTAIN = 1 << 16  # a probability of 1


def key(parent: int, n: int) -> int:
    """The n-th child (n ≥ 0) of the stream `parent`."""
    z = (parent + (n + 1) * GAMMA) & WORD
    z = ((z ^ (z >> 30)) * MIX1) & WORD
    z = ((z ^ (z >> 27)) * MIX2) & WORD
    return z ^ (z >> 31)


@overload(key)
def _compiled_key(parent, n):
    def compiled(parent, n):
        z = np.uint64(parent) + np.uint64(n + 1) * np.uint64(GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX1)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX2)
        return z ^ (z >> np.uint64(31))

    return compiled


def bits(stream: int, shift: int, width: int) -> int:
    """`width` bits (at most 32) of a key, from the bit `shift` on: a uniform integer in [0, 2^width)."""
    return (stream >> shift) & ((1 << width) - 1)


@overload(bits)
def _compiled_bits(stream, shift, width):
    def compiled(stream, shift, width):
        return np.int64((stream >> np.uint64(shift)) & np.uint64((1 << width) - 1))

    return compiled


@register_jitable
def chance(stream, shift, probability):
    """Whether something of `probability` (of CERTAIN) happens, by 16 bits of a key."""
    return bits(stream, shift, 16) < probability


@register_jitable
def within(stream, shift, low, high):
    """An integer from `low` to `high`, both inclusive, by 16 bits of a key."""
    return low + (bits(stream, shift, 16) * (high - low + 1) >> 16)


@register_jitable
def power(rules, exponent):
    """2^(exponent / ONE) rounded down, for results below 2^40."""
    whole = exponent >> 12
    mantissa = rules.exp2[exponent & 4095]  # between 2^20 and 2^21
    return mantissa << (whole - 20) if whole >= 20 else mantissa >> min(20 - whole, 62)


@register_jitable
def scaled(rules, amount, exponent):
    """amount × 2^(exponent / ONE) rounded down, for amounts below 2^30 and factors from 2^-15 to 2^12."""
    whole = exponent >> 12
    product = amount * rules.exp2[exponent & 4095]
    return product << (whole - 20) if whole >= 20 else product >> min(20 - whole, 62)


@register_jitable
def normal(rules, stream, shift, sigma):
    """A normal deviate of standard deviation `sigma` in fixed point, by 12 bits of a key."""
    return rules.normal[bits(stream, shift, 12)] * sigma >> 12


@register_jitable
def share(total, basis_points):
    """`basis_points` of an amount of 0 or more, rounded half up."""
    return (total * basis_points + 5_000) // 10_000
