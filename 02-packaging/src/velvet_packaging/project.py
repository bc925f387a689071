"""One project, written for any backend: only `[build-system]` and its smallest own table differ.

The sources are generated from the specification alone, so two backends get the same bytes and two
runs get the same project. Compiled kinds hold one function, a CRC-32 of bytes, whose answer zlib
knows, too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from velvet_packaging.errors import BadSpec
from velvet_packaging.metadata import license_ok

KINDS = ("pure", "c", "cython", "rust-bin")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)

_CRC_C = """#include <Python.h>
#include <stdint.h>

static PyObject *crc(PyObject *self, PyObject *data) {
    char *bytes;
    Py_ssize_t size;
    uint32_t value = 0xFFFFFFFFu;
    if (PyBytes_AsStringAndSize(data, &bytes, &size) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < size; i++) {
        value ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
    }
    return PyLong_FromUnsignedLong(value ^ 0xFFFFFFFFu);
}

static PyMethodDef methods[] = {{"crc", crc, METH_O, "CRC-32 of bytes."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_crc", NULL, -1, methods};
PyMODINIT_FUNC PyInit__crc(void) { return PyModule_Create(&module); }
"""
_CRC_PYX = '''# cython: language_level=3
def crc(bytes data):
    """Return the CRC-32 of bytes."""
    cdef unsigned int value = 0xFFFFFFFF
    cdef unsigned char byte
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
    return value ^ 0xFFFFFFFF
'''


@dataclass(frozen=True)
class ProjectSpec:
    """What a project holds.

    Attributes:
        modules: Python modules beside `__init__.py` and `cli.py`.
        lines: of each module, about.
        data_files: JSON files in the package.
        tests: whether there is a test beside `src`.
        extras: name of an extra -> its requirements.
        license: an SPDX expression.
        kind: pure, c, cython or rust-bin.

    Raises:
        BadSpec: a field breaks the rule of its specification.
    """

    name: str = "velvet-demo"
    version: str = "1.0"
    modules: int = 20
    lines: int = 120
    data_files: int = 1
    tests: bool = True
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    license: str = "MIT"
    kind: str = "pure"

    def __post_init__(self) -> None:
        if (
            not _NAME.fullmatch(self.name)
            or not self.module.isidentifier()
            or iskeyword(self.module)
        ):
            raise BadSpec(f"invalid project name {self.name!r} (PEP 508)")
        try:
            Version(self.version)
        except InvalidVersion as error:
            raise BadSpec(f"{error} (PEP 440)") from None
        if not license_ok(self.license):
            raise BadSpec(f"{self.license!r} is no SPDX expression (PEP 639)")
        if self.kind not in KINDS:
            raise BadSpec(f"unknown kind {self.kind!r}: choose one of {', '.join(KINDS)}")
        if min(self.modules, self.lines, self.data_files) < 0:
            raise BadSpec("modules, lines and data_files must not be negative")

    @property
    def module(self) -> str:
        """The import name."""
        return canonicalize_name(self.name).replace("-", "_")


def scripts_of(spec: ProjectSpec) -> Mapping[str, str]:
    """Return the console scripts, name -> object reference: one that prints the version.

    A project of kind rust-bin has none, because its program is compiled.
    """
    if spec.kind == "rust-bin":
        return {}
    return {canonicalize_name(spec.name): f"{spec.module}.cli:main"}


def source_names(spec: ProjectSpec) -> list[str]:
    """Return the paths of the Python and data files, as meson.build has to list them."""
    return sorted(name for name in sources(spec) if name.endswith((".py", ".json")))


def sources(spec: ProjectSpec) -> dict[str, str]:
    """Return the files of the package, the same for every backend."""
    if spec.kind == "rust-bin":
        return {}
    base = f"src/{spec.module}"
    made = {
        f"{base}/__init__.py": f'"""A demonstration."""\n\n__version__ = "{spec.version}"\n',
        f"{base}/cli.py": _cli(spec),
    }
    made |= {f"{base}/m{one:04}.py": _module(spec, one) for one in range(spec.modules)}
    for number in range(spec.data_files):
        made[f"{base}/data/t{number or ''}.json"] = f'{{"table": {number}}}\n'
    if spec.kind == "c":
        made[f"{base}/_crc.c"] = _CRC_C
    if spec.kind == "cython":
        made[f"{base}/_crc.pyx"] = _CRC_PYX
    return made


def _cli(spec: ProjectSpec) -> str:
    return (
        f'"""The program."""\n\nfrom {spec.module} import __version__\n\n\n'
        f'def main() -> int:\n    print("{spec.name} " + __version__)\n    return 0\n'
    )


def _module(spec: ProjectSpec, number: int) -> str:
    """Return functions that look alike, as the functions of a package do."""
    draw = random.Random(f"{spec.name} {number}")
    parts = [f'"""Part {number}."""\n']
    for one in range(max(spec.lines // 4, 1)):
        low, high = draw.randrange(1000), draw.randrange(1000, 9999)
        parts.append(f"\n\ndef step_{one}(value):\n    return [value + {low}, value % {high}]\n")
    return "".join(parts)
