from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.files.kit import Ends


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    made = Ends(tmp_path)
    yield made
    made.close()
