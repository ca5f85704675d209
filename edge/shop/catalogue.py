"""The catalogue: products from the feed, found by barcode, by category and by name or pinyin."""

import sqlite3
from typing import Annotated, Any

import msgspec

from edge.pay.records import delete, upsert
from edge.shop import records
from edge.shop.ean import is_valid_ean
from edge.shop.errors import NotABarcode, UnknownProduct
from edge.shop.pinyin import read_name
from edge.store.unit import Unit

SEARCH_LIMIT = 24
PAGE_LIMIT = 48


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the platform describes it.

    points_ppm: points earned, in fen per million fen paid; None means the contract's rate
    restricted: name of the licence that the goods need, or None
    """

    sku: str
    ean: str
    name_zh: str
    name_en: str
    price_fen: Annotated[int, msgspec.Meta(ge=1)]
    payee: str
    spec_zh: str = ""
    spec_en: str = ""
    category: str = ""
    picture: str = ""
    points_ppm: Annotated[int, msgspec.Meta(ge=0)] | None = None
    restricted: str | None = None


class _Spelling(msgspec.Struct, frozen=True):
    """What a feed may add for the search when it knows the reading better than the table."""

    pinyin: str = ""
    initials: str = ""


def apply_product(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a product from the feed and compute its words to search.

    A barcode with a wrong check digit would never scan, so such a record is refused: ValueError, or
    msgspec.ValidationError for another shape.
    """
    if data is None:
        delete(unit.connection, "products", record_id)
        delete(unit.connection, "product_words", record_id)
        return
    product = msgspec.convert({**data, "sku": record_id}, Product)
    if not is_valid_ean(product.ean):
        raise ValueError(f"not an EAN: {product.ean!r}")
    row = msgspec.structs.asdict(product)
    row["id"] = row.pop("sku")
    if upsert(unit.connection, "products", {**row, "version": version}):
        records.put_words(unit.connection, record_id, _words_of(product, msgspec.convert(data, _Spelling)))


def _words_of(product: Product, spelling: _Spelling) -> str:
    reading = read_name(product.name_zh)
    words = (
        product.name_zh,
        spelling.initials or reading.initials,
        spelling.pinyin or reading.syllables,
        product.name_en,
    )
    return "|".join(words).lower()


def find_product(connection: sqlite3.Connection, sku: str) -> Product:
    """Return a product by its number. Raises UnknownProduct."""
    row = records.product_row(connection, sku)
    if row is None:
        raise UnknownProduct(sku=sku)
    return _product_of(row)


def find_by_ean(connection: sqlite3.Connection, ean: str) -> Product:
    """Return the product of a barcode. Raises NotABarcode for a wrong check digit, UnknownProduct."""
    if not is_valid_ean(ean):
        raise NotABarcode(text=ean[:32])
    row = records.product_row_by_ean(connection, ean)
    if row is None:
        raise UnknownProduct(ean=ean)
    return _product_of(row)


def search_products(
    connection: sqlite3.Connection, text: str, *, limit: int = SEARCH_LIMIT
) -> tuple[Product, ...]:
    """Return products whose name, pinyin, initials, English name or barcode contain `text`, best first."""
    wanted = text.strip().lower().replace("|", "")
    if not wanted:
        return ()
    if wanted.isdigit() and len(wanted) >= 8:
        row = records.product_row_by_ean(connection, wanted)
        return () if row is None else (_product_of(row),)
    return tuple(_product_of(row) for row in records.search_rows(connection, wanted, limit))


def list_categories(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the categories that have products, in alphabetical order."""
    return records.categories(connection)


def list_products(
    connection: sqlite3.Connection, category: str | None = None, *, offset: int = 0, limit: int = PAGE_LIMIT
) -> tuple[Product, ...]:
    """Return one page of the catalogue, or of one category of it, by product number."""
    return tuple(_product_of(row) for row in records.product_page(connection, category, offset, limit))


def _product_of(row: dict[str, Any]) -> Product:
    return msgspec.convert({**row, "sku": row["id"]}, Product)
