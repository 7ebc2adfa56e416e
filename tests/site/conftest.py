"""The site of the tiny invented release, built once without notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.publish.site import build_site
from tests.desk.tiny_release import build


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    return build_site(build(tmp_path_factory.mktemp("release")), run=False).parent
