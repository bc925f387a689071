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


def test_examples_are_listed_and_not_run(velvet, capfd):
    velvet("run", "30", "basic", "--list")

    said = capfd.readouterr().out
    assert "Shows a greeting." in said
    assert "hello from" not in said


def test_the_source_of_an_example_is_printed(velvet, capfd):
    velvet("run", "30", "basic", "hello", "--source")

    assert '@example("hello")' in capfd.readouterr().out


def test_an_unknown_level_suggests_the_nearest(velvet):
    result = velvet("run", "30", "advancd")

    assert result.exit_code == 2
    assert "there is no level 'advancd'. Did you mean 'advanced'?" in result.output
    assert "Known are: basic, intermediate, advanced" in result.output


def test_an_unknown_example_suggests_the_nearest(velvet, capfd):
    result = velvet("run", "30", "basic", "helo")

    said = capfd.readouterr().err
    assert result.exit_code == 2
    assert "there is no example 'helo' here. Did you mean 'hello'?" in said
    assert "Traceback" not in said


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
