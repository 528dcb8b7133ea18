"""Puts the built viewer into the wheel, and refuses to build one without it."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ViewerHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds viewer/dist to a wheel as farhand/viewer_dist; an editable install reads viewer/dist where it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise SystemExit when the viewer is not built, else include it."""
        if version == "editable":
            return
        built = Path(self.root, "viewer", "dist")
        if not (built / "index.html").is_file():
            raise SystemExit("farhand: viewer/dist/index.html is missing: build the viewer first (script/build does)")
        if self.target_name == "wheel":
            build_data["force_include"][str(built)] = "farhand/viewer_dist"
