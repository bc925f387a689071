"""A resolver that really resolves, and the rule that it replaced.

`GreedyResolver` takes, for each name, the newest version that fits the first requirement it meets:
pip's rule until 2020. `BacktrackingResolver` is a provider for resolvelib, the engine in pip and
PDM: it takes back a choice that turns out wrong. Both read metadata one release at a time and count
it, because over a network a reading is what costs.

Sources: PEP 440 (pre-releases), PEP 592 (yanked), PEP 508 (markers and extras).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers.resolution import Resolution as Search

from velvet_environments.errors import EnvToolError, TooDeep
from velvet_environments.samples.graphs import Scenario
from velvet_environments.target import Target
from velvet_environments.wheelsmith import PackageSpec, normalize, requirement

ROOT = "the project"


class Source:
    """What a resolver may ask: which releases are there, and what does one need.

    Attributes:
        reads: releases whose metadata was read, each counted once, as a cache would.
    """

    def __init__(self, packages: Iterable[PackageSpec], target: Target) -> None:
        self.target = target
        self.reads: set[tuple[str, str]] = set()
        self._releases: dict[str, list[PackageSpec]] = {}
        for spec in packages:
            if target.accepts_python(spec.requires_python) and target.accepts_tag(spec.tag):
                self._releases.setdefault(spec.key, []).append(spec)
        for some in self._releases.values():
            some.sort(key=lambda one: Version(one.version), reverse=True)

    def releases(self, name: str, specifiers: SpecifierSet) -> list[PackageSpec]:
        """Return the releases that fit, the newest first.

        A yanked one fits only `==`; a pre-release only a bound that names one, or where nothing
        else fits.
        """
        exact = any(one.operator in ("==", "===") for one in specifiers)
        found = [one for one in self._releases.get(name, []) if exact or not one.yanked]
        fitting = set(specifiers.filter(one.version for one in found))
        return [one for one in found if one.version in fitting]

    def needs(self, spec: PackageSpec, extras: frozenset[str]) -> list[Requirement]:
        """Return what a release needs on the target; counts the reading."""
        self.reads.add((spec.key, spec.version))
        texts = [
            *spec.requires,
            *(one for name in sorted(extras) for one in spec.extras.get(name, ())),
        ]
        wanted = map(Requirement, texts)
        return [one for one in wanted if self.target.wants(one.marker, extras)]


@dataclass(frozen=True)
class Step:
    """One event of a resolution.

    Attributes:
        kind: pin, reject or backtrack.
    """

    kind: str
    name: str
    version: str
    words: str = ""


@dataclass(frozen=True)
class Resolution:
    """The outcome of a resolver.

    Attributes:
        pins: name -> version.
        extras: name -> the extras that something asked for.
        metadata_reads: releases whose metadata had to be read.
    """

    pins: Mapping[str, str]
    extras: Mapping[str, frozenset[str]]
    steps: tuple[Step, ...]
    metadata_reads: int
    backtracks: int


@dataclass(frozen=True)
class Cause:
    """One requirement of a conflict and what asked for it."""

    parent: str
    requirement: Requirement

    def __str__(self) -> str:
        return f"{self.parent} requires {self.requirement}"


class Conflict(EnvToolError):
    """No choice of versions fits.

    Attributes:
        causes: the requirements that exclude each other.
        steps: what was tried.
    """

    def __init__(
        self, causes: Sequence[Cause], steps: tuple[Step, ...] = (), offered: Sequence[str] = ()
    ) -> None:
        self.causes, self.steps, self.offered = tuple(causes), steps, tuple(offered)
        super().__init__(self.explain())

    def explain(self) -> str:
        """Return a sentence that names the culprits and the project that they share."""
        names = sorted({normalize(one.requirement.name) for one in self.causes})
        told = "; ".join(sorted({str(one) for one in self.causes}))
        if len(self.causes) == 1 and not self.offered:
            return f"{told}, and no release of {names[0]} is there for this target"
        there = f" (there is {', '.join(self.offered)})" if self.offered else ""
        return f"{told}: no version of {', '.join(names)} fits all{there}"


class GreedyResolver:
    """First wins: each name is settled by the first requirement that mentions it; O(V + E)."""

    def resolve(self, texts: Iterable[str], source: Source) -> Resolution:
        """Choose without ever looking back; the result may be broken, see `verify`.

        Raises:
            Conflict: a project has no release that fits the requirement met first.
        """
        queue = deque((ROOT, one) for one in map(requirement, texts))
        chosen: dict[str, PackageSpec] = {}
        extras: dict[str, frozenset[str]] = {}
        steps: list[Step] = []
        while queue:
            parent, wanted = queue.popleft()
            if parent == ROOT and not source.target.wants(wanted.marker):
                continue
            name = normalize(wanted.name)
            new = frozenset(wanted.extras) - extras.get(name, frozenset())
            if name in chosen and not new:
                continue
            if name not in chosen:
                fitting = source.releases(name, wanted.specifier)
                if not fitting:
                    raise Conflict([Cause(parent, wanted)], tuple(steps))
                chosen[name] = fitting[0]
                steps.append(Step("pin", name, fitting[0].version, f"for {parent}"))
            extras[name] = extras.get(name, frozenset()) | new
            release = chosen[name]
            label = f"{name} {release.version}"
            queue.extend((label, one) for one in source.needs(release, extras[name]))
        pins = {name: spec.version for name, spec in sorted(chosen.items())}
        return Resolution(pins, extras, tuple(steps), len(source.reads), 0)


@dataclass(frozen=True)
class _Candidate:
    """A release with the extras asked for; resolvelib compares and prints it."""

    spec: PackageSpec = field(hash=False)
    extras: frozenset[str]

    @property
    def label(self) -> str:
        return f"{self.spec.key} {self.spec.version}"


@dataclass(frozen=True)
class _Wish:
    """A requirement; `exact` binds an extra's candidate to the release without it."""

    requirement: Requirement
    extras: frozenset[str]
    exact: str = ""


