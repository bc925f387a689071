"""Settings from the environment, a file and a folder of secrets: all problems at once, no secret.

A service that starts with a wrong setting fails at the first request; one that prints the setting
leaks it. `load_or_exit` reports every problem before anything is started and ends with EX_CONFIG.
"""

# No `from __future__ import annotations`: the fields' types are read at run time.
import sys
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state
HIDDEN = "****"

S = TypeVar("S", bound=BaseSettings)


class Database(BaseModel):
    """Where the data is; a name that is spelt wrong is no default."""

    model_config = ConfigDict(extra="forbid")
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


def explain(settings: BaseModel, prefix: str = "") -> list[Source]:
    """Return every setting with its origin, "set" or "default"; secrets are shown as ****."""
    rows: list[Source] = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            rows += explain(value, f"{prefix}{name}.")
            continue
        shown = HIDDEN if isinstance(value, SecretStr) else str(value)
        origin = "set" if name in settings.model_fields_set else "default"
        rows.append(Source(prefix + name, shown, origin))
    return rows


def problems(error: ValidationError) -> list[str]:
    """Return one line for each problem: the setting's name and the rule, never the value."""
    return [
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def load_or_exit(
    cls: type[S], env_file: str | None = None, secrets_dir: str | None = None, err: Any = None
) -> S:
    """Return the settings, or write every problem and end the process with EX_CONFIG.

    The environment wins over the file, the file over the folder of secrets.
    """
    try:
        return cls(_env_file=env_file, _secrets_dir=secrets_dir)
    except (ValueError, OSError) as error:
        # The message of another error may quote a file, so only its type is named.
        lines = (
            problems(error) if isinstance(error, ValidationError)
            else [str(error)] if isinstance(error, SettingsError)
            else [f"a source cannot be read ({type(error).__name__})"]
        )  # fmt: skip
        said = [f"{len(lines)} problems in the settings:", *(f"  {line}" for line in lines)]
        (err or sys.stderr).write("\n".join(said) + "\n")
        raise SystemExit(EX_CONFIG) from None
