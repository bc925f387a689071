"""Needs: what is met here, and the reason and the remedy when it is not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet import needs, services
from velvet.needs import Unmet, all_unmet, browser, numbers, unmet, usable_cores, version_of
from velvet.services import ServiceUnavailable

VERSIONS = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every distribution installed in the given version."""

    def set_version(version: str) -> None:
        monkeypatch.setattr(metadata, "version", lambda name: version)

    return set_version


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("need", ["", "  "])
def test_an_empty_need_is_a_mistake(need: str) -> None:
    with pytest.raises(ValueError, match="a need is a non-empty string"):
        unmet(need)


@pytest.mark.parametrize("need", ["a b", "numpy>=", "numpy>=one", "=1", "cores>=many"])
def test_an_unknown_form_is_a_mistake(need: str) -> None:
    with pytest.raises(ValueError, match=r"unknown need .* see velvet\.needs for the vocabulary"):
        unmet(need)


@pytest.mark.parametrize(
    ("have", "need", "met"),
    [
        ("4.0.1", "limits", True),
        ("4.0.1", "limits>=4", True),
        ("4.0.1", "limits >= 4.0.1", True),
        ("4.0.1", "limits>=4.1", False),
        ("4.0.1", "limits<5", True),
        ("4.0.1", "limits<4", False),
        ("4.0.1", "limits>4", True),
        ("4.0.1", "limits<=4.0.1", True),
        ("24", "limits>=24.0", True),
        ("26.3", "limits>=26.3.0", True),
        ("2.0", "limits==2", True),
        ("2.1", "limits==2", False),
        ("10.0", "limits>=9", True),
        ("4.0+local.5", "limits<4.0.1", True),
    ],
)
def test_a_distribution_is_compared_by_its_numbers(
    have: str, need: str, met: bool, installed: Callable[[str], None]
) -> None:
    installed(have)

    assert (unmet(need) is None) == met


def test_a_distribution_that_is_too_old_says_which_is_here_and_how_to_get_another(
    installed: Callable[[str], None],
) -> None:
    installed("1.2")

    assert unmet("limits >= 4") == Unmet(
        "limits >= 4", "limits 1.2 is not >=4", 'pip install "limits>=4"'
    )


def test_a_distribution_that_is_missing_says_how_to_get_it() -> None:
    assert unmet("velvet-no-such-thing>=2") == Unmet(
        "velvet-no-such-thing>=2",
        "velvet-no-such-thing is not installed",
        'pip install "velvet-no-such-thing>=2"',
    )


def test_a_distribution_that_is_installed_here_is_met() -> None:
    assert unmet("pytest>=8") is None


def test_the_version_of_a_need_is_that_of_its_distribution() -> None:
    assert version_of("pytest >= 1") == metadata.version("pytest")


@pytest.mark.parametrize("need", ["velvet-no-such-thing", "not a need!"])
def test_a_need_without_an_installed_distribution_has_no_version(need: str) -> None:
    assert version_of(need) is None


@pytest.mark.parametrize(
    ("need", "met"),
    [
        ("python>=3.10", True),
        ("python<3", False),
        ("python<=3", True),
        ("python>3", False),
        (f"python=={sys.version_info[0]}.{sys.version_info[1]}", True),
        (f"python>={sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}", True),
        ("python>=4", False),
        ("cores>=1", True),
        ("cores<1", False),
        ("cores>0", True),
        ("cores<=0", False),
    ],
)
def test_the_interpreter_and_the_cores_are_compared(need: str, met: bool) -> None:
    assert (unmet(need) is None) == met


def test_another_python_is_asked_for_by_its_version() -> None:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"

    assert unmet("python>=9.1") == Unmet(
        "python>=9.1", f"needs python >= 9.1, here {here}", "run it with Python 9.1"
    )


def test_more_cores_cannot_be_had_by_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "usable_cores", lambda: 2)

    problem = unmet("cores >= 4")

    assert problem == Unmet("cores >= 4", "needs cores >= 4, here 2", "")
    assert str(problem) == "needs cores >= 4, here 2"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the affinity")
