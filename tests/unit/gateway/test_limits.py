"""Who may hold how many connections, and how guesses are slowed down."""

from farhand.gateway.limits import Bucket, Conduct, Connections, Limits, address_key


def drops(book: Connections, address: str, dropped: list[str], name: str):
    return book.enter(address, lambda: dropped.append(name))


def test_one_address_is_one_ipv4_address_or_one_ipv6_network() -> None:
    assert address_key("192.0.2.7") == "192.0.2.7"
    assert address_key("::ffff:192.0.2.7") == "192.0.2.7"
    assert address_key("2001:db8:1:2:3:4:5:6") == address_key("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert address_key("fe80::1%eth0") == "fe80::/64"
    assert address_key("no address") == "no address"


def test_the_newest_of_an_address_displaces_its_oldest() -> None:
    book, dropped = Connections(Limits(young_per_address=2)), []
    for name in ("first", "second", "third"):
        drops(book, "192.0.2.7", dropped, name)
    drops(book, "192.0.2.8", dropped, "elsewhere")
    assert dropped == ["first"]
    assert (book.young, book.dropped) == (3, 1)


def test_when_all_are_many_the_address_with_most_loses_one() -> None:
    book, dropped = Connections(Limits(young_per_address=10, young_total=4)), []
    for number in range(3):
        drops(book, "192.0.2.7", dropped, f"flood {number}")
    drops(book, "192.0.2.8", dropped, "guest")
    drops(book, "192.0.2.9", dropped, "newcomer")
    assert dropped == ["flood 0"]
    assert book.young == 4


def test_who_has_settled_is_not_displaced() -> None:
    book, dropped = Connections(Limits(young_per_address=1)), []
    first = drops(book, "192.0.2.7", dropped, "first")
    assert first.settle()
    assert first.settle()
    drops(book, "192.0.2.7", dropped, "second")
    drops(book, "192.0.2.7", dropped, "third")
    assert dropped == ["second"]
    assert (book.young, book.settled) == (1, 1)


def test_settled_places_are_bounded_by_address_and_in_all() -> None:
    book = Connections(Limits(settled_per_address=1, settled_total=2))
    first, second = (book.enter("192.0.2.7", lambda: None) for _ in range(2))
    third, fourth = book.enter("192.0.2.8", lambda: None), book.enter("192.0.2.9", lambda: None)
    assert [one.settle() for one in (first, second, third, fourth)] == [True, False, True, False]
    first.leave()
    assert second.settle()


def test_who_was_displaced_cannot_settle() -> None:
    book = Connections(Limits(young_per_address=1))
    first = book.enter("192.0.2.7", lambda: None)
    book.enter("192.0.2.7", lambda: None)
    assert not first.settle()


def test_places_are_given_back_once() -> None:
    book = Connections(Limits())
    young, settled = (book.enter("192.0.2.7", lambda: None) for _ in range(2))
    settled.settle()
    settled.unsettle()
    assert (book.young, book.settled) == (2, 0)
    settled.settle()
    for one in (young, settled, young, settled):
        one.leave()
    assert (book.young, book.settled) == (0, 0)
    assert not book._young
    assert not book._settled


def test_guesses_lock_an_address_for_twice_as_long_each_time() -> None:
    limits = Limits(misses_burst=2, misses_per_minute=0.001, lock_seconds=2, lock_seconds_max=7)
    conduct = Conduct(limits)
    assert [conduct.miss("192.0.2.7", 0.0) for _ in range(3)] == [0.0, 0.0, 2.0]
    assert conduct.miss("192.0.2.7", 1.5) == 0.5
    assert conduct.call("192.0.2.7", 1.5) == 0.5
    assert conduct.miss("192.0.2.7", 2.0) == 4.0
    assert conduct.miss("192.0.2.7", 6.0) == 7.0
    assert conduct.call("192.0.2.8", 1.5) == 0.0


def test_a_lock_that_is_long_over_is_forgotten() -> None:
    conduct = Conduct(Limits(misses_burst=1, misses_per_minute=0.001, lock_seconds=2, lock_seconds_max=10))
    conduct.miss("192.0.2.7", 0.0)
    assert conduct.miss("192.0.2.7", 0.0) == 2.0
    assert conduct.miss("192.0.2.7", 20.0) == 2.0


def test_calls_come_from_a_bucket() -> None:
    conduct = Conduct(Limits(calls_burst=2, calls_per_minute=60))
    assert [conduct.call("192.0.2.7", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert conduct.call("192.0.2.7", 1.0) == 0.0


def test_memory_of_addresses_is_bounded() -> None:
    conduct = Conduct(Limits(addresses_remembered=100, misses_burst=1))
    for number in range(1000):
        conduct.miss(f"192.0.{number // 250}.{number % 250}", 0.0)
    assert len(conduct) == 100


def test_enrolled_hosts_count_by_themselves_and_not_by_their_address() -> None:
    book = Connections(Limits(settled_per_address=1, settled_total=2, enrolled_total=3))
    admissions = [book.enter("192.0.2.1", list) for _ in range(5)]
    assert [one.settle(vouched=True) for one in admissions] == [True, True, True, False, False]
    assert (book.enrolled, book.settled, book.young) == (3, 0, 2)
    assert admissions[3].settle()
    assert not admissions[4].settle()
    for one in admissions:
        one.leave()
        one.leave()
    assert (book.enrolled, book.settled, book.young) == (0, 0, 0)


def test_what_was_spent_beyond_the_bucket_is_waited_for() -> None:
    bucket = Bucket(100, 10, 0.0)
    assert bucket.spend(60, 0.0) == 0.0
    assert bucket.spend(60, 0.0) == 2.0
    assert bucket.spend(10, 2.0) == 1.0
    assert bucket.spend(0, 100.0) == 0.0