class _Provider(AbstractProvider):  # type: ignore[type-arg,unused-ignore]
    """What resolvelib asks. A name with extras is an identifier of its own."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def identify(self, requirement_or_candidate: Any) -> tuple[str, frozenset[str]]:
        given = requirement_or_candidate
        if isinstance(given, _Candidate):
            return given.spec.key, given.extras
        return normalize(given.requirement.name), given.extras

    def get_preference(  # resolvelib passes these by name
        self,
        identifier: Any,
        resolutions: Any,  # noqa: ARG002
        candidates: Any,  # noqa: ARG002
        information: Any,
        backtrack_causes: Any,
    ) -> tuple[bool, bool, str]:
        causes = {self.identify(one.requirement) for one in backtrack_causes}
        wishes = [one.requirement for one in information[identifier]]
        pinned = any(spec.operator == "==" for one in wishes for spec in one.requirement.specifier)
        return identifier not in causes, not pinned, str(identifier[0])

    def find_matches(
        self, identifier: Any, requirements: Any, incompatibilities: Any
    ) -> list[_Candidate]:
        name, extras = identifier
        wishes = list(requirements[identifier])
        bounds = SpecifierSet()
        for one in wishes:
            bounds &= one.requirement.specifier
        exact = {one.exact for one in wishes} - {""}
        refused = {one.spec.version for one in incompatibilities[identifier]}
        return [
            _Candidate(spec, extras)
            for spec in self.source.releases(name, bounds)
            if spec.version not in refused and exact <= {spec.version}
        ]

    def is_satisfied_by(self, requirement: Any, candidate: Any) -> bool:
        if requirement.exact:
            return bool(candidate.spec.version == requirement.exact)
        allowed = requirement.requirement.specifier
        return bool(allowed.contains(candidate.spec.version, prereleases=True))

    def get_dependencies(self, candidate: Any) -> list[_Wish]:
        found = [
            _Wish(one, frozenset(one.extras))
            for one in self.source.needs(candidate.spec, candidate.extras)
        ]
        if candidate.extras:  # the extra and the plain project are one release
            same = Requirement(f"{candidate.spec.name}=={candidate.spec.version}")
            found.append(_Wish(same, frozenset(), candidate.spec.version))
        return found


class _Recorder(BaseReporter):  # type: ignore[type-arg,unused-ignore]
    """Keeps what resolvelib does as steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def pinning(self, candidate: Any) -> None:
        self.steps.append(Step("pin", candidate.spec.key, candidate.spec.version))

    def rejecting_candidate(self, criterion: Any, candidate: Any) -> None:
        told = "; ".join(sorted({str(_cause(one)) for one in criterion.information}))
        self.steps.append(Step("reject", candidate.spec.key, candidate.spec.version, told))


