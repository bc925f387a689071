"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "one_spec_four_charts": "6 of 6 pairs show the same chart",
        "velvet_theme": (r"velvet +5.\d\d .* passes", r"plotly_pastel .* fails"),
        "export_matrix": (r"matplotlib +png +Agg +same bytes", r"altair +svg +vl-convert"),
        "file_sizes": r"altair html .* B",
        "a_million_points": (
            r"every_nth .* LOST",
            r"m4 .* 0.0%  kept",
            "Altair: 300,000 marks are more",
        ),
        "accessible_chart": (
            "Line chart \u201cLoad by hour\u201d",
            "table: 50 rows",
            "svg:   True",
        ),
        "browser_truth": r"(Plotly .* MB|no Chromium)",
        "seven_bugs": "7 of 7 found without a stored picture",
        "session_exports": r"(the session is faster: True|no Chromium)",
        "code_size": r"Matplotlib +\d+ +\d+",
    }
