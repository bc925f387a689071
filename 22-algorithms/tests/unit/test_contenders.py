"""The register: what is registered, what is absent and why, and answers that differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from velvet_algorithms import contenders
from velvet_algorithms.contenders import Disagreement, check, contender, families, workload


@pytest.fixture
def family() -> Iterator[str]:
    """A family of its own, forgotten afterwards."""
    known = families()
    assert "sums" not in known

    @workload("sums")
    def numbers(n: int, seed: int) -> list[int]:
        return [seed + i for i in range(n)]

    @contender("sums", "builtin", "builtin")
    def builtin(data: list[int]) -> Any:
        return lambda: sum(data)

    yield "sums"
    contenders._workloads.pop("sums")
    contenders._contenders.pop("sums")


@pytest.mark.parametrize("name", families())
@pytest.mark.parametrize("seed", [0, 1])
def test_all_contenders_of_a_family_give_the_same_answer(name: str, seed: int) -> None:
    agreed = check(name, seed, n=150)

    absent = [one.absent for one in contenders.contenders(name) if one.absent]
    if len(agreed) < 2 and absent:
        pytest.skip(f"nobody to agree with: {'; '.join(absent)}")
    assert len(agreed) >= 2


@pytest.mark.parametrize("name", families())
def test_every_family_measures_us_against_something_else(name: str) -> None:
    kinds = {one.kind for one in contenders.contenders(name)}

    assert kinds & {"ours", "numba"}
    assert len(contenders.contenders(name)) >= 2


def test_an_absent_library_is_listed_with_the_command_and_harms_nobody(family: str) -> None:
    @contender(family, "rare", "compiled", needs="no-such-distribution")
    def rare(data: list[int]) -> Any:
        import no_such_distribution  # type: ignore[import-not-found]

        return no_such_distribution

    listed = {one.name: one.absent for one in contenders.contenders(family)}

    assert listed["builtin"] == ""
    assert listed["rare"] == (
        "no-such-distribution is not installed (pip install no-such-distribution)"
    )
    assert check(family) == ["builtin"]


def test_a_different_answer_is_named(family: str) -> None:
    @contender(family, "one_more", "ours")
    def one_more(data: list[int]) -> Any:
        return lambda: sum(data) + 1

    with pytest.raises(Disagreement, match=r"n=4, seed=7: builtin says 34, one_more says 35"):
        check(family, 7, n=4)


def test_a_contender_that_spoils_its_input_spoils_only_its_own(family: str) -> None:
    @contender(family, "spoiler", "ours")
    def spoiler(data: list[int]) -> Any:
        total = sum(data)
        data.clear()
        return lambda: total

    @contender(family, "after", "ours", most=1_000)
    def after(data: list[int]) -> Any:
        return lambda: sum(data)

    assert check(family, n=10) == ["builtin", "spoiler", "after"]
    assert check(family, n=2_000) == ["builtin", "spoiler"]


def test_long_answers_are_shortened_in_the_message(family: str) -> None:
    @contender(family, "long", "ours")
    def long(data: list[int]) -> Any:
        return lambda: "x" * 500

    with pytest.raises(Disagreement) as caught:
        check(family)

    assert len(str(caught.value)) < 250


def test_wrong_registrations_are_refused(family: str) -> None:
    with pytest.raises(ValueError, match="has a workload already"):
        workload(family)(lambda n, seed: None)
    with pytest.raises(ValueError, match="has a contender called 'builtin' already"):
        contender(family, "builtin", "ours")(lambda data: lambda: None)
    with pytest.raises(ValueError, match="kind must be one of"):
        contender(family, "other", "magic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"there is no family 'sum'; known are .*sums"):
        contenders.contenders("sum")
