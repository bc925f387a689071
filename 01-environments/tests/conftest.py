"""What the tests of this module share: a served scenario, a project, environments made by hand."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from velvet_environments.indexserver import IndexServer
from velvet_environments.samples import graphs
from velvet_environments.wheelsmith import PackageSpec, build_wheel


def _fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask a server for one page; names of headers are written with underscores."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    asked = urllib.request.Request(url, headers=named, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=20) as got:
            return got.status, dict(got.headers), got.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


@pytest.fixture
def fetch() -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Return a function that asks a server for one page."""
    return _fetch


@pytest.fixture
def server() -> Iterator[IndexServer]:
    """A server with the graph of platforms."""
    with IndexServer(graphs.platform_split().to_index()) as made:
        yield made


@pytest.fixture
def locks() -> Path:
    """The folder of lock files that the real tools wrote for the graph of platforms."""
    return Path(__file__).parent / "data" / "locks"


@pytest.fixture
def make_env(tmp_path: Path) -> Callable[..., Path]:
    """Return a maker of environments without a tool: wheels are unpacked as an installer would."""
    import io
    import zipfile

    def make(*specs: PackageSpec, name: str = "env", python: str = "3.12") -> Path:
        env = tmp_path / name
        site = env / "lib" / f"python{python}" / "site-packages"
        site.mkdir(parents=True)
        (env / "pyvenv.cfg").write_text(f"home = /usr\nversion = {python}.1\n", encoding="utf-8")
        for spec in specs:
            with zipfile.ZipFile(io.BytesIO(build_wheel(spec).data)) as archive:
                archive.extractall(site)
            info = site / f"{spec.module}-{spec.version}.dist-info"
            (info / "INSTALLER").write_text("test\n", encoding="utf-8")
            with (info / "RECORD").open("a", encoding="utf-8", newline="\n") as record:
                record.write(f"{info.name}/INSTALLER,,\n")
        return env

    return make
