from collections.abc import Iterator

import pytest
from tests.unit.host.quarantine.kit import SETTINGS

from farhand.host.quarantine.scanner import Scanner


@pytest.fixture(scope="package")
def scanner() -> Iterator[Scanner]:
    with Scanner(SETTINGS) as made:
        yield made
