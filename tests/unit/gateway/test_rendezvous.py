"""Which host waits behind which route."""

import itertools
import os

import pytest

from farhand.gateway.rendezvous.models import Stream
from farhand.gateway.rendezvous.service import ROUTES_PER_HOST, Rendezvous, TooManyRoutes


class Link:
    def __init__(self, number: int) -> None:
        self.host_id = bytes([number]) * 16

    async def offer(self, stream: Stream, address: str, route: str) -> None:
        raise AssertionError("nobody calls in these tests")


def test_a_route_leads_to_its_host_until_it_is_closed() -> None:
    rendezvous, link, other = Rendezvous(os.urandom), Link(1), Link(2)
    rendezvous.attach(link)
    rendezvous.attach(other)
    route = rendezvous.open_route(link.host_id)
    assert route.isdigit()
    assert len(route) == 4
    assert rendezvous.find(route) is link
    assert rendezvous.find(link.host_id) is link
    rendezvous.close_route(other.host_id, route)
    assert rendezvous.find(route) is link
    rendezvous.close_route(link.host_id, route)
    assert rendezvous.find(route) is None
    assert not rendezvous.knows(route)


def test_routes_grow_when_they_are_crowded() -> None:
    rendezvous = Rendezvous(os.urandom)
    routes = [rendezvous.open_route(number.to_bytes(16, "big")) for number in range(600)]
    assert len(set(routes)) == 600
    assert {len(route) for route in routes[:500]} == {4}
    assert {len(route) for route in routes[500:]} == {5}


def test_a_route_that_is_taken_is_not_given_again() -> None:
    numbers = itertools.chain((7, 7), itertools.count(8))
    rendezvous = Rendezvous(lambda size: next(numbers).to_bytes(size, "big"))
    assert [rendezvous.open_route(bytes(16)) for _ in range(2)] == ["0007", "0008"]


def test_one_host_holds_a_bounded_number_of_routes() -> None:
    rendezvous = Rendezvous(os.urandom)
    for _ in range(ROUTES_PER_HOST):
        rendezvous.open_route(bytes(16))
    with pytest.raises(TooManyRoutes):
        rendezvous.open_route(bytes(16))


def test_routes_of_a_host_that_is_away_are_kept_for_it() -> None:
    rendezvous, link = Rendezvous(os.urandom), Link(1)
    rendezvous.attach(link)
    route = rendezvous.open_route(link.host_id)
    assert rendezvous.detach(link)
    assert rendezvous.find(route) is None
    assert rendezvous.knows(route)
    again = Link(1)
    assert rendezvous.attach(again) is None
    assert rendezvous.find(route) is again
    rendezvous.forget(link.host_id)
    assert not rendezvous.knows(route)


def test_a_link_that_was_replaced_does_not_take_its_host_away() -> None:
    rendezvous, old, new = Rendezvous(os.urandom), Link(1), Link(1)
    rendezvous.attach(old)
    assert rendezvous.attach(new) is old
    assert not rendezvous.detach(old)
    assert rendezvous.find(new.host_id) is new
