"""A gateway with a host beside it, in a process of its own: what floods and memory readers look at.

Prints one JSON line with its port and a code, then a fresh code for every line on standard input; ends with it.
With ``tls FOLDER`` it serves TLS with a certificate of its own, kept there.
"""

import asyncio
import datetime
import json
import os
import sys
from pathlib import Path

from tests.integration.gateway_kit import new_agent

from farhand.cli.embedded import AgentLink
from farhand.core.log_lines import configure
from farhand.core.tasks import run
from farhand.gateway.app import Gateway
from farhand.gateway.settings import GatewaySettings
from farhand.gateway.tls import own_certificate


async def main(mode: str, folder: str = "") -> None:
    configure("json", "debug")
    tls = None
    if mode == "tls":
        tls = own_certificate(Path(folder), ["localhost", "127.0.0.1"], datetime.datetime.now(datetime.UTC))
    gateway = Gateway(GatewaySettings(host="127.0.0.1", port=0, tls=tls, registration="" if mode == "relay" else None))
    await gateway.start()
    agent = new_agent()
    gateway.rendezvous.attach(AgentLink(agent))
    while True:
        code = str(agent.new_code(gateway.rendezvous.open_route(agent.host_id)))
        state = {
            "port": gateway.port,
            "pid": os.getpid(),
            "code": code,
            "young": gateway.connections.young,
            "settled": gateway.connections.settled,
            "dropped": gateway.connections.dropped,
        }
        print(json.dumps(state), flush=True)
        if not await asyncio.to_thread(sys.stdin.readline):
            break
        agent.withdraw_code(code.partition("-")[0])
        gateway.rendezvous.close_route(agent.host_id, code.partition("-")[0])
    await agent.shutdown()
    await gateway.close()


run(main(*sys.argv[1:3]))