def test_cores_that_this_process_may_not_use_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})

    assert usable_cores() == 2


def test_elsewhere_all_cores_count_and_an_unknown_number_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    counts = []
    for count in (8, None):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        counts.append(usable_cores())

    assert counts == [8, 1]


@pytest.mark.parametrize(
    ("platform", "need", "met"),
    [
        ("linux", "linux", True),
        ("linux", "not linux", False),
        ("linux", "windows", False),
        ("linux", "not windows", True),
        ("win32", "windows", True),
        ("win32", "not windows", False),
        ("darwin", "macos", True),
        ("darwin", "linux", False),
    ],
)
def test_a_platform_is_met_only_there(
    platform: str, need: str, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    problem = unmet(need)

    assert (problem is None) == met
    assert problem is None or problem.reason == f"only for {need}; this is {platform}"


def test_posix_is_met_where_the_system_is_one() -> None:
    assert (unmet("posix") is None, unmet("not posix") is None) == (
        os.name == "posix",
        os.name != "posix",
    )


def test_an_unknown_platform_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="unknown platform 'amiga' in the need 'not amiga'"):
        unmet("not amiga")


@pytest.mark.usefixtures("no_programs")
@pytest.mark.parametrize(
    ("need", "problem"),
    [
        ("program:gcc", "no gcc here (install gcc)"),
        ("browser", "no Chromium here (install Chromium or Chrome)"),
    ],
)
def test_a_missing_program_says_what_to_install(need: str, problem: str) -> None:
    assert str(unmet(need)) == problem


@pytest.mark.parametrize("need", ["program:gcc", "browser"])
def test_a_program_on_the_path_meets_the_need(need: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")

    assert unmet(need) is None


def test_the_first_browser_that_is_found_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"google-chrome": "/bin/google-chrome", "msedge": "/bin/msedge"}
    monkeypatch.setattr(shutil, "which", there.get)

    assert browser() == "/bin/google-chrome"


def test_a_service_that_cannot_be_had_carries_its_reason_and_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal = ServiceUnavailable("redis", [("binary", "none")], "Install it.")
    monkeypatch.setattr(services, "probe", lambda name: refusal)

    assert str(unmet("redis")) == "no redis: binary: none (Install it.)"


def test_a_service_that_can_be_had_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", "redis://127.0.0.1:1/0")

    assert unmet("redis") is None


@pytest.mark.usefixtures("no_programs")
def test_of_several_needs_the_unmet_ones_are_told_in_their_order() -> None:
    problems = all_unmet(["program:b", "python>=3.10", "program:a"])

    assert [problem.need for problem in problems] == ["program:b", "program:a"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.10rc1", (3, 10)),
        ("1.2.3.4.5", (1, 2, 3, 4)),
        ("2.0.0", (2,)),
        ("1.0+cu128", (1,)),
        ("4.0.post1", (4,)),
        ("unknown", ()),
        ("", ()),
    ],
)
def test_the_leading_numbers_of_a_version_are_taken(
    version: str, expected: tuple[int, ...]
) -> None:
    assert numbers(version) == expected


@given(VERSIONS, st.integers(0, 3))
def test_zeros_at_the_end_make_no_other_version(parts: list[int], zeros: int) -> None:
    short = ".".join(map(str, parts))
    longer = ".".join(map(str, [*parts, *[0] * zeros]))

    assert numbers(short) == numbers(longer)


@given(VERSIONS, VERSIONS)
def test_versions_are_ordered_as_their_padded_numbers(one: list[int], two: list[int]) -> None:
    def pad(parts: list[int]) -> list[int]:
        return parts + [0] * (4 - len(parts))

    texts = [".".join(map(str, parts)) for parts in (one, two)]

    assert (numbers(texts[0]) < numbers(texts[1])) == (pad(one) < pad(two))
