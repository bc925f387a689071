"""What the growth lab may be asked: a family, sizes in equal steps of the logarithm, contenders."""

from __future__ import annotations

from dataclasses import dataclass

from velvet_algorithms.contenders import contenders, families

FEWEST_STEPS, MOST_STEPS = 3, 9
MOST_CURVES = 6  # as many as can be told apart
LEAST_SIZE = 10


@dataclass(frozen=True)
class Family:
    """How a family is offered.

    Attributes:
        question: what is done with n, in a few words.
        smallest, largest: the sizes that are offered first.
        most: the largest n that may be asked for; beyond it nothing ends in seconds.
    """

    question: str
    smallest: int
    largest: int
    most: int


FAMILIES = {
    "sorted": Family("n adds, each with a k-th value and a look-up", 300, 60_000, 200_000),
    "priority_queue": Family("n pushes, changes and pops", 100, 10_000, 100_000),
    "lru": Family("n requests to a cache of least recent use", 500, 40_000, 200_000),
    "completions": Family("twelve prefixes among n words", 300, 20_000, 100_000),
    "membership": Family("n keys, some of them known", 300, 20_000, 100_000),
    "union_find": Family("n random pairs joined", 300, 30_000, 200_000),
    "range_sums": Family("n changes and sums of ranges", 100, 10_000, 50_000),
    "range_products": Family("n changes and products of ranges", 50, 2_000, 10_000),
    "intervals": Family("n / 10 questions for overlaps among n", 200, 10_000, 50_000),
    "sssp": Family("from one of n crossings to all others", 100, 6_400, 40_000),
    "routes": Family("four routes among n crossings", 100, 4_900, 10_000),
    "flow": Family("the maximum flow through n nodes", 20, 800, 2_000),
    "components": Family("components of n nodes, 2 n arcs", 200, 20_000, 100_000),
    "tasks": Family("an order of n tasks", 100, 10_000, 50_000),
    "edit_distance": Family("the distance of two texts of n letters", 10, 1_000, 5_000),
    "multi_pattern": Family("1,000 words in n letters", 500, 30_000, 200_000),
    "suffix_array": Family("all suffixes of n letters", 100, 10_000, 50_000),
    "subset_sums": Family("all sums of n weights", 10, 320, 1_000),
    "knapsack": Family("a knapsack of n items, 25 n large", 10, 320, 600),
    "spelling": Family("near words among n", 100, 5_000, 28_600),
    "hull": Family("the convex hull of n points", 100, 10_000, 100_000),
    "closest_pair": Family("the closest pair of n points", 20, 5_000, 50_000),
}


def family_of(name: str) -> Family:
    """Return how a family is offered; one that is not listed above is offered cautiously."""
    return FAMILIES.get(name, Family(f"{name} of size n", 100, 3_000, 10_000))


@dataclass(frozen=True)
class LabRequest:
    """One measurement: which contenders of a family, at which sizes."""

    family: str
    smallest: int
    largest: int
    steps: int
    names: tuple[str, ...]

    @property
    def sizes(self) -> list[int]:
        """The sizes, equally far apart in their logarithms, each once."""
        ratio = (self.largest / self.smallest) ** (1 / max(1, self.steps - 1))
        return sorted({round(self.smallest * ratio**step) for step in range(self.steps)})

    def problems(self) -> list[str]:
        """Return what is wrong with the request, each with what would do; empty when nothing is."""
        if self.family not in families():
            return [f"family must be one of {', '.join(families())}, not {self.family!r}"]
        most = family_of(self.family).most
        found = []
        if self.smallest < LEAST_SIZE:
            found.append(f"the smallest size must be at least {LEAST_SIZE}, not {self.smallest}")
        if self.largest > most:
            found.append(
                f"the largest size must be at most {most:,} for {self.family}, not {self.largest:,}"
            )
        if self.largest < 4 * max(1, self.smallest):
            found.append("the largest size must be at least four times the smallest")
        if not FEWEST_STEPS <= self.steps <= MOST_STEPS:
            found.append(f"sizes must be {FEWEST_STEPS} to {MOST_STEPS}, not {self.steps}")
        return [*found, *self._names_problems()]

    def _names_problems(self) -> list[str]:
        known = {one.name: one.absent for one in contenders(self.family)}
        found = [f"{name}: {known[name]}" for name in self.names if known.get(name)]
        found += [
            f"{self.family} has no contender {name!r}; it has {', '.join(known)}"
            for name in self.names
            if name not in known
        ]
        if not 1 <= len(self.names) <= MOST_CURVES:
            found.append(f"choose 1 to {MOST_CURVES} contenders, not {len(self.names)}")
        return found

    def argv(self) -> list[str]:
        """Return the arguments after the interpreter that measure this.

        Raises:
            ValueError: something is wrong with the request.
        """
        if problems := self.problems():
            raise ValueError("; ".join(problems))
        sizes = [str(n) for n in self.sizes]
        names = [part for name in self.names for part in ("--name", name)]
        module = "velvet_algorithms.explorer.child"
        return ["-m", module, "grow", "--family", self.family, *names, "--sizes", *sizes]
