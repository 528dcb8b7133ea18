"""Every test here runs on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.service_kit import ServiceKit, service_kit


@pytest.fixture
async def kit(gateway_folder: Path, database: str) -> AsyncIterator[ServiceKit]:
    """A gateway that was never set up."""
    async with service_kit(gateway_folder, database) as made:
        yield made
