"""Addresses of databases: read once, checked early, shown without their password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from velvet.services.ladder import hidden
from velvet_databases.stores.base import StoreUnavailable

# A refused or silent address is reported within five seconds.
CONNECT_SECONDS = 4
# All that may be a password: one that holds ":", "/" or "@" as they are is cut in pieces by parsers.
_PASSWORDS = (r"^[^:]*://[^:/@?#]*:(.*)@", r"[?&]\w*(?:password|passwd)=([^&#]*)")
# Readers go on beside one writer, a commit is on the disk, relations are checked.
PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}
BUSY_SECONDS = 5.0
_START = "start a server (`velvet services up {}`) and check host{}"
REMEDIES = {
    "sqlite": "give a path in a folder that exists: sqlite:///PATH",
    "postgresql": _START.format("postgres", ", port and user"),
    "mongodb": _START.format("mongodb", " and port"),
    "redis": _START.format("redis", " and port"),
}
SCHEMES = {"postgres": "postgresql", **{backend: backend for backend in REMEDIES}}


@dataclass(frozen=True)
class Address:
    """Where a database is; `url` may hold a password, `shown` does not."""

    backend: str
    url: str = field(repr=False)

    @property
    def parts(self) -> dict[str, str]:
        """Host, port, user, password and database name; empty where not given."""
        split = urlsplit(self.url)
        return {
            "host": split.hostname or "",
            "port": str(split.port or ""),
            "user": unquote(split.username or ""),
            "password": unquote(split.password or ""),
            "database": unquote(split.path.lstrip("/")),
        }

    @property
    def settings(self) -> dict[str, str]:
        """What stands behind the question mark, for the driver; not how long it may connect."""
        found = dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
        found.pop("connect_timeout", None)  # CONNECT_SECONDS, for every store
        return found

    @property
    def for_asyncpg(self) -> str:
        """The address without what libpq reads itself and asyncpg would hand to the server."""
        return urlsplit(self.url)._replace(query=urlencode(self.settings, quote_via=quote)).geturl()

    @property
    def path(self) -> str:
        """The file of an SQLite database, or ``:memory:``."""
        return self.url.partition(":///")[2] or ":memory:"

    def check_folder(self) -> None:
        """Raise `OSError` for an SQLite file in a folder that is not there."""
        if self.backend == "sqlite" and not Path(self.path).parent.is_dir():
            raise OSError("unable to open database file")

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return self.hide(self.url)

    def hide(self, text: str) -> str:
        """Return a text in which the password, as it is written and as it is meant, is stars."""
        if self.backend == "sqlite":
            return text
        written = [found for one in _PASSWORDS for found in re.findall(one, self.url, re.DOTALL)]
        meant = [unquote(one) for one in written]
        spelled = {*written, *meant, *(repr(one)[1:-1] for one in meant)} - {""}
        for one in sorted(spelled, key=len, reverse=True):
            text = text.replace(one, "***")
        return hidden(text)

    def with_driver(self, driver: str) -> str:
        """Return SQLAlchemy's spelling: ``postgresql+psycopg://...``."""
        return f"{self.backend}+{driver}://{self.url.partition('://')[2]}"

    def unavailable(self, error: BaseException) -> StoreUnavailable:
        """Return the error that says why nothing answers here, and what helps."""
        cause = " ".join(self.hide(str(error)).split()) or type(error).__name__
        return StoreUnavailable(f"{self.shown}: {cause}; {REMEDIES[self.backend]}")


def read_address(url: str, backends: frozenset[str]) -> Address:
    """Read an address that a store can be opened on.

    Raises:
        StoreUnavailable: the scheme is unknown or not for this store, the port is no number, or
            a password is not escaped so that every driver reads the same.
    """
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise StoreUnavailable(f"unknown URL scheme {scheme!r}; known are {known}")
    address = Address(SCHEMES[scheme], url)
    if address.backend not in backends:
        raise StoreUnavailable(
            f"this store speaks {' and '.join(sorted(backends))}, not {address.backend}"
        )
    if address.backend == "sqlite":
        return address
    if url.count("@") > ("@" in urlsplit(url).netloc):  # where drivers differ on the host
        raise StoreUnavailable(f"{address.shown}: write an @ in a password or a setting as %40")
    try:
        address.parts  # noqa: B018 - the port is read, and refused, here
    except ValueError as error:
        # The error quotes what stands behind the last colon, which may be a password.
        raise StoreUnavailable(
            f"a {scheme} address has a port that is no number: {REMEDIES[address.backend]}"
        ) from error.__cause__
    return address
