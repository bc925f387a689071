"""`velvet new`: a module that passes every check from its first minute.

The files are written to a temporary folder beside their place and moved there in one step,
so that an interrupted call leaves nothing half-made; then the project's settings learn of
the new package.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from string import Template

from velvet import catalog
from velvet.atomic import atomic_write
from velvet.errors import UsageError, VelvetError

TEMPLATES = Path(__file__).parent / "templates"


def check_name(slug: str, root: Path) -> tuple[int, str]:
    """Return number and topic of a new module's name.

    Raises:
        UsageError: not of the form NN-topic, or number, topic or package are taken.
    """
    match = catalog.FOLDER.match(slug)
    if match is None:
        raise UsageError(
            f"a module is called NN-topic in lower case, such as 24-graphs, not {slug!r}"
        )
    number, topic = int(match.group(1)), match.group(2)
    for module in catalog.everything(root):
        if module.slug == slug and module.path is None:
            continue
        if module.number == number:
            raise UsageError(f"the number {number:02d} belongs to {module.slug}")
        if module.topic == topic:
            raise UsageError(f"the topic {topic!r} belongs to {module.slug}")
    if (root / slug).exists():
        raise UsageError(f"{slug} exists already; move it away first")
    return number, topic


def create(slug: str, root: Path) -> Path:
    """Write a new module and tell the project's settings about it; returns its folder.

    Raises:
        UsageError: the name is wrong or taken.
        VelvetError: a file cannot be written, or tomlkit is missing.
    """
    number, topic = check_name(slug, root)
    planned = next((m for m in catalog.everything(root) if m.slug == slug), None)
    values = {
        "slug": slug,
        "number": f"{number:02d}",
        "topic": topic,
        "package": "velvet_" + topic.replace("-", "_"),
        "title": planned.title if planned else topic.replace("-", " ").title(),
        "phase": str(planned.phase if planned else 6),
        "difficulty": planned.difficulty if planned else "Intermediate",
        "question": planned.question if planned else "What does it cost to keep items unique?",
    }
    settings = _settings(root, slug, values["package"])
    target = root / slug
    try:
        with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as scratch:
            draft = Path(scratch) / slug
            for template in sorted(TEMPLATES.rglob("*.txt")):
                relative = template.relative_to(TEMPLATES).with_suffix("")
                parts = [Template(part).substitute(values) for part in relative.parts]
                path = draft.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                text = Template(template.read_text(encoding="utf-8")).substitute(values)
                path.write_text(text, encoding="utf-8", newline="\n")
            shutil.move(str(draft), str(target))
    except OSError as error:
        raise VelvetError(f"{target} cannot be written: {error.strerror or error}") from None
    try:
        atomic_write(root / "pyproject.toml", settings)
    except BaseException:
        shutil.rmtree(target)
        raise
    return target


def _settings(root: Path, slug: str, package: str) -> str:
    """Return pyproject.toml with the new package in every list that names the packages."""
    try:
        import tomlkit
    except ImportError:
        raise VelvetError(
            'a new module needs tomlkit: pip install "tomlkit>=0.12" '
            "(it is in requirements-dev.txt)"
        ) from None
    document = tomlkit.parse((root / "pyproject.toml").read_text(encoding="utf-8"))
    tool = document["tool"]
    source = f"{slug}/src"
    wheel = tool["hatch"]["build"]["targets"]["wheel"]
    lists = [
        (wheel["packages"], f"{source}/{package}"),
        (wheel["dev-mode-dirs"], source),
        (tool["mypy"]["mypy_path"], source),
        (tool["mypy"]["packages"], package),
        (tool["importlinter"]["root_packages"], package),
    ]
    contracts = {c["id"]: c for c in tool["importlinter"]["contracts"]}
    lists += [
        (contracts["toolkit"]["forbidden_modules"], package),
        (contracts["modules-apart"]["modules"], package),
        (contracts["liftable"]["source_modules"], package),
    ]
    for known, entry in lists:
        if entry not in known:
            known.append(entry)
    return tomlkit.dumps(document)
