import base64

import pytest

from edge.errors import Refusal
from edge.pay.contract import (
    ContractTerms,
    ContractUnreadable,
    apply_contract,
    current_terms,
    open_contract,
)
from edge.store.inline import InlineStore
from edge.trust.cose import sign
from edge.trust.keys import KeySet, SigningKey, verifying_key
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import open_store, put_contract

TERMS = {"version": 4, "penalty_ppm_per_day": 300, "grace_days": 10, "cap_ppm": None, "points_ppm": 5000}


def signed(key: SigningKey, **changes: object) -> str:
    return base64.b64encode(sign(key, {**TERMS, **changes}, limit_bytes=4096)).decode()


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate("c1", "contract")


@pytest.fixture
def keys(key: SigningKey) -> KeySet:
    return KeySet(1, (verifying_key(key),))


@pytest.fixture
def store() -> InlineStore:
    return open_store(FakeClock())


def test_a_signed_contract_comes_into_force(store: InlineStore, key: SigningKey, keys: KeySet) -> None:
    opened = open_contract(signed(key, name="甲方乙方"), keys, START_MS)
    store.run_now(lambda unit: apply_contract(unit, "c", 4, opened))
    assert current_terms(store.connection) == ContractTerms(
        version=4, penalty_ppm_per_day=300, grace_days=10, points_ppm=5000
    )


def test_without_a_contract_everything_is_blank(store: InlineStore) -> None:
    assert current_terms(store.connection) == ContractTerms()


def test_the_highest_version_is_in_force(store: InlineStore) -> None:
    for version in (2, 5, 3):
        put_contract(store, version=version, points_ppm=version)
    assert current_terms(store.connection).points_ppm == 5


def test_a_deletion_does_not_take_the_figures_away(store: InlineStore) -> None:
    store.run_now(lambda unit: apply_contract(unit, "c", 4, dict(TERMS)))
    store.run_now(lambda unit: apply_contract(unit, "c", 5, None))
    assert current_terms(store.connection).version == 4


def test_a_contract_signed_by_another_key_or_purpose_is_refused(key: SigningKey, keys: KeySet) -> None:
    with pytest.raises(Refusal):
        open_contract(signed(SigningKey.generate("c1", "contract")), keys, START_MS)
    passes = SigningKey.generate("p1", "passes")
    with pytest.raises(Refusal):
        open_contract(signed(passes), KeySet(1, (verifying_key(key), verifying_key(passes))), START_MS)


def test_a_changed_contract_is_refused(key: SigningKey, keys: KeySet) -> None:
    message = bytearray(base64.b64decode(signed(key)))
    message[-1] ^= 1
    with pytest.raises(Refusal):
        open_contract(base64.b64encode(message).decode(), keys, START_MS)


@pytest.mark.parametrize("behind", ["§", "====", "\n"])
def test_what_is_not_the_documents_own_base64_is_refused(key: SigningKey, keys: KeySet, behind: str) -> None:
    with pytest.raises(ContractUnreadable):
        open_contract(signed(key) + behind, keys, START_MS)


@pytest.mark.parametrize(
    "change", [{"points_ppm": "many"}, {"grace_days": -1}, {"penalty_ppm_per_day": -300}]
)
def test_figures_that_are_none_are_refused(store: InlineStore, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"points_ppm|grace_days|penalty_ppm_per_day"):
        store.run_now(lambda unit: apply_contract(unit, "c", 4, {**TERMS, **change}))
