"""Promises that no code keeps: licences, templates, servers on loopback, links that lead somewhere."""

from __future__ import annotations

import ipaddress
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from velvet import catalog

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def load_yaml(name: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(read(name))
    return document


@lru_cache(maxsize=1)
def repository_files() -> tuple[Path, ...]:
    """What git tracks or is about to: everything that .gitignore does not name."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        output = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git clone; `git init && git add .` makes it one")
    paths = {ROOT / name for name in output.decode("utf-8").split("\0") if name}
    return tuple(sorted(path for path in paths if path.is_file()))


@lru_cache(maxsize=1)
def repository_texts() -> dict[str, str]:
    texts = {path.relative_to(ROOT).as_posix(): decoded(path) for path in repository_files()}
    return {name: text for name, text in texts.items() if text is not None}


def decoded(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None  # a picture


def validate(schema: str, *paths: Path) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    argv += [str(path) for path in paths]
    result = subprocess.run(
        argv, check=False, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr


# --- licences -------------------------------------------------------------------------------


def test_code_is_under_the_mit_licence() -> None:
    text = read("LICENSE")

    assert text.startswith("MIT License\n")
    assert "Velvet Python contributors" in text
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text


def test_prose_is_under_cc_by_4() -> None:
    text = read("LICENSE-docs")

    assert "CC BY 4.0" in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text
    assert '"Velvet Python" by Velvet Python contributors' in text
    assert "MIT License" not in text


def test_the_package_carries_both_licences() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]

    assert project["license"] == "MIT"
    assert set(project["license-files"]) >= {"LICENSE", "LICENSE-docs"}


# --- GitHub's files -------------------------------------------------------------------------


def test_issue_forms_match_their_schema() -> None:
    assert FORMS

    validate("vendor.github-issue-forms", *FORMS)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_each_issue_form_asks_for_something(path: Path) -> None:
    body = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["body"]
    fields = [field for field in body if field["type"] != "markdown"]
    identifiers = [field["id"] for field in fields]

    assert len(identifiers) == len(set(identifiers))
    assert any(field.get("validations", {}).get("required") for field in fields)


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.compose-spec", "compose.yaml"),
    ],
)
def test_the_file_matches_its_schema(schema: str, name: str) -> None:
    validate(schema, ROOT / name)


def test_pull_requests_are_asked_for_reason_trade_off_and_evidence() -> None:
    text = read(".github/PULL_REQUEST_TEMPLATE.md")

    for heading in ("## Why", "## What, and what was decided against", "## Evidence"):
        assert heading in text
    assert "velvet report --check" in text


def test_vulnerabilities_are_reported_privately() -> None:
    text = read("SECURITY.md")

    assert "private vulnerability reporting" in text
    assert "Report a vulnerability" in text


def test_the_contributing_guide_has_the_promised_parts() -> None:
    headings = set(re.findall(r"^## (.+)$", read("CONTRIBUTING.md"), flags=re.MULTILINE))

    assert {"Add an example", "Add a benchmark", "Add a module", "The standards"} <= headings


# --- the hooks and the development container --------------------------------------------------


def test_hooks_are_valid_and_local() -> None:
    argv = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    result = subprocess.run(
        argv, check=False, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60
    )
    hooks = load_yaml(".pre-commit-config.yaml")["repos"]

    assert result.returncode == 0, result.stdout + result.stderr
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert {hook["language"] for hook in hooks[0]["hooks"]} == {"system"}


def test_hooks_run_what_the_workflow_checks() -> None:
    hooks = {hook["id"] for hook in load_yaml(".pre-commit-config.yaml")["repos"][0]["hooks"]}

    assert hooks >= {"black", "isort", "ruff", "mypy", "import-contracts", "workflow-schema"}


def test_the_development_container_installs_the_tested_versions() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))

    assert re.fullmatch(r"python:3\.1[0-2]-\w+", container["image"])
    assert "-r requirements-dev.txt -c constraints.txt" in container["postCreateCommand"]
    assert container["forwardPorts"] == [8501]  # Streamlit's own port


# --- the servers ----------------------------------------------------------------------------


def compose() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = load_yaml("compose.yaml")["services"]
    return services


def test_compose_offers_the_promised_servers() -> None:
    assert {name: service["image"] for name, service in compose().items()} == {
        "postgres": "postgres:15",
        "postgres14": "postgres:14",
        "redis": "redis:7",
        "rabbitmq": "rabbitmq:3",
        "mongo": "mongo:6",
    }


def test_only_postgresql_14_has_to_be_asked_for() -> None:
    profiles = {name: service.get("profiles") for name, service in compose().items()}

    assert {name: value for name, value in profiles.items() if value} == {"postgres14": ["pg14"]}


def test_compose_binds_each_port_to_loopback_only() -> None:
    for name, service in compose().items():
        assert service["ports"], name
        for port in service["ports"]:
            assert re.fullmatch(r"127\.0\.0\.1:\$\{VELVET_\w+_PORT:-\d+\}:\d+", port), (name, port)
        assert service.get("network_mode") != "host"


def test_no_two_servers_want_the_same_port() -> None:
    ports = [re.findall(r":-(\d+)", port) for s in compose().values() for port in s["ports"]]

    assert len(ports) == len({port for (port,) in ports})


def test_every_server_says_when_it_is_ready_and_leaves_nothing_behind() -> None:
    for name, service in compose().items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["tmpfs"], name
        assert "volumes" not in service, name


def test_compose_and_the_workflow_give_the_same_addresses() -> None:
    documented = read("compose.yaml")
    env = load_yaml(".github/workflows/ci.yml")["jobs"]["services"]["env"]

    for name, url in env.items():
        assert f"# {name}={url}" in documented


# --- what no file may hold --------------------------------------------------------------------

# Written in pieces, so that this file does not accuse itself.
REGISTRIES = re.compile(
    r"\b(?:pypi" + r"\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|conda\.ana"
    r"conda\.org|--(?:extra-)?index" + r"-url[= ]\S+://)",
    re.IGNORECASE,
)
HOMES = re.compile(r"(?<![\w.~])(?:/(?:home|Users)/[A-Za-z]|/ro{2}t/|[A-Z]:\\+Users\\+\w)")
ADDRESS = re.compile(r"(?<![\w.=<>~-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
# RFC 5737: addresses that exist for documentation and lead nowhere.
DOCUMENTATION = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
]
# RFC 1122: hosts of "this network", whose first part is 0, are nobody's destination.
NOWHERE = ipaddress.ip_network((0, 8))


def hits(pattern: re.Pattern[str]) -> Iterator[tuple[str, int, str]]:
    for name, text in repository_texts().items():
        for match in pattern.finditer(text):
            yield name, text.count("\n", 0, match.start()) + 1, match.group()


def leads_elsewhere(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if int(address) and address in NOWHERE:  # a version of four parts
        return False
    return not address.is_loopback and not any(address in net for net in DOCUMENTATION)


def test_no_file_names_a_package_registry() -> None:
    assert list(hits(REGISTRIES)) == []


def test_no_file_holds_somebodys_home_folder() -> None:
    assert list(hits(HOMES)) == []


def test_no_file_holds_an_address_that_is_not_loopback() -> None:
    found = [
        hit for hit in hits(ADDRESS) if leads_elsewhere(hit[2]) and not hit[0].endswith(".svg")
    ]

    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (HOMES, "/ho" + "me/ada/x", True),
        (HOMES, "C:" + r"\Users" + r"\ada", True),
        (HOMES, "~/x", False),
        (HOMES, "src/home/page", False),
        (ADDRESS, "http://10." + "1.2.3:80", True),
        (ADDRESS, "package==0." + "2.1.1", False),
        (ADDRESS, "3.12.1", False),
        (REGISTRIES, "https://py" + "pi.org/simple", True),
        (REGISTRIES, "a package index", False),
    ],
)
def test_the_patterns_find_what_they_are_for(
    pattern: re.Pattern[str], text: str, expected: bool
) -> None:
    assert bool(pattern.search(text)) is expected


def test_constraints_hold_names_and_versions_only() -> None:
    lines = read("constraints.txt").splitlines()

    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[\w.!+]+( ; [^/@]+)?", line), line


# --- the changelog --------------------------------------------------------------------------

CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_keeps_its_form() -> None:
    text = read("CHANGELOG.md")
    releases = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)

    assert text.startswith("# Changelog\n")
    assert releases[0] == "[Unreleased]"
    for release in releases[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", release), release
    assert set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE)) <= CHANGES


def test_no_part_of_the_changelog_is_empty() -> None:
    for part in re.split(r"^### ", read("CHANGELOG.md"), flags=re.MULTILINE)[1:]:
        assert re.search(r"^- \S", part, flags=re.MULTILINE), part.splitlines()[0]


def test_the_changelog_knows_the_version_of_the_package() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    assert version in read("CHANGELOG.md")


# --- links ----------------------------------------------------------------------------------

FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)|<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"]+)\""
)


def links(text: str) -> list[str]:
    prose = re.sub(r"`[^`\n]+`", "", FENCE.sub("", text))
    found = [first or second for first, second in LINK.findall(prose)]
    return [target for target in found if not re.match(r"[a-z][a-z0-9+.-]*:", target)]


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings, and those that are set by hand."""
    names = set(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text))
    counts: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *#* *$", FENCE.sub("", text), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        repeated = counts.get(slug, 0)
        counts[slug] = repeated + 1
        names.add(f"{slug}-{repeated}" if repeated else slug)
    return names


