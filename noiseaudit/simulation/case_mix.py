"""The cases of a simulated log: features, and what they are worth before anybody decides.

    f(x) = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + a[kind] + 5 s[kind] (x5 - 1/2) + c[channel]

x1 to x5 are uniform on 0 to 1, `kind` and `channel` are categories, all independent; f is then centred and scaled to
SD 1 in the population. The numeric part is Friedman's (Annals of Statistics, 1991) with x5 turned by `kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats

NUMBERS = ("x1", "x2", "x3", "x4", "x5")
CATEGORIES: Mapping[str, Floats] = {  # how often each value occurs
    "kind": np.array([0.30, 0.25, 0.20, 0.15, 0.10]),
    "channel": np.array([0.5, 0.3, 0.2]),
}
RELEVANT = (*NUMBERS, *CATEGORIES)
_KIND = np.array([0.0, 2.0, -3.0, 4.0, -2.0])
_TURN = np.array([1.0, -1.0, 1.0, 0.0, -1.0])
_CHANNEL = np.array([0.0, 1.0, 2.0])
_IRRELEVANT = np.array([0.4, 0.3, 0.2, 0.1])

Features = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Scaling:
    """Population mean and SD of the raw f, and the share of its variance in x4 and kind, which judges specialise in."""

    mean: float
    sd: float
    specialised: float


@cache
def scaling() -> Scaling:
    """By Gauss-Legendre quadrature for the sine, in closed form for the rest."""
    node, weight = np.polynomial.legendre.leggauss(64)
    node, weight = (node + 1) / 2, weight / 2
    sine = 10 * np.sin(np.pi * np.outer(node, node))
    sine_mean = float(weight @ sine @ weight)
    sine_var = float(weight @ (sine - sine_mean) ** 2 @ weight)
    kind_mean, kind_var = _moments(_KIND, CATEGORIES["kind"])
    channel_mean, channel_var = _moments(_CHANNEL, CATEGORIES["channel"])
    turned = 25 / 12 * float(CATEGORIES["kind"] @ _TURN**2)
    in_speciality = 100 / 12 + kind_var
    variance = sine_var + 400 / 180 + in_speciality + turned + channel_var
    mean = sine_mean + 20 / 12 + 5 + kind_mean + channel_mean
    return Scaling(mean, variance**0.5, in_speciality / variance)


def _moments(value: Floats, weight: Floats) -> tuple[float, float]:
    mean = float(weight @ value)
    return mean, float(weight @ (value - mean) ** 2)


def from_uniform(u: Floats) -> Features:
    """(n, 7) points of the unit cube -> the features that matter, categories as codes 0, 1, ..."""
    features: Features = {name: u[:, i] for i, name in enumerate(NUMBERS)}
    for i, (name, weight) in enumerate(CATEGORIES.items(), start=len(NUMBERS)):
        features[name] = category(u[:, i], weight)
    return features


def category(u: Floats, weight: Floats) -> Codes:
    """Codes with these frequencies from uniform numbers."""
    return np.searchsorted(weight.cumsum()[:-1], u, side="right").astype(np.intp)


def irrelevant(count: int, cases: int, generator: np.random.Generator) -> Features:
    """z1, z2, ...: features that f does not know; odd ones are skewed numbers, even ones categories."""
    return {
        f"z{i}": generator.exponential(size=cases) if i % 2 else category(generator.random(cases), _IRRELEVANT)
        for i in range(1, count + 1)
    }


def worth(x: Features) -> Floats:
    """f(x), with mean 0 and SD 1 in the population."""
    raw = 10 * np.sin(np.pi * x["x1"] * x["x2"]) + 20 * (x["x3"] - 0.5) ** 2 + 10 * x["x4"]
    raw = raw + _KIND[x["kind"]] + 5 * _TURN[x["kind"]] * (x["x5"] - 0.5) + _CHANNEL[x["channel"]]
    return np.asarray((raw - scaling().mean) / scaling().sd, dtype=np.float64)


def speciality(x: Features) -> Floats:
    """The part of f that lies in x4 and kind, not centred."""
    return np.asarray((10 * x["x4"] + _KIND[x["kind"]]) / scaling().sd, dtype=np.float64)


def standardised(number: Floats) -> Floats:
    """A uniform feature with mean 0 and SD 1 in the population: what a professional's slope is a slope on."""
    return np.asarray((number - 0.5) * np.sqrt(12.0), dtype=np.float64)


def contrast(weight: Floats) -> Floats:
    """(K, K) A such that A e, e independent standard normal, has weighted mean 0 and expected weighted square 1."""
    K = len(weight)
    return np.asarray((np.eye(K) - weight[None, :]) / np.sqrt(1 - float(weight @ weight)), dtype=np.float64)
