"""Overload, tail latency and failure in virtual time: minutes of traffic in milliseconds, the same for a seed.

A real overload test needs a quiet machine and says something else each time. Here the classes under study are
the real ones, only their clock is virtual, so benchmarks, examples and the dashboard's lab can replay one arrival
sequence through every policy and compare nothing but the policy. All randomness comes from the given seed; every
function is pure and safe to call from any thread.
"""

from __future__ import annotations

from velvet_concurrency.simulate.admissions import (
    Admissions,
    edge_attack,
    on_off,
    poisson,
    replay,
    worst_window,
)
from velvet_concurrency.simulate.dependency import BreakerStory, failing_dependency, hedging
from velvet_concurrency.simulate.overload import POLICIES, Load, OverloadResult, overload

__all__ = ["POLICIES", "Admissions", "BreakerStory", "Load"]
__all__ += ["OverloadResult", "edge_attack", "failing_dependency"]
__all__ += ["hedging", "on_off", "overload", "poisson", "replay", "worst_window"]
