"""Settings from the environment, a file and a folder of secrets: all problems at once, no secret.

A service that starts with a wrong setting fails at the first request; one that prints the setting
leaks it. `load_or_exit` reports every problem before anything is started and ends with EX_CONFIG.
"""

# No `from __future__ import annotations`: the fields' types are read at run time.
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state
HIDDEN = "****"

S = TypeVar("S", bound=BaseSettings)


class Database(BaseModel):
    """Where the data is."""

    host: str = "127.0.0.1"
    port: int = Field(default=5432, ge=1, le=65535)
    password: SecretStr = SecretStr("")


class AppSettings(BaseSettings):
    """The settings of the examples: APP_DEBUG, APP_DATABASE__PORT, APP_API_KEY and so on."""

    model_config = SettingsConfigDict(
        env_prefix="APP_", env_nested_delimiter="__", extra="forbid", env_file_encoding="utf-8"
    )
    debug: bool = False
    workers: int = Field(default=2, ge=1, le=64)
    api_key: SecretStr
    database: Database = Database()


@dataclass(frozen=True)
class Source:
    """One setting: its name, what may be shown of it, and where it comes from."""

    field: str
    shown: str
    origin: str


def _leaves(model: BaseModel, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        path = f"{prefix}{name}"
        found += _leaves(value, f"{path}.") if isinstance(value, BaseModel) else [(path, value)]
    return found


def explain(settings: BaseSettings) -> list[Source]:
    """Return every setting with its origin, "set" or "default"; secrets are shown as ****."""
    given = settings.model_dump(exclude_unset=True)
    rows = []
    for path, value in _leaves(settings):
        inner: Any = given
        for step in path.split("."):
            inner = inner.get(step) if isinstance(inner, dict) else None
        shown = HIDDEN if isinstance(value, SecretStr) else str(value)
        rows.append(Source(path, shown, "default" if inner is None else "set"))
    return rows


def problems(error: ValidationError) -> list[str]:
    """Return one line for each problem: the setting's name and the rule, never the value."""
    return [
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def load(
    cls: type[S],
    *,
    env_file: str | Path | None = None,
    secrets_dir: str | Path | None = None,
) -> S:
    """Return the settings; the environment wins over the file, the file over the secrets."""
    return cls(_env_file=env_file, _secrets_dir=secrets_dir)


def load_or_exit(cls: type[S], *, err: IO[str] | None = None, **sources: Any) -> S:
    """Return the settings, or write every problem and end the process with EX_CONFIG."""
    try:
        return load(cls, **sources)
    except ValidationError as error:
        _refuse(problems(error), err or sys.stderr)


def _refuse(lines: list[str], err: IO[str]) -> NoReturn:
    count = f"{len(lines)} problem" + ("s" if len(lines) != 1 else "")
    err.write(f"{count} in the settings:\n" + "".join(f"  {line}\n" for line in lines))
    raise SystemExit(EX_CONFIG)
