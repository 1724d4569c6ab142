from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.recipes import recipe


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports on which the check passes, warns, fails, is unknown, and cannot run."""
    folder = tmp_path_factory.mktemp("nights")
    recipe("sample_nights").write_nights(folder)
    return folder
