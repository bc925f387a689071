"""Provenance: what a results file says about the machine that made it.

Enough to judge whether two files are comparable, and nothing that identifies a person: no
host or user name, no path.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from velvet.needs import usable_cores, version_of


def cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    if found := re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE):
        return " ".join(found.group(1).split())
    return platform.processor() or platform.machine()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def virtualised() -> bool | None:
    """Return whether the processor says it is virtual; None where that is not readable."""
    if sys.platform != "linux":
        return None
    flags = r"^flags\s*:.*\bhypervisor\b"
    return re.search(flags, _read("/proc/cpuinfo"), re.MULTILINE) is not None


def steal_ticks() -> int | None:
    """Return the ticks that a hypervisor took from us since the start; None off Linux."""
    parts = _read("/proc/stat").partition("\n")[0].split()
    return int(parts[8]) if len(parts) > 8 else None


def disturbance() -> dict[str, Any]:
    """Return the one-minute load average and the stolen ticks; None where there is none."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"load": load, "steal": steal_ticks()}


def git_state(root: Path) -> dict[str, Any]:
    """Return commit and dirty flag; both None outside a clone.

    Published results are what measuring writes, so they make no clone dirty.
    """

    def ask(*words: str) -> str | None:
        argv = ["git", "-C", str(root), *words]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    results = ":(top,exclude,glob)**/benchmarks/results/*.json"
    changes = ask("status", "--porcelain", "--untracked-files=no", "--", ":/", results)
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def facts(needs: Iterable[str] = (), root: Path | None = None) -> dict[str, Any]:
    """Describe this machine and interpreter for a results file."""
    gil = getattr(sys, "_is_gil_enabled", lambda: True)
    versions = {need: found for need in sorted(set(needs)) if (found := version_of(need))}
    return {
        "os": platform.system(),
        "kernel": platform.release(),
        "arch": platform.machine(),
        "cpu": cpu_model(),
        "logical_cores": psutil.cpu_count(),
        "physical_cores": psutil.cpu_count(logical=False),
        "usable_cores": usable_cores(),
        "cgroup_quota": _read("/sys/fs/cgroup/cpu.max") or None,
        "ram_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "virtualised": virtualised(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "optimised": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        "gil": bool(gil()),
        "packages": versions,
        "git": git_state(root or Path.cwd()),
    }


def sentence(machine: dict[str, Any]) -> str:
    """Name a machine in one line, as READMEs do beside their tables."""
    kind = "virtual machine" if machine.get("virtualised") else "machine"
    return (
        f"{machine['cpu']}, {machine['usable_cores']} cores, {machine['ram_gb']:g} GB, "
        f"{machine['os']} {kind}, {machine['implementation']} {machine['python']}"
    )
