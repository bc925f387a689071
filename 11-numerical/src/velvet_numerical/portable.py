"""Functions that run on any array library and any device, written against the standard only.

No fancy indexing with lists, no `out=`, no implicit casts: what the standard does not promise is
what one of the libraries lacks.
"""

from __future__ import annotations

from typing import Any

from velvet_numerical.backend import portable, xp_of
from velvet_numerical.errors import positive


@portable
def logsumexp(x: Any) -> Any:
    """Return log(sum(exp(x))) over all elements, without overflow, as an array of no dimensions."""
    xp = xp_of(x)
    top = xp.max(x)
    return top + xp.log(xp.sum(xp.exp(x - top)))


@portable
def softmax(x: Any) -> Any:
    """Return exp(x) / sum(exp(x)) along the last axis."""
    xp = xp_of(x)
    weights = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return weights / xp.sum(weights, axis=-1, keepdims=True)


@portable
def pairwise_distance(points: Any) -> Any:
    """Return the distance of each point to each other one, from an (n, d) array."""
    xp = xp_of(points)
    between = xp.expand_dims(points, axis=1) - xp.expand_dims(points, axis=0)
    return xp.sqrt(xp.sum(between * between, axis=-1))


@portable
def heat_equation_step(grid: Any, rate: float) -> Any:
    """Return one explicit step of the heat equation; the border keeps its temperature.

    Args:
        rate: diffusivity * dt / dx^2; above 0.25 the scheme oscillates and then explodes.
    """
    if not 0 < rate <= 0.25:
        raise ValueError(
            f"rate is above 0 and at most 0.25, where the scheme is stable, not {rate}"
        )
    xp = xp_of(grid)
    middle = grid[1:-1, 1:-1]
    around = grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]
    inner = middle + rate * (around - 4.0 * middle)
    rows = xp.concat([grid[1:-1, :1], inner, grid[1:-1, -1:]], axis=1)
    return xp.concat([grid[:1, :], rows, grid[-1:, :]], axis=0)


@portable
def power_iteration(matrix: Any, steps: int = 100) -> Any:
    """Return the largest eigenvalue by magnitude of a symmetric matrix."""
    xp = xp_of(matrix)
    vector = xp.ones((matrix.shape[0],), dtype=matrix.dtype, device=matrix.device)
    for _ in range(positive("steps", steps)):
        vector = matrix @ vector
        vector = vector / xp.sqrt(xp.sum(vector * vector))
    return xp.sum(vector * (matrix @ vector))
