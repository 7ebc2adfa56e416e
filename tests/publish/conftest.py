"""The planted root and its public release, made once for all tests of a process. Do not change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.publish import public
from tests.publish.planted import Planted, plant


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def folder(planted: Planted) -> Path:
    """The public release."""
    return public.publish(planted.settings)[0]
