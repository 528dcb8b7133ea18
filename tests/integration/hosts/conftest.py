"""An organisation on each database, for the tests of hosts, rights and the audit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.organisation import Account, Organisation


@pytest.fixture
async def org(gateway_folder: Path, database: str) -> AsyncIterator[Organisation]:
    """A gateway that belongs to an organisation."""
    async with Organisation(gateway_folder, database) as made:
        yield made


@pytest.fixture
async def admin(org: Organisation) -> Account:
    """Its administrator, after the organisation's root has delegated to the gateway."""
    account = await org.account("Root", admin=True)
    await org.join(account)
    return account
