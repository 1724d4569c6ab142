"""Quantiles and upper tails of the distributions that intervals and tests rest on, for numbers and arrays alike.

They are those of scipy.special, for 0 < p < 1 and degrees of freedom above 0 what scipy.stats gives, digit for digit.
Importing that instead would add half to the time that every command takes to start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


def normal_quantile(p: ArrayLike) -> Any:
    """z with P(Z <= z) = p."""
    return special.ndtri(p)


def t_quantile(p: ArrayLike, df: ArrayLike) -> Any:
    """t with P(T <= t) = p; infinite degrees of freedom are the normal distribution."""
    return special.stdtrit(df, p)


def t_tail(t: ArrayLike, df: ArrayLike) -> Any:
    """P(T > t)."""
    return special.stdtr(df, -t)  # type: ignore[operator]


def chi2_quantile(p: ArrayLike, df: ArrayLike) -> Any:
    """x with P(X <= x) = p."""
    return 2 * special.gammaincinv(df / 2, p)  # type: ignore[operator]


def chi2_tail(x: ArrayLike, df: ArrayLike) -> Any:
    """P(X > x)."""
    return special.chdtrc(df, np.maximum(x, 0))


def f_quantile(p: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Any:
    """f with P(F <= f) = p."""
    return special.fdtri(df1, df2, p)


def f_tail(f: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Any:
    """P(F > f)."""
    return special.fdtrc(df1, df2, np.maximum(f, 0))


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Any:
    """x with P(B <= x) = p; NaN where a or b is 0."""
    return special.betaincinv(a, b, p)