def complaint(name: str, link: str) -> str | None:
    """Return what is wrong with a link of the document `name`, or None."""
    path, _, anchor = link.partition("#")
    target = ((ROOT / name).parent / path).resolve() if path else ROOT / name
    if not target.exists() or not target.is_relative_to(ROOT):
        return f"{name}: {link} leads nowhere"
    if anchor and target.suffix == ".md" and anchor not in anchors(decoded(target) or ""):
        return f"{name}: {link} names no heading"
    return None


def test_links_between_documents_resolve() -> None:
    documents = {n: text for n, text in repository_texts().items() if n.endswith(".md")}

    found = [complaint(name, link) for name, text in documents.items() for link in links(text)]

    assert documents
    assert [text for text in found if text] == []


def test_links_in_code_are_not_links() -> None:
    assert links("[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n[g](https://x.example)") == ["b.md"]


def test_headings_get_the_names_that_github_gives_them() -> None:
    text = "# Why, then what\n## `velvet bench`\n## Again\n## Again\n```\n# no heading\n```\n"

    assert anchors(text) == {"why-then-what", "velvet-bench", "again", "again-1"}


@pytest.mark.parametrize(
    ("name", "base"), [("test_hostile", "HostileTests"), ("test_resources", "ResourceTests")]
)
def test_every_module_and_every_new_one_declares_itself(name: str, base: str) -> None:
    """Its public callables to `velvet.hostile`, what it acquires to `velvet.hostile_resources`."""
    tests = [module.folder / "tests" / "unit" / f"{name}.py" for module in catalog.modules(ROOT)]
    tests.append(ROOT / "velvet" / "templates" / "tests" / "unit" / f"{name}.py.txt")

    missing = [path for path in tests if not path.is_file() or f"({base}):" not in decoded(path)]

    assert len(tests) > 20
    assert missing == []
