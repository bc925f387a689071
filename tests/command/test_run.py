"""`velvet run`: a module's examples, by level and by name."""

from __future__ import annotations

import pytest

LEVELS = ("basic", "intermediate", "advanced")


@pytest.fixture(autouse=True)
def _tiny(paper):
    paper.module()


def test_without_a_level_all_three_run_in_order(velvet, capfd):
    result = velvet("run", "tiny")

    said = capfd.readouterr().out
    places = [said.index(f"hello from {level}") for level in LEVELS]
    assert result.exit_code == 0
    assert places == sorted(places)


def test_one_level_runs_alone(velvet, capfd):
    velvet("run", "30", "advanced")

    said = capfd.readouterr().out
    assert "hello from advanced" in said
    assert "hello from basic" not in said


def test_an_example_runs_by_its_name(velvet, capfd):
    result = velvet("run", "30", "basic", "hello")

    assert result.exit_code == 0
    assert "hello from basic" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["solo"], ["solo"]),
        (["hello"], ["basic", "intermediate", "advanced"]),
        (["advanced", "hello"], ["advanced"]),
        (["solo", "hello", "basic"], ["basic", "solo"]),
    ],
)
def test_an_example_is_found_by_its_name_alone_in_any_level(velvet, paper, capfd, words, shown):
    added = '@example("solo")\ndef solo() -> None:\n    """Shows one."""\n    print("hello from solo")\n'
    file = paper.root / "30-tiny" / "examples" / "basic.py"
    text = file.read_text(encoding="utf-8").replace("\nif __name__", f"\n{added}\n\nif __name__")
    file.write_text(text, encoding="utf-8")

    result = velvet("run", "30", *words)

    said = capfd.readouterr().out
    assert result.exit_code == 0
    assert [name for name in (*LEVELS, "solo") if f"hello from {name}" in said] == [
        name for name in (*LEVELS, "solo") if name in shown
    ]


def test_examples_are_listed_and_not_run(velvet, capfd):
    velvet("run", "30", "basic", "--list")

    said = capfd.readouterr().out
    assert "Shows a greeting." in said
    assert "hello from" not in said


def test_the_source_of_an_example_is_printed(velvet, capfd):
    velvet("run", "30", "basic", "hello", "--source")

    assert '@example("hello")' in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "near"), [(["advancd"], "advanced"), (["basic", "helo"], "hello")]
)
def test_an_unknown_level_or_example_suggests_the_nearest(velvet, words, near):
    result = velvet("run", "30", *words)

    assert result.exit_code == 2
    assert f"{words[-1]!r} in 30-tiny. Did you mean {near!r}?" in result.output
    assert "Known are: basic, intermediate, advanced, hello" in result.output


def test_a_module_without_examples_is_named(velvet, paper):
    paper.module("31-bare", whole=False)

    result = velvet("run", "bare")

    assert result.exit_code == 2
    assert "31-bare has no basic examples" in result.output


def test_the_first_level_that_fails_ends_the_run_with_its_exit_code(velvet, paper, capfd):
    paper.write("30-tiny/examples/intermediate.py", "raise SystemExit(9)\n")

    result = velvet("run", "30")

    assert result.exit_code == 9
    assert "hello from advanced" not in capfd.readouterr().out
