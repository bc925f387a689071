"""Core metadata and pyproject.toml: fields before their time, and the rules of PEP 621 and 639."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from velvet_packaging import versions
from velvet_packaging.errors import BadSpec
from velvet_packaging.metadata import license_ok, static_project, validate

BASE = "Metadata-Version: {}\nName: demo\nVersion: 1.0\n{}"


@pytest.mark.parametrize(
    ("version", "more", "said"),
    [
        (
            "2.3",
            "License-Expression: MIT\n",
            "license-expression introduced in metadata version 2.4",
        ),
        ("2.1", "Dynamic: License\n", "dynamic introduced in metadata version 2.2"),
        ("1.1", "Requires-Dist: a\n", "requires-dist introduced in metadata version 1.2"),
        ("1.2", "Provides-Extra: x\n", "provides-extra introduced in metadata version 2.1"),
        ("2.4", "License-Expression: Use it\n", "license-expression"),
        ("2.4", "License: MIT\nLicense-Expression: MIT\n", "exclude each other"),
        ("2.1", "Requires-Dist: >>\n", "requires-dist"),
        ("2.1", "Provides-Extra: !\n", "provides-extra"),
        ("1.1", "Maintainer: x\n", "maintainer introduced in metadata version 1.2"),
        ("3.0", "", "major version"),
        ("9.9", "", "major version"),
    ],
)
def test_a_field_before_its_time_or_against_its_grammar(version: str, more: str, said: str) -> None:
    told = validate(BASE.format(version, more).encode())

    assert any(said in error for error in told.errors), told


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("2.4", "License-Expression: MIT OR Apache-2.0\nLicense-File: LICENSE\n"),
        ("2.1", "Requires-Dist: a>=1; python_version < '3.11'\nProvides-Extra: x\n"),
        ("2.5", "Import-Name: demo\n"),
        ("1.0", "Summary: a\n"),
    ],
)
def test_valid_metadata_have_no_error(version: str, more: str) -> None:
    told = validate(BASE.format(version, more).encode())

    assert (told.version, told.errors, told.warnings) == (version, (), ())


def test_a_file_made_of_names_ends_soon() -> None:
    many = "".join(f"X-{number}: a\n" for number in range(20_000))
    folded = "License: MIT\n" + "".join(f"        line {number}\n" for number in range(5_000))

    assert validate(BASE.format("2.1", many).encode()).errors == (
        "not readable: more than 200 names of fields",
    )
    assert validate(BASE.format("2.1", folded).encode()).errors == ()
    assert validate(BASE.format("2.1", f"\n{many}").encode()).errors == ()  # the description


def test_what_is_unknown_or_missing_is_told_and_never_raised() -> None:
    assert validate(b"").errors
    assert "metadata-version: missing" in validate(b"Name: demo\nVersion: 1\n").errors
    unknown = validate(BASE.format("2.99", "Colour: blue\n").encode())
    assert unknown.errors == ()
    assert unknown.warnings == (
        "colour: unknown or repeated",
        "metadata-version: '2.99' is unknown",
    )
    repeated = validate(b"Metadata-Version: 2.1\nName: a\nName: b\nVersion: 1\n")
    assert "name: not readable" in repeated.errors


@pytest.mark.parametrize(
    ("text", "key", "rule"),
    [
        ('name = "a"\nversion = "1.0-final!"', "project.version", "PEP 440"),
        ('name = "a"\nversion = "1"\ndynamic = ["name"]', "project.name", "PEP 621"),
        ('version = "1"', "project.name", "PEP 621"),
        ('name = "-a-"\nversion = "1"', "project.name", "PEP 508"),
        ('name = "a"', "project.version", "PEP 621"),
        ('name = "a"\nversion = "1"\ndynamic = ["version"]', "project.version", "PEP 621"),
        ('name = "a"\nversion = "1"\nrequires-python = ">>3"', "requires-python", "PEP 440"),
        ('name = "a"\nversion = "1"\ncolour = "blue"', "project.colour", "PEP 621"),
        ('name = "a"\nversion = "1"\nlicense = "Use it"', "project.license", "PEP 639"),
        ('name = "a"\nversion = "1"\nlicense = {}', "project.license", "PEP 621"),
        ('name = "a"\nversion = "1"\nlicense = {text = "x"}\nlicense-files = []', "license", "639"),
        ('name = "a"\nversion = "1"\nlicense = "MIT"\nclassifiers = ["License :: X"]', "license",
         "PEP 639"),
        ("name = ", "pyproject.toml", ""),
        ('name = "a"\nversion = "1"\ndynamic = ["colour"]', "project.dynamic", "PEP 621"),
        ('name = "a"\nversion = "1"\ndynamic = ["urls"]\nurls = {}', "project.urls", "PEP 621"),
        ('name = "a"\nversion = "1"\ndependencies = ["a b"]', "project.dependencies", "PEP 508"),
    ],
)  # fmt: skip
def test_a_broken_pyproject_names_key_and_rule(
    text: str, key: str, rule: str, tmp_path: Path
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[project]\n{text}\n", encoding="utf-8")

    with pytest.raises(BadSpec) as told:
        static_project(path)
    assert key in str(told.value)
    assert rule in str(told.value)


def test_a_pyproject_is_read_without_running_anything(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[project]\nname = "a"\ndynamic = ["version"]\ndependencies = ["b"]\n', encoding="utf-8"
    )
    told = static_project(path)

    assert (told.name, told.version, told.dynamic) == ("a", None, ("version",))
    assert told.build_backend == "setuptools.build_meta:__legacy__"
    path.write_text("project = 1\n", encoding="utf-8")
    with pytest.raises(BadSpec, match="tables"):
        static_project(path)


def test_a_license_file_before_its_time_is_a_warning_because_setuptools_wrote_it() -> None:
    told = validate(BASE.format("2.1", "License-File: LICENSE\n").encode())

    assert told.errors == ()
    assert told.warnings == ("license-files: came with 2.4, not legal in 2.1",)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("dynamic = 5", "project.dynamic"),
        ("dependencies = 'abc'", "project.dependencies"),
        ("classifiers = [1]", "project.classifiers"),
        ("requires-python = 5", "project.requires-python"),
        ("license = 5", "project.license"),
        ("scripts = 5", "project.scripts"),
        ("optional-dependencies = []", "project.optional-dependencies"),
        ("[build-system]\nrequires = 5", "build-system.requires"),
    ],
)
def test_a_key_of_another_type_is_named(text: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[project]\nname = 'a'\nversion = '1'\n{text}\n", encoding="utf-8")

    with pytest.raises(BadSpec, match=f"{key}: must be"):
        static_project(path)
    path.write_text("[project]\nname = 'a'\nversion = ''\n", encoding="utf-8")
    with pytest.raises(BadSpec, match="version"):
        static_project(path)


def test_licenses() -> None:
    assert license_ok("GPL-2.0-or-later WITH Classpath-exception-2.0")
    assert not license_ok("MIT AND")


# The specification's own ordering, from a development release to a post-release.
ORDER = ["1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456",
         "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0",
         "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15",
         "1.1.dev1"]  # fmt: skip


def test_the_order_is_that_of_the_specification() -> None:
    assert versions.release_order(ORDER[::-1]) == ORDER
    assert versions.release_order(["1.0", "1", "1.0.0"]) == ["1.0", "1", "1.0.0"]


@pytest.mark.parametrize(
    ("specifier", "version", "said"),
    [
        ("~=2.2", "2.3", "yes: ~=2.2 means >=2.2 and ==2.*"),
        ("~=1.4.5", "1.5", "no: ~=1.4.5 means >=1.4.5 and ==1.4.*"),
        ("==1.1.*", "1.1.post1", "yes: the release begins with 1.1, or not"),
        ("!=1.1.*", "1.1", "no: the release begins with 1.1, or not"),
        (">1.7", "1.7.0.post1", "no: > leaves out post-releases of 1.7"),
        (">1.7", "1.8", "yes: 1.8 is after 1.7"),
        ("<1.7", "1.8", "no: 1.8 is after 1.7"),
        ("==1.1", "1.1+local", "yes: ==1.1 ignores the local part"),
        (">=1.0", "1.1a1", "no: 1.1a1 is a pre-release, else it would match"),
        (">=2.0", "1.1a1", "no: 1.1a1 is a pre-release"),
        (">=1.1a1", "1.1a1", "yes: 1.1a1 is equal to 1.1a1"),
        ("===1.0", "1.0", "yes: === compares the text"),
        (">1.0.post1", "1.0.post2", "yes: 1.0.post2 is after 1.0.post1"),
        (">1.0", "1.0+local", "no: > leaves out local versions of 1.0"),
        ("<=1.0", "1.0+local", "yes: <=1.0 ignores the local part"),
        ("!=1.0", "1.0+local", "no: !=1.0 ignores the local part"),
        ("~=2.2.post3", "2.3", "yes: ~=2.2.post3 means >=2.2.post3 and ==2.*"),
        ("~=1!1.4.dev1", "1!1.9", "yes: ~=1!1.4.dev1 means >=1!1.4.dev1 and ==1!1.*"),
    ],
)
def test_a_match_is_explained(specifier: str, version: str, said: str) -> None:
    assert versions.explain_match(specifier, version) == said


def test_parts_and_their_successors() -> None:
    told = versions.explain("1!2.0rc1.post3.dev4+abc")
    assert list(told) == [
        *("normal form", "release", "epoch", "pre-release", "post-release", "development", "local")
    ]
    nexts = {
        ("1.2", "major"): "2.0.0",
        ("1!1.2.3", "micro"): "1!1.2.4",
        ("1.0", "post"): "1.0.post1",
        ("1.0.post1", "post"): "1.0.post2",
        ("1.0.dev3", "dev"): "1.0.dev4",
        ("1.0", "dev"): "1.0.1.dev1",
    }
    for (text, part), following in nexts.items():
        assert versions.next_version(text, part) == following  # type: ignore[arg-type]
    assert not versions.local_allowed_on_index("1+a")


@pytest.mark.parametrize(
    "text", ["1.0", "1!1.0a1", "1.0rc1.post1", "1.0rc1.dev2", "1.0.post1.dev2"]
)
def test_whatever_part_is_raised_the_next_version_comes_later(text: str) -> None:
    for part in get_args(versions.Part):
        assert versions.release_order([versions.next_version(text, part), text])[0] == text, part


@pytest.mark.parametrize("text", ["", "1.0-final!", "v", "1..0", "one"])
def test_what_is_no_version_is_refused(text: str) -> None:
    for call in (versions.explain, versions.local_allowed_on_index, versions.from_semver):
        with pytest.raises(BadSpec):
            call(text)
    with pytest.raises(BadSpec):
        versions.explain_match(f"={text}", "1.0")
    with pytest.raises(BadSpec, match="counterpart"):
        versions.from_semver("1.0.0-nightly")
