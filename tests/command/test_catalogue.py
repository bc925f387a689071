"""`velvet list` and `velvet info`: the question of each module, what it holds, and its budget."""

from __future__ import annotations

import json

import pytest

from velvet import budget, catalog


@pytest.fixture
def module(paper):
    """A module in the new shape whose dashboard needs what is not installed."""
    folder = paper.module()
    package = "30-tiny/src/velvet_tiny"
    paper.write(f"{package}/comparisons/__init__.py", "import no_such_library_anywhere\n")
    paper.write(f"{package}/dashboard/__init__.py", "import no_such_library_anywhere\n")
    paper.write(f"{package}/short.py", "x = 1\n")
    return folder


def line(output: str, words: str) -> str:
    return next(line for line in output.splitlines() if words in line)


def test_the_list_marks_what_works_and_asks_each_question(velvet, module):
    output = velvet("list").output

    assert line(output, "30-tiny").startswith("  * 30-tiny")
    planned = next(one.slug for one in catalog.everything() if one.state == "planned")
    assert line(output, planned).startswith(f"    {planned}")
    assert "      How small can a module be?" in output.splitlines()


def test_info_lists_examples_comparisons_and_tabs(velvet, module):
    output = velvet("info", "tiny").output

    lines = output.splitlines()
    assert lines[lines.index("examples, basic") + 1] == "  hello"
    assert lines[lines.index("comparisons") + 1] == "  adding: Add numbers"
    assert "not known before its requirements are installed" in lines[lines.index("tabs") + 1]


def test_info_prints_each_figure_beside_its_limit(velvet, module):
    output = velvet("info", "tiny").output

    assert line(output, "lesson lines").split() == ["lesson", "lines", "2", "of", "3,000"]
    assert line(output, "lesson files").split() == ["lesson", "files", "2", "of", "35"]
    assert "short enough for its importer: velvet_tiny/short.py: 1 lines" in output


def test_a_figure_over_its_limit_is_marked(velvet, module):
    (module / "README.md").write_text("word\n" * 301, encoding="utf-8")

    assert line(velvet("info", "tiny").output, "README lines").endswith("301 of    300  OVER")


def test_a_module_may_have_a_limit_of_its_own_with_its_reason(velvet, module):
    toml = module / "module.toml"
    text = toml.read_text(encoding="utf-8")
    own = '[budget]\nlesson_lines = 1\nreason = "It is very small."\n'
    toml.write_text(text + own, encoding="utf-8")

    said = line(velvet("info", "tiny").output, "lesson lines")

    assert said.endswith("2 of      1  OVER  (It is very small.)")


def test_programs_get_the_figures_too(velvet, module):
    found = json.loads(velvet("info", "tiny", "--json").stdout)

    assert found["examples, advanced"] == ["hello"]
    assert found["budget"]["tests lines"] == {"value": 0, "limit": budget.MIN_TESTS_LINES}


def test_what_a_module_measures_on_is_not_counted(module):
    found = catalog.load(module / "module.toml")
    samples = module / "src" / "velvet_tiny" / "samples"
    samples.mkdir()
    before = [figure.value for figure in budget.figures(found)]

    (samples / "corpus.py").write_text("x = 1\n" * 5000, encoding="utf-8")

    assert [figure.value for figure in budget.figures(found)] == before


@pytest.mark.parametrize(
    ("markdown", "rows"),
    [
        ("no table", 0),
        ("| a |\n|---|\n| 1 |\n", 1),
        ("| a |\n|---|\n| 1 |\n\n| a |\n|---|\n| 1 |\n| 2 |\n| 3 |", 3),
    ],
)
def test_the_longest_table_counts(markdown, rows):
    assert budget.longest_table(markdown) == rows


def test_the_time_of_the_published_run_is_a_figure(module):
    found = catalog.load(module / "module.toml")
    results = module / "benchmarks" / "results"
    results.mkdir()
    (results / "reference.json").write_text('{"duration_s": 601.0}', encoding="utf-8")

    (figure,) = [one for one in budget.figures(found) if one.name == "publish seconds"]

    assert not figure.within
