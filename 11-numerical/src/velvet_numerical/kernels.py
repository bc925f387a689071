"""The kernels that are measured: their inputs, their work, and the proof that all ways agree.

`validate` is the proof behind every timing: each contender is compared with the loop of
`contenders.pure` computed with fifty digits, on the same inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical import contenders as rivals
from velvet_numerical.contenders import pure
from velvet_numerical.errors import positive

Arguments = tuple[Any, ...]
DIGITS = 50
MANDELBROT_STEPS = 50


@dataclass(frozen=True)
class Kernel:
    """One thing to compute.

    Attributes:
        make: returns its arguments from a number of elements and a random generator.
        flops: floating-point operations an element.
        bytes: bytes an element that must travel, if caches were ideal.
    """

    name: str
    make: Callable[[int, np.random.Generator], Arguments]
    flops: Callable[[int], float]
    bytes: Callable[[int], float]

    @property
    def intensity(self) -> Callable[[int], float]:
        """Flops for each byte, at a number of elements."""
        return lambda n: self.flops(n) / self.bytes(n)


def side(n: int) -> int:
    """Return the side of a square matrix of about `n` elements."""
    return max(1, round(math.sqrt(n)))


def _vector(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(0.5, 2.0, n)


def _square(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(0.5, 2.0, (side(n), side(n)))


def _each(count: float) -> Callable[[int], float]:
    return lambda n: count * n


_ALL = (
    Kernel("axpy", lambda n, r: (2.5, _vector(n, r), _vector(n, r)), _each(2), _each(24)),
    Kernel("dot", lambda n, r: (_vector(n, r), _vector(n, r)), _each(2), _each(16)),
    Kernel("distance", lambda n, r: (_vector(n, r), _vector(n, r)), _each(3), _each(16)),
    Kernel("polynomial", lambda n, r: (_vector(n, r),), _each(6), _each(16)),
    Kernel("exp_sum", lambda n, r: (_vector(n, r),), _each(20), _each(8)),
    Kernel("loop_sum", lambda n, r: (_vector(n, r),), _each(1), _each(8)),
    Kernel("builtin_sum", lambda n, r: (_vector(n, r),), _each(1), _each(8)),
    Kernel("sort", lambda n, r: (_vector(n, r),), lambda n: n * np.log2(n + 1), _each(16)),
    Kernel("recurrence", lambda n, r: (_vector(n, r), 0.75), _each(3), _each(16)),
    Kernel("early_exit", lambda n, _: (np.arange(n) * 1.0, 10.0), _each(1), _each(8)),
    Kernel("stencil2d", lambda n, r: (_square(n, r),), _each(4), _each(16)),
    Kernel(
        "mandelbrot",
        lambda n, r: (r.uniform(-2, 0.5, n) + 1j * r.uniform(-1, 1, n), MANDELBROT_STEPS),
        _each(10 * MANDELBROT_STEPS / 2),
        _each(24),
    ),
    Kernel(
        "pairwise_distance",
        lambda n, r: (r.uniform(0.5, 2.0, (side(n), 3)),),
        _each(10),
        lambda n: 8 * n + 24 * n**0.5,
    ),
    Kernel("matmul", lambda n, r: (_square(n, r), _square(n, r)), lambda n: 2 * n**1.5, _each(24)),
    Kernel("transpose", lambda n, r: (_square(n, r),), _each(1), _each(16)),
)
KERNELS = {kernel.name: kernel for kernel in _ALL}
# The eight of the folklore: "vectorise it and gain 100x".
FOLKLORE = (
    *("dot", "distance", "polynomial", "axpy"),
    *("loop_sum", "builtin_sum", "sort", "matmul"),
)


def kernel(name: str) -> Kernel:
    """Return a kernel by name; a KeyError lists the valid ones."""
    if name not in KERNELS:
        raise KeyError(f"unknown kernel {name!r}: choose one of {', '.join(KERNELS)}")
    return KERNELS[name]


def contenders(name: str) -> tuple[str, ...]:
    """Return the contenders that are installed and define a kernel."""
    wanted = kernel(name).name
    return tuple(one for one, module in rivals.installed().items() if hasattr(module, wanted))


def get(name: str, contender: str) -> Callable[..., Any]:
    """Return one contender's function.

    Raises:
        KeyError: the kernel or the contender is unknown, or it does not define the kernel.
        ImportError: its library is not installed.
    """
    wanted = kernel(name).name
    found: Callable[..., Any] | None = getattr(rivals.load(contender), wanted, None)
    if found is None:
        raise KeyError(f"{contender} has no {name}: choose one of {', '.join(contenders(name))}")
    return found


def arguments(name: str, n: int, *, contender: str = "numpy", seed: int = 11) -> Arguments:
    """Return the arguments of one kernel as a contender takes them: arrays, or lists for `pure`."""
    made = kernel(name).make(positive("n", n), np.random.default_rng(seed))
    if rivals.load(contender).TAKES == "array":
        return made
    return tuple(one.tolist() if isinstance(one, np.ndarray) else one for one in made)


def prepared(name: str, contender: str, n: int, *, seed: int = 11) -> partial[Any]:
    """Return a call without arguments, ready to be timed."""
    return partial(get(name, contender), *arguments(name, n, contender=contender, seed=seed))


def exact(name: str, n: int, *, seed: int = 11) -> Any:
    """Return the kernel's value, computed by the plain loop with fifty digits."""
    import mpmath  # type: ignore[import-untyped,unused-ignore]

    def widened(value: Any) -> Any:
        if isinstance(value, list):
            return [widened(one) for one in value]
        if isinstance(value, (int, bool)):
            return value
        return mpmath.mpc(value) if isinstance(value, complex) else mpmath.mpf(value)

    with mpmath.workdps(DIGITS):
        given = arguments(name, n, contender="pure", seed=seed)
        return getattr(pure, name)(*map(widened, given))


def validate(name: str, rtol: float = 1e-12, *, n: int = 100) -> dict[str, float]:
    """Return each contender's largest relative error; what exceeds `rtol` is a ValueError."""
    expected = np.asarray(exact(name, n)).astype(np.float64)
    scale = np.maximum(np.abs(expected), np.finfo(np.float64).tiny)
    errors = {}
    for contender in contenders(name):
        found = np.asarray(prepared(name, contender, n)(), dtype=np.float64)
        if found.shape != expected.shape:
            raise ValueError(f"{contender} returned shape {found.shape}, not {expected.shape}")
        difference = np.abs(found - expected)
        errors[contender] = float(np.max(difference / np.where(expected == 0, 1.0, scale)))
        if not errors[contender] <= rtol:
            raise ValueError(f"{contender} is off by {errors[contender]:.1e} in {name}")
    return errors