def _cause(information: Any) -> Cause:
    parent = ROOT if information.parent is None else information.parent.label
    return Cause(parent, information.requirement.requirement)


def _reached(state: Any) -> dict[tuple[str, frozenset[str]], Any]:
    """Return the choices that a chain of requirements leads to from the root.

    resolvelib's own `Resolver` asks the same by a recursion that never ends in a circle of packages
    which backtracking left without a way to the root.
    """
    chosen = {id(candidate): key for key, candidate in state.mapping.items()}
    needs: dict[Any, list[Any]] = {}
    for key, criterion in state.criteria.items():
        for parent in criterion.iter_parent():
            if parent is None or id(parent) in chosen:
                needs.setdefault(None if parent is None else chosen[id(parent)], []).append(key)
    reached: dict[tuple[str, frozenset[str]], Any] = {}
    waiting = needs.get(None, [])
    while waiting:
        key = waiting.pop()
        if key in state.mapping and key not in reached:
            reached[key] = state.mapping[key]
            waiting += needs.get(key, [])
    return reached


class BacktrackingResolver:
    """Takes back a choice that turns out wrong; exponential in the worst case (it is SAT)."""

    def resolve(
        self, texts: Iterable[str], source: Source, *, max_rounds: int = 10_000
    ) -> Resolution:
        """Choose versions that fit together.

        Raises:
            Conflict: there are none.
            TooDeep: `max_rounds` were not enough to tell.
        """
        wanted = [one for one in map(requirement, texts) if source.target.wants(one.marker)]
        wishes = [_Wish(one, frozenset(one.extras)) for one in wanted]
        recorder = _Recorder()
        search: Any = Search(_Provider(source), recorder)
        try:
            state = search.resolve(wishes, max_rounds=max_rounds)
        except ResolutionTooDeep:
            raise TooDeep(f"{max_rounds} rounds were not enough: raise max_rounds") from None
        except ResolutionImpossible as error:
            causes = [_cause(one) for one in error.causes]
            names = {normalize(one.requirement.name) for one in causes}
            offered = [
                f"{name} {spec.version}"
                for name in sorted(names)
                for spec in source.releases(name, SpecifierSet())
            ]
            raise Conflict(causes, tuple(recorder.steps), offered) from None
        pins: dict[str, str] = {}
        extras: dict[str, frozenset[str]] = {}
        for (name, asked), candidate in _reached(state).items():
            pins[name] = candidate.spec.version
            extras[name] = extras.get(name, frozenset()) | asked
        back = sum(step.kind == "reject" for step in recorder.steps)
        ordered = dict(sorted(pins.items()))
        reads = len(source.reads)
        return Resolution(ordered, extras, tuple(recorder.steps), reads, back)


def resolve(scenario: Scenario, target: Target | None = None) -> Resolution:
    """Resolve a scenario with backtracking.

    Raises:
        Conflict: it is unsatisfiable.
    """
    source = Source(scenario.packages, target or Target.here())
    return BacktrackingResolver().resolve(scenario.root_requires, source)
