"""`/v1/call/TICKET`: the host's leg of one call."""

from farhand.gateway.legs import Arrival
from farhand.gateway.relay.models import Tickets


class CallLeg:
    """Hands each leg to the call that waits for it."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    async def serve(self, arrival: Arrival) -> None:
        """Bring leg and call together; the call ends the leg."""
        if not arrival.visit.settle() or not self._tickets.redeem(arrival.rest, arrival.stream):
            await arrival.stream.close()
