"""The sentences of the tabs say only what was seen."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("streamlit", reason='dashboards need: pip install "streamlit>=1.55" plotly')

from velvet.ui.kit import Seen
from velvet_web.dashboard import overload

WANTED = {"load": 70, "surge": 3, "retries": 3}


def windows(policy: str, *goodput: float) -> list[dict[str, Any]]:
    """Return the windows of a run, the last of them at its end."""
    at = [11.9 - 0.5 * back for back in reversed(range(len(goodput)))]
    return [
        {"type": "window", "policy": policy, "at": one, "goodput": value}
        for one, value in zip(at, goodput, strict=True)
    ]


def test_the_overload_sentence_keeps_the_model_and_the_measurement_apart() -> None:
    events = windows("no limit", 0, 4) + windows("queue of 10", 130, 140)

    said = overload.finding(Seen(events=events, wanted=WANTED))

    assert said.startswith("In the model, ")
    assert said.endswith("in the last three seconds: 2 without a limit, 135 with a queue of 10.")


def test_a_load_generator_that_was_late_is_said_instead_of_its_figures() -> None:
    events = windows("no limit", 0, 0) + windows("queue of 10", 0, 12)
    events.append({"type": "generator", "policy": "no limit", "lag_ms": 812.4, "valid": False})

    said = overload.finding(Seen(events=events, wanted=WANTED))

    assert "up to 812 ms late" in said
    assert "12 with" not in said


def test_without_a_measurement_only_the_model_is_named() -> None:
    assert "Measured" not in overload.finding(Seen(wanted=WANTED))
