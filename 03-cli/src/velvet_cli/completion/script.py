"""The completion script of a shell, in one of two modes."""

from __future__ import annotations

from types import ModuleType

from velvet_cli.completion import bash, fish, powershell, zsh
from velvet_cli.contract import CONTRACT, Contract

SHELLS: dict[str, ModuleType] = {"bash": bash, "zsh": zsh, "fish": fish, "powershell": powershell}
MODES = ("static", "dynamic")


def script(shell: str, mode: str = "static", contract: Contract = CONTRACT) -> str:
    """Return a shell's completion script.

    Args:
        shell: ``bash``, ``zsh``, ``fish`` or ``powershell``.
        mode: ``static`` holds the whole contract and starts no program at Tab, except for values
            that only the data knows; ``dynamic`` starts the program at each Tab and is never out
            of date.

    Raises:
        ValueError: the shell or the mode is unknown.
    """
    if shell not in SHELLS:
        raise ValueError(f"shell must be one of {', '.join(SHELLS)}, not {shell!r}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    render = SHELLS[shell].static if mode == "static" else SHELLS[shell].dynamic
    made: str = render(contract)
    return made
