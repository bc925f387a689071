"""Files that are replaced in one step, so that no reader ever sees half of one."""

from __future__ import annotations

import secrets
from pathlib import Path

from velvet.errors import VelvetError

_NEW_FILE_MODE = 0o644


def atomic_write(path: Path, text: str) -> None:
    """Write UTF-8 with line feeds whole or not at all, keeping the file's mode.

    Its folder is made when missing; a symlink stays one and its target is replaced. Where it
    cannot be written, raise VelvetError; what was there is untouched.
    """
    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o7777 if target.exists() else _NEW_FILE_MODE
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:  # named first: an interrupt after `mkstemp` would leave a file without a name
            temporary.touch(mode=0o600, exist_ok=False)
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            temporary.chmod(mode)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        said = f"{path} cannot be written: {error.strerror or error}"
        raise VelvetError(f"{said}; choose another place or free the folder") from None
