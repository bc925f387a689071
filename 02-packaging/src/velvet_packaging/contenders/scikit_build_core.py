"""scikit-build-core: CMake's build system behind the standard hooks."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "scikit-build-core"
requires = ("scikit-build-core>=0.11",)
build_backend = "scikit_build_core.build"
kinds = ("pure", "c")
needs = ("cc", "cmake")

_CMAKE = """cmake_minimum_required(VERSION 3.15...3.31)
project(${{SKBUILD_PROJECT_NAME}} LANGUAGES C)
find_package(Python COMPONENTS Interpreter Development.Module Development.SABIModule REQUIRED)
python_add_library(_crc MODULE src/{module}/_crc.c WITH_SOABI USE_SABI 3.10)
install(TARGETS _crc DESTINATION {module})
"""


def table(spec: ProjectSpec) -> str:
    """Name the package, and leave CMake out where there is nothing to compile."""
    told = f'[tool.scikit-build]\nwheel.packages = ["src/{spec.module}"]\n'
    return told + ("wheel.cmake = false\n" if spec.kind == "pure" else 'wheel.py-api = "cp310"\n')


def files(spec: ProjectSpec) -> Mapping[str, str]:
    """Return a CMakeLists.txt where there is an extension."""
    return {} if spec.kind == "pure" else {"CMakeLists.txt": _CMAKE.format(module=spec.module)}
