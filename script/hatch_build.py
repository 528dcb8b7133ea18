"""Puts the built viewer into the wheel, with a list of its files' SHA-256, and refuses to build one without it."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ViewerHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds viewer/dist to a wheel as farhand/viewer_dist; an editable install reads viewer/dist where it is.

    farhand/viewer_manifest.json is what `farhand verify-viewer` compares gateways with.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise SystemExit when the viewer is not built, else include it."""
        if version == "editable":
            return
        built = Path(self.root, "viewer", "dist")
        if not (built / "index.html").is_file():
            raise SystemExit("farhand: viewer/dist/index.html is missing: build the viewer first (script/build does)")
        if self.target_name == "wheel":
            build_data["force_include"][str(built)] = "farhand/viewer_dist"
            self._folder = tempfile.TemporaryDirectory()
            manifest = Path(self._folder.name, "viewer_manifest.json")
            manifest.write_text(listed(built, self.metadata.version), encoding="utf-8")
            build_data["force_include"][str(manifest)] = "farhand/viewer_manifest.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what was made beside the tree."""
        if version != "editable" and self.target_name == "wheel":
            self._folder.cleanup()


def listed(built: Path, version: str) -> str:
    """The list, the same for the same files."""
    files = {
        path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(built.rglob("*"))
        if path.is_file()
    }
    return json.dumps({"version": version, "files": files}, indent=1, sort_keys=True) + "\n"
