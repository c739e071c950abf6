"""A shop that is slow, down or talks nonsense costs a turn its budget and never more."""

from __future__ import annotations

import threading
import time

import pytest

from bot.errors import OrderNotFound, ProductNotFound, ShopUnavailable
from bot.shop.patience import FAILURES, REST_S, PatientShop


class Clock:
    """Time that goes on only when told."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class MoodyShop:
    """A shop that answers, or raises what it is told to."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked = 0

    def product(self, product_id: str) -> str:
        self.asked += 1
        if self.fault:
            raise self.fault
        return f"product {product_id}"


class HangingShop:
    """A shop that answers when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = 0

    def product(self, product_id: str) -> str:
        self.asked += 1
        self.let_go.wait(30)
        return "late"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def moody() -> MoodyShop:
    return MoodyShop()


@pytest.fixture
def patient(moody, clock) -> PatientShop:
    return PatientShop(moody, 3.0, clock)


@pytest.fixture
def hanging():
    shop = HangingShop()
    yield shop
    shop.let_go.set()


def fail(patient: PatientShop, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ShopUnavailable):
            patient.product("1")


def test_what_the_shop_says_is_passed_on(patient):
    assert patient.product("7") == "product 7"


def test_a_shop_that_does_not_answer_is_left_when_the_budget_is_spent(hanging):
    patient = PatientShop(hanging, 0.1)
    began = time.monotonic()

    with pytest.raises(ShopUnavailable, match="product: no answer"):
        patient.product("1")

    assert 0.1 <= time.monotonic() - began < 2


def test_all_calls_of_a_turn_share_one_budget(moody, clock, hanging):
    patient = PatientShop(moody, 30.0, clock)

    with patient.one_turn():
        patient.product("1")
        clock.s += 29.9  # the turn has a tenth of a second left
        patient.shop = hanging
        began = time.monotonic()
        fail(patient, 2)

    assert time.monotonic() - began < 5


def test_the_next_turn_has_its_own_budget(patient, clock):
    with patient.one_turn():
        clock.s += 60
    with patient.one_turn():
        answer = patient.product("1")

    assert answer == "product 1"


@pytest.mark.parametrize(
    "fault", [ValueError("not JSON"), KeyError("price"), ConnectionError(), TimeoutError(), RecursionError()]
)
def test_nonsense_of_the_shop_is_a_shop_that_is_away(patient, moody, fault):
    moody.fault = fault

    with pytest.raises(ShopUnavailable) as told:
        patient.product("1")

    assert told.value.call == "product"
    assert fault is told.value.__cause__


@pytest.mark.parametrize("answer", [ProductNotFound("1"), OrderNotFound("20261122000000")])
def test_not_there_is_an_answer_and_no_failure(patient, moody, answer):
    moody.fault = answer

    for _ in range(FAILURES + 2):
        with pytest.raises(type(answer)):
            patient.product("1")

    assert FAILURES + 2 == moody.asked


def test_after_three_failures_running_the_shop_is_left_alone_and_answers_fail_at_once(patient, moody):
    moody.fault = ConnectionError()
    fail(patient, FAILURES)

    fail(patient, 5)

    assert FAILURES == moody.asked


def test_an_answer_between_failures_starts_the_count_anew(patient, moody):
    for fault in (ConnectionError(), ConnectionError(), None, ConnectionError(), ConnectionError()):
        moody.fault = fault
        if fault:
            fail(patient, 1)
        else:
            patient.product("1")
    moody.fault = None

    assert patient.product("1") == "product 1"


def test_after_its_rest_one_call_decides(patient, moody, clock):
    moody.fault = ConnectionError()
    fail(patient, FAILURES)
    clock.s += REST_S + 0.1

    fail(patient, 3)
    asked_when_still_away = moody.asked - FAILURES
    clock.s += REST_S + 0.1
    moody.fault = None

    assert asked_when_still_away == 1
    assert patient.product("1") == "product 1"


def test_a_shop_that_hung_for_long_is_asked_again_when_it_is_back(clock, hanging):
    """Threads of calls that never came back must not use up all there are."""
    patient = PatientShop(hanging, 0.02, clock)
    for _ in range(12):
        fail(patient, 1)
        clock.s += REST_S + 0.1
    hanging.let_go.set()
    clock.s += REST_S + 0.1

    assert until_answered(patient, clock) == "late"


def until_answered(patient: PatientShop, clock: Clock) -> str:
    """What the shop says once the threads have ended, within five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            return patient.product("1")
        except ShopUnavailable:
            clock.s += REST_S + 0.1
    return "never"
