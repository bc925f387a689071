"""What the tests of this module share: texts over all of Unicode, hostile ones among them."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile("module", max_examples=60, deadline=None)
settings.load_profile("module")

# Everything that makes text hard: lone surrogates, marks, joiners, direction, case, line ends.
HARD = "\ud800\udfff\u0301\u0345\u200d\u200b\u202e\ufeff\u0600👨👩🏼🇨🇭İıßﬁΣς½²\r\n\x00\x1c\u1100\u1161e"
TEXTS = st.text(st.one_of(st.characters(codec=None), st.sampled_from(HARD)), max_size=30)


@pytest.fixture(
    params=["", "\ud800", "a\udfffb", "\x00", "e" + "\u0301" * 10_000, "\u202e" * 50, "🤦" * 300],
    ids=["empty", "surrogate", "low surrogate", "null", "zalgo", "bidi", "emoji"],
)
def hard_text(request: pytest.FixtureRequest) -> str:
    """A text that public functions must take without a crash."""
    return str(request.param)
