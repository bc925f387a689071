"""The atlas says what each client did, by running it."""

from __future__ import annotations

import pytest

from velvet_http.dashboard.atlas import run_atlas
from velvet_http.dashboard.fault_atlas import wire
from velvet_http.faults import FAULTS, fault


def test_what_bare_libraries_accept_ours_refuse() -> None:
    faults = ["ok", "truncated gzip", "early hints", "close"]

    cells = {(c.fault, c.bare): c for c in run_atlas(["urllib3"], faults)}

    assert cells["ok", True].kind == cells["ok", False].kind == "correct"
    assert cells["truncated gzip", True].text.startswith("accepted 3,454 of 8,400")
    assert cells["truncated gzip", False].text == "TruncatedBody"
    assert cells["early hints", True].kind == "accepted"
    assert cells["early hints", False].kind == "correct"
    assert cells["close", True].kind == "refused"


def test_a_read_timeout_is_no_deadline() -> None:
    cells = {c.bare: c for c in run_atlas(["requests"], ["drip"])}

    assert cells[True].kind == "hung"
    assert cells[False].text == "DeadlineExceeded"


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="bad luck"):
        next(run_atlas(["urllib3"], ["bad luck"]))
    assert len(FAULTS) >= 24
    assert all(wire(fault(name)) and fault(name).says for name in FAULTS)
