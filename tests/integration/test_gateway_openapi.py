"""The API is what its description says: schemathesis sends what fits it and what does not, to a real gateway."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from tests.integration.gateway_kit import GatewayKit
from tests.service_kit import CHEAP, PASSWORD

from farhand.gateway.accounts.attempts import Attempts
from farhand.gateway.settings import ServiceSettings

#: Seconds after which it has hung; it is bounded by its number of examples.
BUDGET = 100
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "303", "400", "401", "403", "404", "409", "410", "422", "429"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "429"]
"""


class Patient(Attempts):
    """Locks nobody: wrong proofs are what is sent."""

    def _take(self, gates):  # type: ignore[no-untyped-def]  # as the base class
        return lambda: None


@pytest.mark.timeout(BUDGET + 20)
async def test_the_api_is_what_its_description_says(gateway_folder: Path, tmp_path: Path) -> None:
    service = ServiceSettings(gateway_folder, password=CHEAP)
    async with GatewayKit(registration="", service=service) as kit:
        assert kit.gateway.service is not None
        backend = kit.gateway.service.backend
        backend.parts["accounts"].attempts = Patient()
        base = {"x-farhand": "1", "origin": kit.address}
        async with httpx.AsyncClient(base_url=kit.address, headers=base, verify=False) as admin:
            await admin.post("/api/setup", json={"token": backend.setup_token, "name": "Ada", "password": PASSWORD})
            cookie = f"farhand={admin.cookies['farhand']}"
        config = tmp_path / "schemathesis.toml"
        config.write_text(CONFIG)
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={config}",
            "run",
            f"{kit.address}/api/openapi.json",
            *(f"-H{name}:{value}" for name, value in {**base, "cookie": cookie}.items()),
            "--mode=all",
            "--phases=fuzzing",
            "--max-examples=3",
            "--seed=1",
            "--no-shrink",
            "--continue-on-failure",
            "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
            "response_schema_conformance,negative_data_rejection,positive_data_acceptance,unsupported_method",
            "--exclude-path=/api/logout",  # it would end the session that all of this is done with
            "--max-redirects=0",
            "--generation-database=none",
            "--warnings=off",
            "--no-color",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), BUDGET)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        print(output.decode()[-2000:])
        assert process.returncode == 0, output.decode()[-20_000:]
