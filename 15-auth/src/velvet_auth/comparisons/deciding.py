"""What one decision about a right costs: compiled tables beside rules that are tried one by one."""

from __future__ import annotations

from collections.abc import Callable

from velvet.bench import Suite, growth, speedup
from velvet_auth.rbac import Policy, Resource, Subject


def _rules(count: int) -> list[list[str]]:
    return [[f"role{number}", f"kind{number}:read"] for number in range(count)]


def _ours(rules: int) -> Callable[[], bool]:
    told = {"roles": [f"role{number}" for number in range(rules)], "grants": _rules(rules)}
    policy = Policy.from_dict(told).compile()
    last = rules - 1
    subject, resource = Subject("alice", frozenset({f"role{last}"})), Resource(f"kind{last}")
    return lambda: policy.allowed(subject, "read", resource).allow


CASBIN = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
"""


def _casbin(rules: int) -> Callable[[], bool]:
    import casbin

    model = casbin.Enforcer.new_model(text=CASBIN)
    enforcer = casbin.Enforcer(model, enable_log=False)
    for role, permission in _rules(rules):
        enforcer.add_policy(role, *permission.split(":"))
    enforcer.add_grouping_policy("alice", f"role{rules - 1}")
    return lambda: bool(enforcer.enforce("alice", f"kind{rules - 1}", "read"))


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    rbac = suite.comparison(
        "rbac",
        title="One decision among n rules, each of a role of its own",
        unit="us",
        sizes={"rules": [10, 100, 1_000]},
        quick=lambda rules: rules <= 100,
        rounds={"quick": 5, "default": 8},
    )
    rbac.add("compiled", _ours, baseline=True)
    rbac.add("casbin", _casbin, needs="casbin", note="policies are data, edited by others")
    rbac.same_result()
    suite.claim(
        "the compiled policy decides at least 20x faster among 100 rules",
        speedup("rbac", "compiled", "casbin", rules=100) >= 20,
        needs="casbin",
    )
    suite.claim(
        "casbin's time grows with the number of rules, the compiled policy's does not",
        (growth("rbac", "casbin", over="rules") >= 0.5)
        & (growth("rbac", "compiled", over="rules") <= 0.2),
        needs="casbin",
    )
