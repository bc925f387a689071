"""Any two contenders agree on any input."""

from hypothesis import given
from hypothesis import strategies as st

from velvet_numerical.contenders import NAMES, load


@given(st.lists(st.integers() | st.text()))
def test_all_contenders_agree(items: list[object]) -> None:
    answers = [load(name).unique(items) for name in NAMES]

    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == len(answers[0])
