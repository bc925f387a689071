"""venv + pip: the standard library makes the environment, pip fills it, `freeze` writes it down."""

from __future__ import annotations

from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

label = "venv + pip"
tool = "pip"
family = "pip"
lock_name = "requirements.txt"


def prepare(work: Workspace) -> None:
    """Write the names of what is wanted."""
    work.write("requirements.in", "".join(f"{one}\n" for one in work.requires))


def pip(work: Workspace, *words: str) -> Outcome:
    """Run the toolbox's pip on the project's environment, which needs no pip of its own."""
    return work.run([work.program("pip"), "--python", work.env_python, *words])


def install(work: Workspace, *words: str) -> Outcome:
    """Install from the project's index, with or without compiling."""
    compiling = "--compile" if work.bytecode else "--no-compile"
    return pip(work, "install", "--index-url", work.index_url, compiling, *words)


def create(work: Workspace) -> Outcome:
    """`python -m venv`, which copies the pip that the interpreter carries."""
    return work.run([work.python, "-m", "venv", work.env])


def lock(work: Workspace) -> Outcome:
    """Install what is newest today, and freeze it."""
    done = install(work, "-r", "requirements.in")
    if not done.ok:
        return done
    frozen = pip(work, "freeze")
    work.write(lock_name, frozen.stdout)
    return done.then(frozen)


def sync(work: Workspace) -> Outcome:
    """Install the frozen versions."""
    return install(work, "-r", lock_name)
