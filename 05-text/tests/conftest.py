"""What the tests of this module share: texts that public functions must take."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("module", max_examples=60, deadline=None)
settings.load_profile("module")


@pytest.fixture(
    params=["", "\ud800", "a\udfffb", "\x00", "e" + "\u0301" * 10_000, "\u202e" * 50, "🤦" * 300],
    ids=["empty", "surrogate", "low surrogate", "null", "zalgo", "bidi", "emoji"],
)
def hard_text(request: pytest.FixtureRequest) -> str:
    """A text that public functions must take without a crash."""
    return str(request.param)
