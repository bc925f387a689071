"""What breaks: programs that hang, flood or lie, a full disk, clients and servers that vanish."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from velvet_packaging import contenders, detectors, frontends, programs
from velvet_packaging.errors import (
    BackendMissing,
    BadSpec,
    BuildFailed,
    BuildTimeout,
    UnknownName,
)
from velvet_packaging.frontends import Hook
from velvet_packaging.project import ProjectSpec
from velvet_packaging.publish import RawPublisher, send, upload_form
from velvet_packaging.pypiserver_process import PypiServerProcess
from velvet_packaging.registry import StrictRegistry
from velvet_packaging.rendering import render


def backend(folder: Path, body: str) -> Path:
    """Write a project whose backend is a file of its own."""
    folder.mkdir()
    table = 'requires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f"[build-system]\n{table}", encoding="utf-8")
    code = "import os, sys, time\n\ndef build_wheel(out, config_settings=None, metadata_directory=None):\n"
    (folder / "own.py").write_text(code + body, encoding="utf-8")
    return folder


class InTree(Hook):
    """A hook front end that also finds a backend inside the project."""

    def call(self, project: Path, hook: str, *args: object, env: object = None) -> object:  # type: ignore[override]
        return super().call(project, hook, *args, env={"PYTHONPATH": str(project)})


def test_a_backend_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    body = (
        "    import subprocess\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    open('pid', 'w').write(str(child.pid))\n"
        "    time.sleep(600)\n"
    )
    project = backend(tmp_path / "p", body)

    with pytest.raises(BuildTimeout, match="did not end in 10 s"):
        InTree(timeout=10).build(project, "wheel", tmp_path / "out")
    if os.name == "posix" and (project / "pid").exists():  # it hung before, on a slow machine
        pid = int((project / "pid").read_text(encoding="utf-8") or 0)
        gone, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], 30)
        assert alive == [], gone


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    print('x' * 10_000_000)\n    raise SystemExit(3)\n", "ended with 3"),
        ("    raise RuntimeError('no reason')\n", "RuntimeError: no reason"),
        ("    return 'made-up-1.0-py3-none-any.whl'\n", "0 files instead of 1"),
        ("    open(os.path.join(out, 'a.whl'), 'w').close()\n    return 'b.whl'\n",
         "returned 'b.whl', wrote 'a.whl'"),
    ],
)  # fmt: skip
def test_a_backend_that_floods_fails_or_lies(body: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed) as told:
        InTree().build(backend(tmp_path / "p", body), "wheel", tmp_path / "out")

    assert said in str(told.value)
    assert len(told.value.tail) <= programs.TAIL


def test_missing_backends_hooks_programs_and_names(tmp_path: Path) -> None:
    project = backend(tmp_path / "p", "    return ''\n")
    with pytest.raises(BackendMissing, match="own cannot be imported"):
        Hook().build(project, "wheel", tmp_path / "out")
    with pytest.raises(BackendMissing, match="no hook"):
        InTree().build(project, "editable", tmp_path / "out")
    with pytest.raises(BackendMissing, match="no program"):
        programs.run(["velvet-no-such-program"])
    with pytest.raises(BackendMissing, match="not installed"):
        programs.find("velvet-no-such-program")
    with pytest.raises(UnknownName, match="wheel, sdist, editable"):
        Hook().build(project, "rpm", tmp_path / "out")
    with pytest.raises(BackendMissing, match="isolates"):
        frontends.frontends()["build"].build(project, "wheel", tmp_path / "out")
    with pytest.raises(BackendMissing):
        contenders.demand("hatchling", "c")
    with pytest.raises(UnknownName):
        contenders.load("distutils")
    assert "does not build 'rust-bin'" in contenders.detect("setuptools", "rust-bin").reason


def test_what_is_absent_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = contenders.load("flit_core")
    monkeypatch.setattr(absent, "distribution", "velvet-no-such", raising=True)
    assert contenders.detect("flit_core").reason.endswith("pip install velvet-no-such")
    with pytest.raises(BackendMissing, match="pip install velvet-no-such"):
        contenders.demand("flit_core")
    monkeypatch.setattr(contenders.load("setuptools"), "needs", ("velvet-no-such",))
    assert "velvet-no-such" in contenders.detect("setuptools", "c").reason


@pytest.mark.parametrize(
    "changes",
    [{"name": "-x"}, {"name": "9lives"}, {"name": "class"}, {"version": "one"}, {"license": "Use it"},
     {"kind": "fortran"}, {"modules": -1}],
)  # fmt: skip
def test_a_bad_specification_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadSpec):
        ProjectSpec(**changes)  # type: ignore[arg-type]


def test_a_project_that_its_backend_does_not_build(tmp_path: Path) -> None:
    with pytest.raises(BadSpec, match="hatchling does not build 'c'"):
        render(ProjectSpec(kind="c"), "hatchling", tmp_path / "p")
    made = render(ProjectSpec(modules=0, extras={"x": ("a>=1",)}), "hatchling", tmp_path / "q")
    written = (made / "pyproject.toml").read_text(encoding="utf-8")
    assert '\n[project.optional-dependencies]\nx = ["a>=1"]\n' in written
    with pytest.raises(FileExistsError):
        render(ProjectSpec(), "hatchling", tmp_path / "q")


def test_a_full_disk_leaves_nothing_and_says_so(tmp_path: Path, clean: Path) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with StrictRegistry(tmp_path / "index", store=full) as registry:
        told = RawPublisher().publish([clean], registry)

        assert told.status == 507
        assert os.strerror(errno.ENOSPC) in told.log
        assert registry.files == {}


def test_a_store_that_breaks_half_way_removes_its_part(
    registry: StrictRegistry, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("velvet_packaging.registry.Path.replace", refuse)
    assert RawPublisher().publish([clean], registry).status == 507
    assert list(registry.root.iterdir()) == []


def test_pypiserver_does_not_outlive_what_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from velvet_packaging.pypiserver_process import PypiServerProcess\n"
        "server = PypiServerProcess(pathlib.Path(sys.argv[1])).start()\n"
        "print(server._child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "index")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=programs.clean_env()) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()

    assert psutil.wait_procs([server], 60)[1] == []


def test_ctrl_c_while_pypiserver_starts_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PypiServerProcess(tmp_path / "index")
    seen: list[psutil.Process] = []

    def interrupted() -> bool:
        assert server._child is not None
        seen.append(psutil.Process(server._child.pid))
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "_answers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert not seen[0].is_running()


def test_a_second_build_into_one_folder_replaces_the_first(tmp_path: Path) -> None:
    body = "    open(os.path.join(out, 'a.whl'), 'a').write('x')\n    return 'a.whl'\n"
    project = backend(tmp_path / "p", body)
    sizes = [InTree().build(project, "wheel", tmp_path / "out").size for _ in range(2)]

    assert sizes == [1, 2]


def raw_request(registry: StrictRegistry, head: str, body: bytes = b"") -> bytes:
    """Send bytes and close; returns what came back."""
    where = urlsplit(registry.upload_url)
    with socket.create_connection((where.hostname, where.port), timeout=30) as wire:
        wire.sendall(f"POST /legacy/ HTTP/1.0\r\n{head}\r\n\r\n".encode() + body)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while block := wire.recv(4096):
            answer += block
    return answer


@pytest.mark.parametrize(
    ("length", "body", "status"),
    [("2147483648", b"", b"413"), ("100", b"half", b"400"), ("", b"", b"411")],
)
def test_lengths_that_lie(
    registry: StrictRegistry, length: str, body: bytes, status: bytes
) -> None:
    import base64

    token = base64.b64encode(f"__token__:{registry.token}".encode()).decode()
    head = f"Authorization: Basic {token}" + (f"\r\nContent-Length: {length}" if length else "")

    assert raw_request(registry, head, body).split()[1] == status
    assert registry.files == {}
    assert list(registry.root.iterdir()) == []


def test_a_download_that_breaks_off_is_not_installed_as_it_is(
    registry: StrictRegistry, clean: Path, tmp_path: Path
) -> None:
    assert send(registry.upload_url, registry.token, upload_form(clean), clean)[0] == 200
    digest = hashlib.sha256(clean.read_bytes()).hexdigest()
    listed = tmp_path / "requirements.txt"
    listed.write_text(f"velvet-demo==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    registry.cut_next = 100
    words = (
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        tmp_path / "site",
        "--retries",
        "2",
    )
    where = ("--index-url", registry.simple_url, "--require-hashes", "-r", listed)
    told = programs.run([sys.executable, *words, *where])
    installed = tmp_path / "site" / "velvet_demo" / "core.py"

    # pip tries again or gives up, by version; a half file it never installs.
    assert installed.exists() == (told.rc == 0)
    if told.rc == 0:
        assert b"42" in installed.read_bytes()


def test_a_detector_that_does_not_exist(clean: Path) -> None:
    with pytest.raises(KeyError):
        detectors.objects("velvet", clean)
    assert detectors.detect("ours", {"clean": clean}) == {"clean": False}


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes a module impossible to import."""

    def forbid(name: str) -> None:
        for one in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, one)
        monkeypatch.setitem(sys.modules, name, None)

    return forbid


def test_optional_libraries_that_are_absent(never: Callable[[str], None]) -> None:
    from velvet_packaging import attest

    never("pypi_attestations")
    with pytest.raises(BackendMissing, match="requirements-peers"):
        attest.verify_index_attestation()
    never("cryptography.hazmat.primitives.asymmetric.ed25519")
    with pytest.raises(BackendMissing, match="pip install cryptography"):
        attest.LocalSigner()
