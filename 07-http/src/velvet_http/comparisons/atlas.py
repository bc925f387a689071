"""What each bare library does with six faults, found by running it: words, which have no noise."""

from __future__ import annotations

from functools import partial, reduce
from operator import and_

from velvet.bench import Metric, Suite, value
from velvet_http.comparisons.bare import LIBRARIES, NEEDS, bare
from velvet_http.faults import FaultServer, fault

FAULTS = ("truncated gzip", "drip", "early hints", "two lengths", "garbage", "stall")
TIMEOUT = 0.5  # seconds; the drip takes 1.2 s, so "whole body" there means that nothing ended it


def _words(library: str) -> dict[str, float | str]:
    """Return a word for each fault, and how many bytes of half a gzip stream became a body."""
    found: dict[str, float | str] = {}
    with FaultServer() as server:
        for name in FAULTS:
            got, size = 0, fault(name).size
            try:
                got = bare(library)(server.script("/fault", [fault(name)]), TIMEOUT)
                found[name] = "whole body" if got == size else f"accepts {got:,} of {size:,} bytes"
            except Exception:  # noqa: BLE001 - each library has errors of its own
                found[name] = "error"
            found.setdefault("half_gzip", float(got))
    return found


def add_to(suite: Suite) -> None:
    """Declare the comparison of this file and its claim."""
    rows = suite.comparison(
        "atlas",
        title=f"Six faults of the server, as each bare library takes them (timeout {TIMEOUT} s)",
        kind="value",
        unit="label",
        tier="default",
        metrics={**dict.fromkeys(FAULTS, Metric("label")), "half_gzip": Metric("bytes")},
    )
    for name in LIBRARIES:
        rows.add(name, lambda name=name: partial(_words, name), needs=NEEDS[name])
    suite.claim(
        "no bare library refuses half a gzip stream",
        reduce(and_, (value("atlas", name, "half_gzip") >= 1 for name in LIBRARIES)),
        needs="pycurl",
    )
