"""conda, mamba or micromamba, where one is on the search path: the Python index offers none."""

from __future__ import annotations

from velvet_environments.sandbox import Outcome
from velvet_environments.toolbox import Toolbox
from velvet_environments.wheelsmith import match_spec
from velvet_environments.workspace import Workspace

label = "conda"
family = "conda"
lock_name = "conda-explicit.txt"
PROGRAMS = ("micromamba", "mamba", "conda")


def __getattr__(name: str) -> str:
    """Return the first of the three programs that is here as `tool`; conda where none is."""
    if name != "tool":
        raise AttributeError(name)
    box = Toolbox()
    return next((one for one in PROGRAMS if box.locate(one).present), "conda")


def _conda(work: Workspace, *words: str) -> Outcome:
    program = work.program(__getattr__("tool"))
    return work.run([program, *words], {"CONDA_PKGS_DIRS": str(work.box.cache / "conda")})


def prepare(work: Workspace) -> None:
    """Write what is wanted as conda's own specifications."""
    work.write("wanted.txt", "".join(f"{match_spec(text)}\n" for text in work.requires))


def sync(work: Workspace) -> Outcome:
    """Solve and install into a prefix, from the served channel alone."""
    channel = work.index_url.replace("/simple/", "/conda")
    where = ("--yes", "--prefix", str(work.env), "--override-channels", "--channel", channel)
    return _conda(work, "create", *where, "--file", "wanted.txt")


def lock(work: Workspace) -> Outcome:
    """Write what is installed as addresses with checksums; conda locks an environment."""
    done = sync(work)
    if not done.ok:
        return done
    told = _conda(work, "list", "--prefix", str(work.env), "--explicit", "--md5")
    work.write(lock_name, told.stdout)
    return done.then(told)
