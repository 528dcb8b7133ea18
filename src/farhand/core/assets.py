"""Where the built viewer is: in the installed package, or in the checkout that an editable install points to."""

from pathlib import Path

from farhand.core.errors import FarhandError

_PACKAGE = Path(__file__).resolve().parent.parent


class AssetsError(FarhandError):
    """The built viewer is neither in the package nor in a checkout."""


def viewer_directory() -> Path:
    """Return the folder with the viewer's index.html; raises AssetsError when the viewer is not built."""
    for folder in (_PACKAGE / "viewer_dist", _PACKAGE.parent.parent / "viewer" / "dist"):
        if (folder / "index.html").is_file():
            return folder
    raise AssetsError("the viewer is not built", "run script/setup in the checkout, or install the wheel")
