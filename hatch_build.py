"""Find the module packages by their folders, so that no list has to name them.

A wheel holds `velvet` and every `NN-topic/src/velvet_topic`; an editable install puts each `src`
on the path instead. Hatch runs this hook for both.
"""

import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ModuleFolders(BuildHookInterface):
    """Add every module package that lies in a numbered folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the wheel (or the path file of an editable install) by the module packages."""
        packages = sorted(Path(self.root).glob("[0-9][0-9]-*/src/velvet_*/"))
        if version != "editable":
            build_data["force_include"].update({str(path): path.name for path in packages})
            return
        self._scratch = tempfile.TemporaryDirectory()
        paths = Path(self._scratch.name) / "velvet_modules.pth"
        sources = sorted({str(path.parent) for path in packages})
        paths.write_text("".join(f"{source}\n" for source in sources), encoding="utf-8")
        build_data["force_include_editable"][str(paths)] = paths.name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the scratch folder."""
        if version == "editable":
            self._scratch.cleanup()
