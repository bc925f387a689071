"""`velvet new`: a module that passes every check from its first minute.

The files are written to a temporary folder beside their place and moved there in one step,
so that an interrupted call leaves nothing half-made. Nothing else has to learn of the module:
whatever asks for modules finds their folders.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from string import Template

from velvet import catalog
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
    """Write a new module; returns its folder.

    Raises:
        UsageError: the name is wrong or taken.
        VelvetError: a file cannot be written.
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
        "hours": f"{planned.hours:g}" if planned else "1",
        "question": planned.question if planned else "What does it cost to keep items unique?",
        "summary": planned.summary if planned else "Items kept unique by a list and by a hash.",
    }
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
    return target
