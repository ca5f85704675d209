from itertools import combinations, product

from tests.browser.pairwise import covering

FACTORS = {"size": ("a", "b", "c"), "language": ("zh", "en"), "large": (False, True), "away": ((), ("x",))}


def test_every_pair_meets() -> None:
    rows = covering(FACTORS)
    for one, other in combinations(FACTORS, 2):
        met = {(row[one], row[other]) for row in rows}
        assert met == set(product(FACTORS[one], FACTORS[other]))


def test_it_is_far_fewer_than_all_and_always_the_same() -> None:
    assert covering(FACTORS) == covering(FACTORS)
    assert len(covering(FACTORS)) <= 8
