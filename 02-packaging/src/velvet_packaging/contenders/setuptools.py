"""setuptools: the oldest backend; builds C and Cython, and packs only data files that are listed."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "setuptools"
requires = ("setuptools>=80",)
build_backend = "setuptools.build_meta"
kinds = ("pure", "c", "cython")
needs = ("cc",)

_SETUP = """from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "{module}._crc",
            ["src/{module}/_crc.{suffix}"],
            define_macros={macros},
            py_limited_api={limited},
        )
    ],
    options={options},
)
"""


def table(_: ProjectSpec) -> str:
    """Return nothing: it finds packages below `src`; data files need more, see the README."""
    return ""


def files(spec: ProjectSpec) -> Mapping[str, str]:
    """Return a setup.py for what pyproject.toml cannot say: extensions."""
    if spec.kind == "pure":
        return {}
    limited = spec.kind == "c"
    made = _SETUP.format(
        module=spec.module,
        suffix="c" if limited else "pyx",
        macros=[("Py_LIMITED_API", "0x030A0000")] if limited else [],
        limited=limited,
        options={"bdist_wheel": {"py_limited_api": "cp310"}} if limited else {},
    )
    return {"setup.py": made}
