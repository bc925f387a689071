"""meson-python: Meson's build system; an sdist is what its version control knows."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec, source_names

distribution = "meson-python"
requires = ("meson-python>=0.18",)
build_backend = "mesonpy"
kinds = ("pure", "c")
needs = ("cc",)
needs_git = True

_PROJECT = """project('{name}', {languages}version: '{version}', meson_version: '>=1.6')
py = import('python').find_installation(pure: {pure})
"""


def table(spec: ProjectSpec) -> str:
    """Allow the limited API where there is an extension."""
    return "" if spec.kind == "pure" else "[tool.meson-python]\nlimited-api = true\n"


def files(spec: ProjectSpec) -> Mapping[str, str]:
    """Return a meson.build that lists every file: Meson knows no globs."""
    pure = spec.kind == "pure"
    made = _PROJECT.format(
        name=spec.name,
        version=spec.version,
        languages="" if pure else "'c', ",
        pure=str(pure).lower(),
    )
    folders: dict[str, list[str]] = {}
    for name in source_names(spec):
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    for folder, names in folders.items():
        listed = ",\n  ".join(f"'{name}'" for name in names)
        made += f"py.install_sources([\n  {listed},\n], subdir: '{folder.removeprefix('src/')}')\n"
    if not pure:
        source = f"'src/{spec.module}/_crc.c'"
        made += f"py.extension_module('_crc', {source}, subdir: '{spec.module}', install: true,\n"
        made += "  limited_api: '3.10')\n"
    return {"meson.build": made}
