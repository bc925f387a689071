"""README parts made from results: every kind of mark, and every way in which one can be wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet import budget, report
from velvet.bench.results import save
from velvet.errors import VelvetError
from velvet.report import badges, marks


@pytest.fixture
def readme(paper, results, monkeypatch):
    """The README of a module with reference results; call it with the text it should hold."""
    folder = paper.module()
    save(results, folder / "benchmarks" / "results" / "reference.json")

    def write(text: str) -> Path:
        return paper.write("30-tiny/README.md", text)

    return write


def shown(path: Path) -> str:
    """What stands between the marks of a README that was just regenerated."""
    report.write(path)
    match = marks.MARK.search(path.read_text(encoding="utf-8"))
    assert match is not None
    return match.group(4).strip()


def mark(text: str) -> str:
    return f"before <!-- velvet:{text} -->old<!-- /velvet --> after\n"


def test_a_table_has_a_line_for_every_contender_and_size(readme):
    rows = [shown(readme(mark(f"table adding n={n}"))).splitlines() for n in (10, 100)]

    assert [one[0].split(" | ")[:2] for one in rows] == [
        ["| contender", "measured at n=10"],
        ["| contender", "measured at n=100"],
    ]
    assert "against loop |" in rows[1][0]
    assert sum(len(one) - 2 for one in rows) == 5
    every = [row for one in rows for row in one[2:]]
    assert any("built_in" in row and "5.00 us †" in row for row in every)
    assert any("absent" in row and "not measured: nowhere is not installed" in row for row in every)


def test_a_table_shows_the_published_figure_and_its_share(readme):
    row = next(r for r in shown(readme(mark("table adding n=10"))).splitlines() if "built_in" in r)

    assert "10.0 us" in row
    assert "5.00x faster" in row


def test_a_table_of_one_size_leaves_the_others_out(readme):
    text = shown(readme(mark("table adding n=10")))

    assert "4.00 us" in text
    assert "40.0 us" not in text


def test_a_table_with_more_metrics_has_a_column_for_each(readme, paper, results):
    results["results"].append(
        {**results["results"][0], "metric": "peak_mb", "unit": "MB", "median": 12.0}
    )
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    text = shown(readme(mark("table adding more=peak_mb n=10")))

    assert "| measured at n=10 | peak_mb |" in text.splitlines()[0]
    assert "12.0 MB" in text


def test_claims_are_shown_with_verdict_interval_and_bound(readme):
    last = shown(readme(mark("claims"))).splitlines()[-1]

    assert last == "| the built-in wins | HOLDS | 8.00 [7.50, 8.50] | >= 1.5 |"


def test_a_claim_that_could_not_be_measured_says_why(readme, paper, results):
    part = {"text": "x", "bound": ">= 2", "verdict": "INCONCLUSIVE", "reason": "one core | only"}
    results["claims"][0].update(verdict="INCONCLUSIVE", parts=[part])
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    last = shown(readme(mark("claims"))).splitlines()[-1]

    assert last == "| the built-in wins | INCONCLUSIVE (one core \\| only) | - | >= 2 |"


def test_the_machine_is_named_in_one_sentence_with_its_day_and_noise(readme):
    text = shown(readme(mark("machine")))

    assert text.startswith("Paper CPU, 2 cores, 4 GB, Linux machine, CPython 3.12.1")
    assert text.endswith("2026-01-02; noise index 1.1")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("figure adding loop n=10", "4.00 us"),
        ("figure adding built_in n=100", "5.00 us †"),
        ("figure adding loop", "40.0 us"),
        ("times adding loop built_in n=100", "8.00x"),
    ],
)
def test_a_figure_in_a_sentence_comes_from_the_results(readme, words, text):
    assert shown(readme(mark(words))) == text


def test_a_name_with_a_space_is_quoted_in_a_mark(readme, paper, results):
    path = readme(mark("figure adding 'a long loop' n=10"))
    renamed = json.loads(json.dumps(results).replace('"loop"', '"a long loop"'))
    save(renamed, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    assert shown(path) == "4.00 us"


def test_the_root_readme_names_the_module_before_the_comparison(readme, paper):
    readme("# Tiny\n")

    assert shown(paper.write("README.md", mark("figure 30/adding loop n=10"))) == "4.00 us"


def test_what_stands_around_a_mark_is_left_alone(readme):
    path = readme(mark("figure adding loop n=10"))

    report.write(path)

    wanted = "before <!-- velvet:figure adding loop n=10 -->4.00 us<!-- /velvet --> after\n"
    assert path.read_text(encoding="utf-8") == wanted


def test_a_readme_that_is_as_it_should_be_is_not_written_again(readme):
    path = readme(mark("table adding n=10"))
    report.write(path)
    path.chmod(0o444)

    assert report.write(path) == []
    assert path.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("tabel adding", "unknown mark 'tabel'. Did you mean 'table'?"),
        ("table nothing", "these results hold no comparison 'nothing'"),
        ("table", "mark 'table': table() missing 1 required positional argument: 'name'"),
        ("table adding n=7", "no rows of adding match {'n': '7'}"),
        ("figure adding lop", "nothing measured for adding lop. Did you mean 'loop'?"),
        ("figure adding absent n=100", "nothing measured for adding absent"),
        ("figure 77/adding loop", "there is no module '77'"),
        ("figure adding 'loop n=10", "mark 'figure adding 'loop n=10': No closing quotation"),
    ],
)
def test_a_mark_that_means_nothing_is_refused_with_file_and_reason(readme, words, message):
    path = readme(mark(words))

    with pytest.raises(VelvetError) as caught:
        report.write(path)

    assert message in str(caught.value)
    assert path.read_text(encoding="utf-8") == mark(words)


@pytest.mark.parametrize(
    "words",
    ["machine n=3", "claims n=3", "cards please", "badges please"],
)
def test_a_mark_with_arguments_it_does_not_take_is_refused_in_one_sentence(readme, words):
    path = readme(mark(words))

    with pytest.raises(VelvetError, match=words.split()[0]):
        report.write(path)


def test_a_ratio_to_zero_is_refused_in_one_sentence(readme, paper, results):
    results["results"][0]["median"] = 0.0
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")
    path = readme(mark("times adding built_in loop n=10"))

    with pytest.raises(VelvetError, match="times adding built_in loop"):
        report.write(path)


@pytest.mark.parametrize(
    "text",
    [
        "<!-- velvet:table adding -->\nno end\n",
        "no beginning\n<!-- /velvet -->\n",
        "<!-- velvet:claims --><!-- velvet:machine --><!-- /velvet --><!-- /velvet -->\n",
    ],
)
def test_an_unclosed_mark_is_refused(readme, text):
    path = readme(text)

    with pytest.raises(VelvetError, match=r"velvet marks are opened, \d closed"):
        report.write(path)


def test_the_root_readme_must_say_whose_comparison_it_means(paper):
    path = paper.write("README.md", mark("figure adding loop"))

    with pytest.raises(VelvetError, match="'adding' needs its module: 'NN/adding'"):
        report.write(path)


def test_missing_results_name_the_command_that_makes_them(readme, paper):
    path = readme(mark("table adding"))
    (paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json").unlink()

    with pytest.raises(VelvetError, match="no such results file; make it with `velvet bench`"):
        report.write(path)


def test_damaged_results_are_refused(readme, paper):
    path = readme(mark("table adding"))
    paper.write("30-tiny/benchmarks/results/reference.json", '{"schema": "velvet-bench/0"}')

    with pytest.raises(VelvetError, match="made by another version"):
        report.write(path)


@pytest.fixture
def counted(readme, paper):
    """A whole repository: READMEs, and the coverage that was measured."""
    readme(mark("figure adding loop n=10"))
    paper.write("README.md", mark("figure 30/adding built_in n=10"))
    paper.write(badges.NUMBERS, '{"coverage": 9}')
    return paper


def test_the_report_writes_every_readme_once(velvet, counted):
    first = velvet("report")
    second = velvet("report")

    assert first.exit_code == 0, first.output
    assert "README.md: written (figure 30/adding built_in n=10)" in first.output
    assert "30-tiny/README.md: written (figure adding loop n=10)" in first.output
    assert second.output.strip() == "every README agrees with its results"


def test_a_check_finds_drift_names_it_and_writes_nothing(velvet, counted):
    velvet("report")
    path = counted.root / "30-tiny" / "README.md"
    drifted = path.read_text(encoding="utf-8").replace("4.00 us", "3.99 us")
    path.write_text(drifted, encoding="utf-8")

    result = velvet("report", "--check")

    assert result.exit_code == 1
    assert "30-tiny/README.md: stale (figure adding loop n=10)" in result.output
    assert "run `velvet report` and commit what it writes" in result.output
    assert path.read_text(encoding="utf-8") == drifted


def test_a_check_of_fresh_readmes_passes(velvet, counted):
    velvet("report")

    result = velvet("report", "--check")

    assert result.exit_code == 0
    assert "every README agrees" in result.output


def test_a_check_without_coverage_names_the_command_that_measures(velvet, counted):
    (counted.root / badges.NUMBERS).unlink()

    result = velvet("report", "--check")

    assert result.exit_code == 1
    assert "docs/numbers.json is missing or damaged; run `velvet report --measure`" in result.output


def test_a_module_without_a_readme_is_named(velvet, counted):
    (counted.root / "30-tiny" / "README.md").unlink()

    result = velvet("report")

    assert result.exit_code == 1
    assert "README.md is missing" in result.output


def test_a_readme_that_cannot_be_written_is_named(counted, monkeypatch):
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(VelvetError, match=r"README.md cannot be written: No space left on device"):
        report.write(counted.root / "README.md")

    assert "old" in (counted.root / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in counted.root.glob(".README*")] == []


def test_only_functions_with_the_decorator_count_as_examples(tmp_path):
    file = tmp_path / "examples" / "basic.py"
    file.parent.mkdir()
    file.write_text(
        "@example('a')\ndef a(): ...\n@example('b')\nasync def b(): ...\n"
        "@other('c')\ndef c(): ...\n@plain\ndef d(): ...\ndef e(): ...\n",
        encoding="utf-8",
    )

    assert [name for _, name, _ in budget.examples(SimpleNamespace(folder=tmp_path))] == ["a", "b"]


class FakePytest:
    """In place of a test run: ends with a code and writes its coverage."""

    def __init__(self, code: int = 0) -> None:
        self.code = code

    def __call__(self, argv: list[str], **options: Any) -> SimpleNamespace:
        target = next(w for w in argv if w.startswith("--cov-report=json:")).split(":", 1)[1]
        totals = {"num_statements": 60, "num_branches": 40}
        totals |= {"covered_lines": 58, "covered_branches": 39}
        Path(target).write_text(json.dumps({"totals": totals}), encoding="utf-8")
        return SimpleNamespace(returncode=self.code)


def test_measuring_adds_the_coverage_of_all_runs(velvet, counted, monkeypatch):
    monkeypatch.setattr(subprocess, "run", FakePytest())

    result = velvet("report", "--measure")

    assert result.exit_code == 0, result.output
    assert badges.coverage(counted.root) == 97


@pytest.mark.parametrize("code", [pytest.param(1, id="one fails"), pytest.param(5, id="none ran")])
def test_measuring_with_a_failing_test_writes_nothing(velvet, counted, monkeypatch, code):
    before = (counted.root / badges.NUMBERS).read_bytes()
    monkeypatch.setattr(subprocess, "run", FakePytest(code))

    result = velvet("report", "--measure")

    assert result.exit_code == 1
    assert "tests failed; run `velvet test` there first" in result.output
    assert (counted.root / badges.NUMBERS).read_bytes() == before


def test_a_readme_holds_a_table_at_one_size(readme):
    with pytest.raises(
        VelvetError, match=r"adding has 5 rows at 2 sizes; a README holds at most 8"
    ):
        report.write(readme(mark("table adding")))


def test_rows_of_a_table_can_be_chosen(readme):
    rows = shown(readme(mark("table adding n=100 only=loop,built_in"))).splitlines()

    assert [row.split()[1] for row in rows[2:]] == ["loop", "built_in"]


def test_a_readme_holds_few_claims(readme, paper, results):
    results["claims"] *= 9
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    with pytest.raises(VelvetError, match="9 rows of claims; a README holds at most 8"):
        report.write(readme(mark("claims")))


def test_claims_can_be_those_of_some_comparisons(readme, paper, results):
    other = {**results["claims"][0], "text": "another", "benches": ["adding"]}
    results["claims"].append(other)
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    rows = shown(readme(mark("claims adding"))).splitlines()

    assert [row.split(" | ")[0] for row in rows[2:]] == ["| another"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("verdicts", "1 holds"),
        ("ratio adding built_in loop n=100", "8.00x faster"),
        ("ratio adding loop built_in n=100", "8.00x slower"),
        ("ratio adding built_in loop n=100 | factor", "8.00x"),
        ("times adding built_in loop n=100", "8.00x less"),
    ],
)
def test_how_two_contenders_stand_is_said_in_words(readme, words, text):
    assert shown(readme(mark(words))) == text


def test_a_bare_factor_of_the_slower_one_is_refused(readme):
    with pytest.raises(VelvetError, match="loop is no better than built_in"):
        report.write(readme(mark("ratio adding loop built_in n=100 | factor")))


def test_a_bare_factor_of_a_tie_is_refused(readme, paper, results):
    results["pairs"][0].update(ratio=0.9, lo=0.7, hi=1.2)
    results["results"][3]["median"] = 36.0
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    with pytest.raises(VelvetError, match="built_in is no better than loop"):
        report.write(readme(mark("ratio adding built_in loop n=100 | factor")))


def toml(paper, headline):
    file = paper.root / "30-tiny" / "module.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f'{text}headline = "{headline}"\n', encoding="utf-8")


def test_a_card_has_the_headline_filled_from_the_results(readme, paper):
    readme("# Tiny\n")
    toml(paper, "{ratio adding built_in loop n=100 | factor} faster at {figure adding loop n=10}")

    line = shown(paper.write("README.md", mark("cards")))

    assert line.startswith("- **[30 Tiny Things](30-tiny/)**: 8.00x faster at 4.00 us. *Beginner")


def test_a_module_without_a_headline_shows_its_question(paper):
    paper.module()

    assert "How small can a module be?" in shown(paper.write("README.md", mark("cards")))


def test_a_wrong_mark_of_a_headline_names_its_file(readme, paper):
    readme("# Tiny\n")
    toml(paper, "{ratios adding built_in loop}")

    with pytest.raises(VelvetError, match=r"module\.toml: unknown mark 'ratios'. Did you mean"):
        report.write(paper.write("README.md", mark("cards")))


def test_badges_say_what_the_project_says(counted):
    counted.write("pyproject.toml", 'license = "MIT"\n"Programming Language :: Python :: 3.12"\n')
    line = shown(counted.write("README.md", mark("badges")))
    report.everything(root=counted.root)

    svg = (counted.root / "docs" / "badges" / "coverage.svg").read_text(encoding="utf-8")
    assert line == (
        "![coverage: 9 %](docs/badges/coverage.svg) ![licence: MIT](docs/badges/licence.svg) "
        "![python: 3.12](docs/badges/python.svg)"
    )
    assert 'aria-label="coverage: 9 %"' in svg


def whole(paper):
    report.everything(root=paper.root)
    return (paper.root / "30-tiny" / "RESULTS.md").read_text(encoding="utf-8")


def test_results_are_rendered_whole_with_their_provenance(counted):
    text = whole(counted)

    assert text.startswith("# Results: 30 Tiny Things\n")
    assert "Paper CPU, 2 cores, 4 GB, Linux machine, CPython 3.12.1" in text
    assert "## Claims: 1 holds" in text
    assert "## adding: Add numbers" in text
    assert "| built_in | n=100 | 5.00 us † | 8.00x faster [7.69, 8.33] | 10.0 us |" in text
    assert "| adding: built_in (time) | 10.0 us | 5.00 us | 2.00x faster | a page |" in text
    assert "- nowhere is not installed: absent" in text


def test_a_check_finds_results_that_were_edited(velvet, counted):
    velvet("report")
    file = counted.root / "30-tiny" / "RESULTS.md"
    file.write_text(file.read_text(encoding="utf-8") + "by hand", encoding="utf-8")

    result = velvet("report", "--check")

    assert result.exit_code == 1
    assert "30-tiny/RESULTS.md: stale (all of it)" in result.output
    assert file.read_text(encoding="utf-8").endswith("by hand")


def test_words_are_rendered_as_a_matrix(counted, results):
    about = results["comparisons"][0]
    about.update(kind="value", metric="verdict", unit="label", better={})
    base = {"bench": "adding", "kind": "value", "metric": "verdict", "unit": "label", "n": 1}
    results["results"] = [
        {**base, "contender": name, "size": {"attack": attack}, "label": word}
        for name, words in (("loop", ("passed", "refused")), ("built_in", ("refused", "refused")))
        for attack, word in zip(("zip bomb", "a | b"), words, strict=True)
    ]
    results["pairs"], results["published"] = [], []
    save(results, counted.root / "30-tiny" / "benchmarks" / "results" / "reference.json")
    counted.write("30-tiny/README.md", "# Tiny\n")
    counted.write("README.md", "# All\n")

    text = whole(counted)

    assert "| verdict | attack=zip bomb | attack=a \\| b |" in text
    assert "| loop | passed | refused |" in text
    assert "| built_in | refused | refused |" in text


def test_a_failed_row_is_named_in_the_results(counted, results):
    results["results"][0] = {**results["results"][0], "error": "it hung"}
    del results["results"][0]["median"]
    save(results, counted.root / "30-tiny" / "benchmarks" / "results" / "reference.json")
    counted.write("30-tiny/README.md", "# Tiny\n")

    assert "failed: it hung" in whole(counted)


def test_a_comparison_that_could_not_be_measured_says_so(counted, results):
    for entry in results["results"]:
        entry.pop("median", None)
        entry["skipped"] = "no disk"
    results["pairs"] = []
    save(results, counted.root / "30-tiny" / "benchmarks" / "results" / "reference.json")
    counted.write("30-tiny/README.md", "# Tiny\n")
    counted.write("README.md", "# All\n")

    text = whole(counted)

    assert "No contender of it could be measured on this machine." in text
    assert "- no disk: loop, built_in, absent" in text


def test_a_word_can_stand_in_a_sentence(readme, paper, results):
    results["results"][0].update(unit="label", label="refused")
    save(results, paper.root / "30-tiny" / "benchmarks" / "results" / "reference.json")

    assert shown(readme(mark("figure adding loop n=10"))) == "refused"
