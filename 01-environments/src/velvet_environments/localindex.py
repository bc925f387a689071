"""A package index in memory: what the public one answers, for packages that we made.

The pages are those of the simple repository interface in both forms, HTML (PEP 503) and JSON
(PEP 691, 700), with hashes, `requires-python`, yanked files (PEP 592) and the promise of separate
metadata (PEP 658, renamed by PEP 714). Nothing here listens; `indexserver` does.

Source: the PyPA specification simple-repository-api.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from packaging.version import Version

from velvet_environments.errors import DuplicateFile, UnknownProject
from velvet_environments.wheelsmith import Artifact, PackageSpec, build_wheel, normalize

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "text/html; charset=utf-8"
_VERSION = "1.1"


@dataclass(frozen=True)
class Entry:
    """A file of the index with the release that it belongs to."""

    spec: PackageSpec
    artifact: Artifact


class LocalIndex:
    """Projects and their files; not thread-safe while files are added.

    >>> index = LocalIndex([PackageSpec("demo", "1.0"), PackageSpec("demo", "2.0")])
    >>> [entry.spec.version for entry in index.entries("Demo")]
    ['1.0', '2.0']
    """

    def __init__(self, specs: Iterable[PackageSpec] = (), *, core_metadata: bool = True) -> None:
        self.core_metadata = core_metadata
        self._files: dict[str, Entry] = {}
        self._projects: dict[str, dict[str, Entry]] = {}
        self.add_many(specs)

    def add(self, spec: PackageSpec) -> Artifact:
        """Build and publish a release.

        Raises:
            DuplicateFile: the index has that file already.
        """
        if spec.filename in self._files:
            raise DuplicateFile(spec.filename)
        entry = Entry(spec, build_wheel(spec))
        self._files[spec.filename] = entry
        self._projects.setdefault(spec.key, {})[spec.filename] = entry
        return entry.artifact

    def add_many(self, specs: Iterable[PackageSpec]) -> None:
        """Publish several releases."""
        for spec in specs:
            self.add(spec)

    def entries(self, name: str) -> list[Entry]:
        """Return a project's files, the oldest version first.

        Raises:
            UnknownProject: there is none of that name.
        """
        try:
            files = self._projects[normalize(name)]
        except KeyError:
            raise UnknownProject(name) from None
        return sorted(files.values(), key=lambda one: (Version(one.spec.version), one.spec.tag))

    def tamper(self, filename: str) -> None:
        """Append a comment to the first module of a wheel, and keep its name and version.

        Raises:
            UnknownProject: the index has no such file.
        """
        entry = self._files.get(filename)
        if entry is None:
            raise UnknownProject(filename)
        evil = replace(entry.spec, payload_bytes=entry.spec.payload_bytes + 100)
        self._replace(Entry(entry.spec, build_wheel(evil)))

    def _replace(self, entry: Entry) -> None:
        self._files[entry.spec.filename] = entry
        self._projects[entry.spec.key][entry.spec.filename] = entry

    def project_html(self, name: str) -> str:
        """Return a project's page (PEP 503, 592, 629, 714).

        Raises:
            UnknownProject: there is none of that name.
        """
        lines = []
        for entry in self.entries(name):
            spec, made = entry.spec, entry.artifact
            about = ""
            if spec.requires_python:
                about += f' data-requires-python="{html.escape(spec.requires_python)}"'
            if spec.yanked:
                reason = "" if spec.yanked is True else spec.yanked
                about += f' data-yanked="{html.escape(reason)}"'
            if self.core_metadata:
                digest = f"sha256={made.metadata_sha256}"
                about += f' data-core-metadata="{digest}" data-dist-info-metadata="{digest}"'
            link = f"/files/{spec.filename}#sha256={made.sha256}"
            lines.append(f'<a href="{link}"{about}>{spec.filename}</a><br>\n')
        return _page("".join(lines))

    def project_json(self, name: str) -> dict[str, Any]:
        """Return the same page as JSON (PEP 691, with the versions and sizes of PEP 700).

        Raises:
            UnknownProject: there is none of that name.
        """
        files, entries = [], self.entries(name)
        for entry in entries:
            spec, made = entry.spec, entry.artifact
            file: dict[str, Any] = {
                "filename": spec.filename,
                "url": f"/files/{spec.filename}",
                "hashes": {"sha256": made.sha256},
                "size": len(made.data),
                "yanked": spec.yanked,
            }
            if spec.requires_python:
                file["requires-python"] = spec.requires_python
            if self.core_metadata:
                file["core-metadata"] = {"sha256": made.metadata_sha256}
                file["dist-info-metadata"] = file["core-metadata"]
            files.append(file)
        versions = list(dict.fromkeys(one.spec.version for one in entries))
        meta = {"api-version": _VERSION}
        return {"meta": meta, "name": normalize(name), "versions": versions, "files": files}

    def _root(self, *, as_json: bool) -> tuple[str, bytes]:
        """Return the page that lists every project (PEP 503, 691)."""
        names = sorted(self._projects)
        if as_json:
            listed = [{"name": name} for name in names]
            return _body({"meta": {"api-version": _VERSION}, "projects": listed})
        links = (f'<a href="/simple/{name}/">{name}</a><br>\n' for name in names)
        return _body(_page("".join(links)))

    def answer(self, path: str, *, as_json: bool) -> tuple[str, bytes] | None:
        """Return media type and body of a page or file; None where there is none."""
        parts = path.strip("/").split("/")
        if parts == ["simple"]:
            return self._root(as_json=as_json)
        try:
            if parts[0] == "simple" and len(parts) == 2:
                page = self.project_json(parts[1]) if as_json else self.project_html(parts[1])
                return _body(page)
        except UnknownProject:
            return None
        if parts[0] != "files" or len(parts) != 2:
            return None
        wanted = parts[1].removesuffix(".metadata")
        entry = self._files.get(wanted)
        if entry is None or (wanted != parts[1] and not self.core_metadata):
            return None
        data = entry.artifact.data if wanted == parts[1] else entry.artifact.metadata
        return "application/octet-stream", data


def _page(links: str) -> str:
    meta = f'<meta name="pypi:repository-version" content="{_VERSION}">'
    return f"<!DOCTYPE html>\n<html><head>{meta}</head><body>\n{links}</body></html>\n"


def _body(page: str | dict[str, Any]) -> tuple[str, bytes]:
    if isinstance(page, str):
        return HTML_TYPE, page.encode()
    return JSON_TYPE, json.dumps(page, sort_keys=True).encode()
