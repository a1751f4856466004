"""A linear regression, and how far its coefficients move when patients are drawn anew. The code that workers run."""

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@frozen(kw_only=True)
class Resampled:
    """What a batch of resamples gave: coefficients, one row a resample, and R² on the patients that were left out."""

    coefficients: Floats
    r_squared: Floats


def resample(seed: int, features: Floats, target: Floats, n: int) -> Resampled:
    """Fit the regression to n bootstrap samples; each seed draws its own."""
    generator = np.random.default_rng(seed)
    fits = [fit_sample(generator, features, target) for _ in range(n)]
    return Resampled(
        coefficients=np.array([coefficients for coefficients, _ in fits]),
        r_squared=np.array([r_squared for _, r_squared in fits]),
    )


def fit_sample(generator: np.random.Generator, features: Floats, target: Floats) -> tuple[Floats, float]:
    """Draw as many patients as there are, with replacement; fit to them, and judge by those who were not drawn."""
    drawn = generator.integers(0, len(target), len(target))
    left_out = np.setdiff1d(np.arange(len(target)), drawn)
    fitted = fit(features[drawn], target[drawn])
    return fitted[1:], score(fitted, features[left_out], target[left_out])


def fit(features: Floats, target: Floats) -> Floats:
    """Fit by least squares: the intercept, then a coefficient a feature."""
    return np.asarray(np.linalg.lstsq(with_intercept(features), target, rcond=None)[0], dtype=np.float64)


def score(fitted: Floats, features: Floats, target: Floats) -> float:
    """Give R²: the share of the target's variance that a fit explains."""
    residuals = target - with_intercept(features) @ fitted
    return float(1 - residuals.var() / target.var())


def with_intercept(features: Floats) -> Floats:
    """Put a column of ones before the features."""
    return np.column_stack([np.ones(len(features)), features])
