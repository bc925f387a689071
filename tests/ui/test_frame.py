"""The page around every dashboard, and the pieces of HTML that it is made of."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from velvet.ui import chart
from velvet.ui.palette import VERDICT_MARKS, VERDICTS

HOSTILE = "<script>alert('x')</script> & co"


def test_a_page_has_title_question_and_style():
    def script() -> None:
        from velvet.ui.chart import page

        page("Tiny", "Is <b>this</b> escaped?")

    app = AppTest.from_function(script).run(timeout=60)

    assert not app.exception
    assert app.title[0].value == "Tiny"
    assert "Is &lt;b&gt;this&lt;/b&gt; escaped?" in app.markdown[0].value


@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_a_claim_carries_its_verdict_as_mark_word_and_colour(verdict):
    text = chart.claim_light(verdict, HOSTILE)

    assert VERDICT_MARKS[verdict] in text
    assert verdict.lower() in text
    assert VERDICTS[verdict] in text
    assert "<script>" not in text


def test_an_unknown_verdict_is_a_defect_of_the_caller():
    with pytest.raises(KeyError):
        chart.claim_light("PERHAPS", "text")


def test_double_underscores_in_a_table_are_text_and_code_is_left_alone():
    def page() -> None:
        from velvet.ui.parts import Seen

        row = {"file": "a/__init__.py", "code": "`__init__`", "lines": 1, "none": "-", "at": "2."}
        Seen().table([{**row, "word": "e-mail", "below": "-1.5"}])

    cells = AppTest.from_function(page).run(timeout=60).table[0].value.iloc[0]

    assert list(cells)[:5] == [r"a/\_\_init\_\_.py", "`__init__`", 1, r"\-", r"2\."]
    assert list(cells)[5:] == ["e-mail", "-1.5"]


def test_a_column_with_a_text_beside_numbers_holds_texts(caplog: pytest.LogCaptureFixture):
    def page() -> None:
        from velvet.ui.parts import Seen

        Seen().table([{"tool": "a", "found": 3}, {"tool": "b", "found": "not here"}])

    table = AppTest.from_function(page).run(timeout=60).table[0].value

    assert list(table["found"]) == ["3", "not here"]
    assert "Arrow" not in caplog.text
