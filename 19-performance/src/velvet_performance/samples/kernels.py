"""Two numeric kernels in plain Python, as the profiled programs and the compiled ones use them."""

from __future__ import annotations

from typing import Any

POINT = complex(-0.62772, -0.42193)


def plane(side: int) -> list[complex]:
    """Return side x side points of the square from -1.8 to 1.8, row by row."""
    step = 3.6 / max(1, side - 1)
    axis = [-1.8 + step * number for number in range(side)]
    return [complex(x, y) for y in axis for x in axis]


def julia_pure(points: list[complex], limit: int) -> list[int]:
    """Return for each point how many steps it takes to leave the circle of radius 2."""
    counts = []
    for point in points:
        z, count = point, 0
        while count < limit and abs(z) < 2:
            z = z * z + POINT
            count += 1
        counts.append(count)
    return counts


def julia_algebra(points: list[complex], limit: int) -> list[int]:
    """Return the counts without a square root, on two floats instead of a complex number."""
    cx, cy = POINT.real, POINT.imag
    counts = []
    for z in points:
        x, y, count = z.real, z.imag, 0
        while count < limit and x * x + y * y < 4.0:
            x, y = x * x - y * y + cx, 2.0 * x * y + cy
            count += 1
        counts.append(count)
    return counts


def julia_numpy(points: list[complex], limit: int) -> list[int]:
    """Return the counts with NumPy: one step for all points that are still inside."""
    import numpy as np

    plane = np.array(points, dtype=np.complex128)
    x, y = plane.real.copy(), plane.imag.copy()
    counts = np.zeros(len(plane), dtype=np.int64)
    places = np.arange(len(plane))
    cx, cy = POINT.real, POINT.imag
    for step in range(limit + 1):
        inside = x * x + y * y < 4.0
        counts[places[~inside]] = step
        x, y, places = x[inside], y[inside], places[inside]
        if step == limit or not len(places):
            counts[places] = limit
            break
        x, y = x * x - y * y + cx, 2.0 * x * y + cy
    found: list[int] = counts.tolist()
    return found


def julia_array(points: Any, limit: int, counts: Any) -> None:
    """Write the counts of an array of points into another array; for Numba to compile."""
    for place in range(len(points)):
        x, y, count = points[place].real, points[place].imag, 0
        while count < limit and x * x + y * y < 4.0:
            x, y = x * x - y * y - 0.62772, 2.0 * x * y - 0.42193
            count += 1
        counts[place] = count


class Body:
    """A body with place, velocity and mass."""

    def __init__(self, mass: float, place: tuple[float, ...], speed: tuple[float, ...]) -> None:
        self.mass = mass
        self.x, self.y, self.z = place
        self.vx, self.vy, self.vz = speed


def bodies() -> list[Body]:
    """Return a sun and four planets."""
    return [
        Body(39.5, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        Body(0.038, (4.84, -1.16, -0.1), (0.606, 2.81, -0.025)),
        Body(0.011, (8.34, 4.12, -0.4), (-1.01, 1.82, 0.008)),
        Body(0.0017, (12.9, -15.1, -0.22), (1.08, 0.868, -0.011)),
        Body(0.002, (15.4, -25.9, 0.18), (0.979, 0.594, -0.035)),
    ]


def nbody_pure(system: list[Body], steps: int) -> None:
    """Move the bodies by that many steps of a hundredth of a year."""
    for _ in range(steps):
        for number, body in enumerate(system):
            for other in system[number + 1 :]:
                dx, dy, dz = body.x - other.x, body.y - other.y, body.z - other.z
                pull = 0.01 / (dx * dx + dy * dy + dz * dz) ** 1.5
                body.vx -= dx * other.mass * pull
                body.vy -= dy * other.mass * pull
                body.vz -= dz * other.mass * pull
                other.vx += dx * body.mass * pull
                other.vy += dy * body.mass * pull
                other.vz += dz * body.mass * pull
        for body in system:
            body.x += 0.01 * body.vx
            body.y += 0.01 * body.vy
            body.z += 0.01 * body.vz
