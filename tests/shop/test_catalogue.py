import pytest

from edge.shop.catalogue import (
    apply_product,
    find_by_ean,
    find_product,
    list_categories,
    list_products,
    search_products,
)
from edge.shop.errors import NotABarcode, UnknownProduct
from edge.store.inline import InlineStore
from tests.fakes.clock import FakeClock
from tests.fakes.trade import ean_of, open_store, product_data, put_product


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put_product(store, 1)
    put_product(store, 2, name_zh="东北大米", name_en="Rice", category="grain")
    put_product(store, 3, name_zh="生抽酱油王", name_en="Light soy sauce")
    put_product(store, 4, name_zh="100%橙汁", name_en="Orange_juice", category="drinks")
    return store


def found(store: InlineStore, text: str) -> list[str]:
    return [product.sku for product in store.read_now(lambda connection: search_products(connection, text))]


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("酱油", ["s1", "s3"]),
        ("jiangyou", ["s1", "s3"]),
        ("GFJY", ["s1"]),
        ("dbdm", ["s2"]),
        ("soy", ["s1", "s3"]),
        ("100%", ["s4"]),
        ("%", ["s4"]),
        ("e_j", ["s4"]),
        ("  ", []),
        ("没有的", []),
        (ean_of(2), ["s2"]),
    ],
)
def test_search_by_name_pinyin_initials_and_code(store: InlineStore, text: str, skus: list[str]) -> None:
    assert found(store, text) == skus


def test_a_name_that_begins_with_the_text_comes_first(store: InlineStore) -> None:
    put_product(store, 5, name_zh="酱油膏超大家庭装一千毫升", name_en="Soy paste in a very large bottle")
    assert found(store, "酱油")[0] == "s5"


def test_the_feed_may_know_the_reading_better(store: InlineStore) -> None:
    put_product(store, 6, name_zh="重庆小面", name_en="Noodles", pinyin="chongqingxiaomian", initials="cqxm")
    assert found(store, "cqxm") == ["s6"]


def test_a_barcode_finds_its_product(store: InlineStore) -> None:
    assert store.read_now(lambda connection: find_by_ean(connection, ean_of(2))).sku == "s2"


def test_an_unknown_barcode_is_refused(store: InlineStore) -> None:
    with pytest.raises(UnknownProduct):
        store.read_now(lambda connection: find_by_ean(connection, ean_of(99)))


def test_a_wrong_check_digit_is_refused_before_the_catalogue(store: InlineStore) -> None:
    with pytest.raises(NotABarcode):
        store.read_now(lambda connection: find_by_ean(connection, "6901234567893"))


def test_an_older_version_changes_nothing(store: InlineStore) -> None:
    store.run_now(lambda unit: apply_product(unit, "s1", 7, product_data(1, price_fen=900)))
    store.run_now(lambda unit: apply_product(unit, "s1", 6, product_data(1, price_fen=100, name_zh="旧")))
    assert store.read_now(lambda connection: find_product(connection, "s1")).price_fen == 900
    assert found(store, "旧") == []


def test_a_deleted_product_is_gone_from_search_too(store: InlineStore) -> None:
    store.run_now(lambda unit: apply_product(unit, "s1", 2, None))
    assert found(store, "酱油") == ["s3"]
    with pytest.raises(UnknownProduct):
        store.read_now(lambda connection: find_product(connection, "s1"))


@pytest.mark.parametrize("change", [{"ean": "6901234567893"}, {"price_fen": 0}, {"price_fen": "12"}])
def test_a_bad_record_is_refused(store: InlineStore, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"EAN|price_fen"):
        store.run_now(lambda unit: apply_product(unit, "s9", 1, product_data(9, **change)))
    assert found(store, ean_of(9)) == []


def test_pages_by_category(store: InlineStore) -> None:
    assert store.read_now(list_categories) == ("drinks", "grain", "sauces")
    page = store.read_now(lambda connection: list_products(connection, "sauces"))
    assert [product.sku for product in page] == ["s1", "s3"]
    second = store.read_now(lambda connection: list_products(connection, offset=1, limit=2))
    assert [product.sku for product in second] == ["s2", "s3"]
