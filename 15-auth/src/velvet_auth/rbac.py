"""Authorization: roles, a hierarchy, denials, ownership, compiled once into tables.

Default deny; a denial wins over every grant; an ownership condition narrows a grant; static
separation of duty keeps two roles apart (ANSI INCITS 359-2012). Everything that can be wrong with a
policy is found when it is made or compiled, so a decision is a few look-ups: O(roles) whatever the number
of rules is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from velvet_auth.errors import PolicyError

ANY = "*"
OWN = "own"


@dataclass(frozen=True)
class Subject:
    """A user with the roles that were assigned."""

    id: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Resource:
    """A thing of a kind, such as `invoice`, with its owner."""

    kind: str
    owner: str = ""


@dataclass(frozen=True)
class Decision:
    """The answer with the rule that made it."""

    allow: bool
    reason: str
    rule: str = ""


@dataclass(frozen=True)
class Rule:
    """A grant or a denial: `invoice:read`, `invoice:*`, `*:*`; `own` narrows it to the owner."""

    role: str
    permission: str
    condition: str = ""


@dataclass(frozen=True)
class Policy:
    """What is written down: rules, parents of roles, and pairs that exclude each other."""

    roles: frozenset[str]
    grants: tuple[Rule, ...] = ()
    denies: tuple[Rule, ...] = ()
    hierarchy: Mapping[str, Iterable[str]] = field(default_factory=dict)
    sod: tuple[frozenset[str], ...] = ()

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Policy:
        """Read lists of [role, permission] or [role, permission, "own"].

        Raises:
            PolicyError: not that form, an unknown role, an empty action, a wildcard inside.
        """
        try:
            return cls(
                frozenset(told["roles"]),
                tuple(Rule(*one) for one in told.get("grants", ())),
                tuple(Rule(*one) for one in told.get("denies", ())),
                {role: tuple(parents) for role, parents in told.get("hierarchy", {}).items()},
                tuple(frozenset(pair) for pair in told.get("sod", ())),
            )
        except (KeyError, TypeError, AttributeError):
            raise PolicyError("form", "not lists of roles, grants, denies and sod") from None

    def compile(self) -> Compiled:
        """Return the policy as tables.

        Raises:
            PolicyError: the hierarchy has a cycle, which the message names.
        """
        reach = self._reach()
        return Compiled(
            {role: _table(self.grants, above) for role, above in reach.items()},
            {role: _table(self.denies, above) for role, above in reach.items()},
            reach,
            self.sod,
        )

    def __post_init__(self) -> None:
        for rule in (*self.grants, *self.denies):
            _check_rule(rule)
        named = {rule.role for rule in (*self.grants, *self.denies)}
        named |= set(self.hierarchy) | {one for above in self.hierarchy.values() for one in above}
        named |= {role for pair in self.sod for role in pair}
        if unknown := sorted(named - self.roles):
            raise PolicyError("role", f"unknown roles: {', '.join(unknown)}")

    def _reach(self) -> dict[str, frozenset[str]]:
        """Return each role with all above it; each role is visited once, however deep it is."""
        above = {role: tuple(self.hierarchy.get(role, ())) for role in sorted(self.roles)}
        made: dict[str, frozenset[str]] = {}
        try:
            for role in TopologicalSorter(above).static_order():
                made[role] = frozenset({role}).union(*(made[one] for one in above[role]))
        except CycleError as error:
            cycle = " -> ".join(reversed(error.args[1]))
            raise PolicyError("cycle", f"the hierarchy has the cycle {cycle}") from None
        return made


def _check_rule(rule: Rule) -> None:
    kind, colon, action = rule.permission.partition(":")
    if not colon or not kind or not action:
        raise PolicyError("action", f"{rule.permission!r} is no kind:action")
    if any(ANY in part and part != ANY for part in (kind, action)):
        raise PolicyError("wildcard", f"{rule.permission!r}: * stands for a whole segment")
    if rule.condition not in ("", OWN):
        raise PolicyError("action", f"{rule.condition!r} is no condition; {OWN!r} is")


Table = Mapping[tuple[str, str], str]


def _table(rules: Iterable[Rule], roles: frozenset[str]) -> Table:
    made: dict[tuple[str, str], str] = {}
    for rule in rules:
        if rule.role in roles:
            # A decision names the first of several rules that say the same.
            old = made.get((rule.permission, rule.condition))
            made[(rule.permission, rule.condition)] = old or f"{rule.role} {rule.permission}"
    return made


@dataclass(frozen=True)
class Compiled:
    """A policy as tables; immutable, so a reload swaps one reference."""

    grants: Mapping[str, Table]
    denies: Mapping[str, Table]
    reach: Mapping[str, frozenset[str]]
    sod: tuple[frozenset[str], ...]

    def allowed(self, subject: Subject, action: str, resource: Resource) -> Decision:
        """Decide; a denial first, then grants, else no."""
        wanted = [f"{kind}:{act}" for kind in (resource.kind, ANY) for act in (action, ANY)]
        owns = bool(resource.owner) and subject.id == resource.owner
        if rule := self._match(self.denies, subject, wanted, owns):
            return Decision(False, "a denial wins", rule)
        if rule := self._match(self.grants, subject, wanted, owns):
            return Decision(True, "granted", rule)
        return Decision(False, "no rule grants it")

    def _match(
        self, tables: Mapping[str, Table], subject: Subject, wanted: Iterable[str], owns: bool
    ) -> str:
        for role in subject.roles:
            table = tables.get(role)
            if not table:
                continue
            for permission in wanted:
                rule = table.get((permission, ""))
                if rule is None and owns:
                    rule = table.get((permission, OWN))
                if rule is not None:
                    return rule
        return ""

    def assign(self, subject: Subject, role: str) -> Subject:
        """Return the subject with one role more.

        Raises:
            PolicyError: an unknown role, or one that excludes a role that the subject has.
        """
        if role not in self.reach:
            raise PolicyError("role", f"unknown role: {role}")
        roles = subject.roles | {role}
        held = frozenset().union(*(self.reach.get(one, frozenset()) for one in roles))
        for pair in self.sod:
            if len(pair & held) > 1:
                raise PolicyError("separation", f"{' and '.join(sorted(pair))} exclude each other")
        return Subject(subject.id, roles)

    def explain(self, subject: Subject, action: str, resource: Resource) -> str:
        """Return one line with the decision, its reason and its rule."""
        made = self.allowed(subject, action, resource)
        verdict = "allow" if made.allow else "deny"
        rule = f" ({made.rule})" if made.rule else ""
        return f"{verdict} {subject.id} {action} {resource.kind}: {made.reason}{rule}"
