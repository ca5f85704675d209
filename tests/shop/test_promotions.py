import pytest

from edge.shop.promotions import Shortfall, active_promotions, apply_promotion, next_saving
from edge.store.inline import InlineStore
from edge.trust.clock import Trust
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import open_store


def put(store: InlineStore, record_id: str, **changes: object) -> None:
    data = {
        "kind": "spend_and_save",
        "threshold_fen": 5000,
        "saving_fen": 500,
        "name_zh": "满50减5",
        "name_en": "5 off 50",
        **changes,
    }
    store.run_now(lambda unit: apply_promotion(unit, record_id, 1, data))


def active(store: InlineStore, clock: FakeClock) -> list[str]:
    return [offer.id for offer in active_promotions(store.connection, clock.now())]


def test_a_timed_promotion_runs_from_its_start_until_before_its_end() -> None:
    clock = FakeClock()
    store = open_store(clock)
    put(store, "timed", from_ms=START_MS, until_ms=START_MS + 1000)
    seen = []
    for at_ms in (START_MS - 1, START_MS, START_MS + 999, START_MS + 1000):
        clock.at_ms = at_ms
        seen.append(active(store, clock))
    assert seen == [[], ["timed"], ["timed"], []]


def test_with_the_time_unknown_only_untimed_promotions_run() -> None:
    clock = FakeClock(trust=Trust.UNKNOWN)
    store = open_store(clock)
    put(store, "always")
    put(store, "timed", from_ms=0)
    assert active(store, clock) == ["always"]


@pytest.mark.parametrize("change", [{"saving_fen": 5000}, {"kind": "bundle"}, {"saving_fen": 0}])
def test_a_promotion_that_cannot_be_applied_is_refused(change: dict[str, object]) -> None:
    store = open_store(FakeClock())
    with pytest.raises(ValueError, match=r"promotion|saving_fen"):
        put(store, "odd", **change)


def test_a_deleted_promotion_is_gone() -> None:
    clock = FakeClock()
    store = open_store(clock)
    put(store, "always")
    store.run_now(lambda unit: apply_promotion(unit, "always", 2, None))
    assert active(store, clock) == []


def test_the_hint_names_the_next_better_saving() -> None:
    clock = FakeClock()
    store = open_store(clock)
    put(store, "p50")
    put(store, "p100", threshold_fen=10_000, saving_fen=1_500)
    offers = active_promotions(store.connection, clock.now())
    assert next_saving(offers, 4500) == Shortfall(missing_fen=500, saving_fen=500)
    assert next_saving(offers, 5000) == Shortfall(missing_fen=5000, saving_fen=1500)
    assert next_saving(offers, 10_000) is None
