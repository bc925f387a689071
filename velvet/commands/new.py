"""`velvet new`: a module that passes every check from its first minute.

The files are written to a temporary folder beside their place and moved there in one step,
so that an interrupted call leaves nothing half-made. Nothing else has to learn of the module:
whatever asks for modules finds their folders.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from string import Template

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.errors import UsageError, VelvetError
from velvet.installer import installing, run

TEMPLATES = Path(__file__).parent.parent / "templates"


def check_name(slug: str, root: Path) -> tuple[int, str]:
    """Return number and topic of a new module's name; UsageError for a wrong or taken one."""
    match = catalog.FOLDER.match(slug)
    if match is None:
        form = "NN-topic in lower case, such as 24-graphs"
        raise UsageError(f"a module is called {form}, not {slug!r}")
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
    """Write a new module; returns its folder. A file that cannot be written is a VelvetError."""
    number, topic = check_name(slug, root)
    started = catalog.Module(
        number,
        topic,
        title=topic.replace("-", " ").title(),
        phase=6,
        difficulty="Intermediate",
        hours=1,
        question="What does it cost to keep items unique?",
        summary="Items kept unique by a list and by a hash.",
    )
    module = next((one for one in catalog.everything(root) if one.slug == slug), started)
    names = ("slug", "topic", "package", "title", "phase", "difficulty", "question", "summary")
    values = {name: getattr(module, name) for name in names}
    values |= {"number": f"{number:02d}", "hours": f"{module.hours:g}"}
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


@click.command("new", context_settings=HELP)
@click.argument("name", metavar="NN-topic")
@click.option("--no-install", is_flag=True, help="Do not put its src on the environment's path.")
def new_command(name: str, no_install: bool) -> None:
    """Make the module NN-topic: code, tests, examples, benchmark, dashboard, README."""
    root = catalog.repository()
    folder = create(name, root)
    click.echo(f"made {folder.name}")
    if not no_install:
        command = installing(Path(sys.executable))
        said = run([*command, "--quiet", "--no-deps", "-e", str(root)])
        if said:
            raise VelvetError(
                f"{folder.name} is complete, but its src is not on the path yet: an editable "
                f"install needs a package index, and the installer said {said.splitlines()[-1].strip()!r}; "
                "connect to the network and run `pip install -e .` in the clone"
            )
    click.echo(f"next: velvet test {folder.name}; velvet bench {folder.name} --quick")
