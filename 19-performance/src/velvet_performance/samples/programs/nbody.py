"""Attributes: five bodies that attract each other, as objects of a class."""

from __future__ import annotations

from velvet_performance.samples.kernels import Body, bodies, nbody_pure

HOT = "advance"
WHERE = "python"
MEASURE = "cpu"
SIZE = 40_000
STUBS = {"advance": lambda _system, _steps: None, "energy": lambda _system: 0.0}


def build(size: int, seed: int) -> int:
    """Return the number of steps."""
    return size + seed % 2


def advance(system: list[Body], steps: int) -> None:
    """Move the bodies."""
    nbody_pure(system, steps)


def energy(system: list[Body]) -> float:
    """Return the kinetic energy and the potential energy, added up."""
    total = 0.0
    for number, body in enumerate(system):
        total += body.mass * (body.vx**2 + body.vy**2 + body.vz**2) / 2
        for other in system[number + 1 :]:
            apart = (body.x - other.x) ** 2 + (body.y - other.y) ** 2 + (body.z - other.z) ** 2
            total -= body.mass * other.mass / apart**0.5
    return total


def run(steps: int) -> float:
    """Return the energy after that many steps; it is looked at every ten steps."""
    system = bodies()
    last = 0.0
    for done in range(0, steps, 10):
        advance(system, min(10, steps - done))
        last = energy(system)
    return last
