"""Where the project's own files stand: in a checkout, or bundled in a wheel."""

import pathlib


def project_root() -> pathlib.Path:
    """The folder that holds config.py, templates/ and migrations/."""
    package = pathlib.Path(__file__).resolve().parent.parent
    bundled = package / "_bundled"
    return bundled if bundled.exists() else package.parent
