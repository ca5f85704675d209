import pytest

from edge.shop.pinyin import read_name


@pytest.mark.parametrize(
    ("name", "syllables", "initials"),
    [
        ("酱油", "jiangyou", "jy"),
        ("馄饨皮", "huntunpi", "htp"),
        ("绿茶 500ml", "lvcha500ml", "lc500ml"),
        ("可口可乐（罐）", "kekoukeleguan", "kkklg"),
        ("ﷺ!", "", ""),
    ],
)
def test_names_are_read(name: str, syllables: str, initials: str) -> None:
    assert read_name(name) == (syllables, initials)


def test_every_character_of_gb_2312_has_a_reading() -> None:
    rows = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = [raw.decode("gb2312", "ignore") for raw in rows]
    assert sum(1 for character in characters if character) == 6763
    assert all(read_name(character).initials for character in characters if character)
