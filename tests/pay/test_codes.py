"""Payment codes: known by a table, never shown."""

import copy
import pickle
import traceback

import pytest

from edge.pay.codes import CodeTable, PaymentCode, PaymentCodeSettings
from edge.pay.errors import PaymentCodeUnknown, PaymentCodeUnsupported

CODES = CodeTable()
WECHAT = "134567890123456789"


@pytest.mark.parametrize("prefix", range(10, 16))
def test_wechat_codes_have_eighteen_digits(prefix: int) -> None:
    assert CODES.read(f"{prefix}" + "1" * 16).channel == "wechat"
    for digits in (15, 17):
        with pytest.raises(PaymentCodeUnknown):
            CODES.read(f"{prefix}" + "1" * digits)


@pytest.mark.parametrize("prefix", range(25, 31))
@pytest.mark.parametrize("digits", [16, 20, 24])
def test_alipay_codes_have_sixteen_to_twentyfour(prefix: int, digits: int) -> None:
    code = CODES.read(f"{prefix}" + "1" * (digits - 2))
    assert (code.channel, len(code.reveal())) == ("alipay", digits)


@pytest.mark.parametrize(
    "text", ["", "abc", "1" * 17, "99" + "1" * 16, "１３" + "1" * 16, "-3" + "1" * 16, "13" + "1" * 400]
)
def test_other_shapes_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(PaymentCodeUnknown) as refusal:
        CODES.read(text)
    assert str(refusal.value) == "payment_code_unknown"


def test_unionpay_is_known_and_not_supported() -> None:
    with pytest.raises(PaymentCodeUnsupported) as refusal:
        CODES.read("62" + "1" * 17)
    assert refusal.value.details == {"channel": "unionpay"}


def test_blanks_do_not_hide_a_code() -> None:
    assert CODES.read("1345 6789 0123 4567 89").reveal() == WECHAT


def test_the_table_is_a_setting() -> None:
    wider = PaymentCodeSettings(
        channel="wechat", first_prefix=10, last_prefix=19, least_digits=18, most_digits=20
    )
    table = CodeTable((wider,))
    assert table.owner("19" + "1" * 18) == "wechat"
    assert table.owner("28" + "1" * 16) == ""


@pytest.mark.parametrize("spoil", [{"first_prefix": 20}, {"least_digits": 19}])
def test_a_table_that_turns_round_is_refused(spoil: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at most"):
        PaymentCodeSettings(
            channel="wechat",
            **{"first_prefix": 10, "last_prefix": 15, "least_digits": 18, "most_digits": 18, **spoil},
        )


def test_no_representation_shows_a_code() -> None:
    code = CODES.read(WECHAT)
    shown = [repr(code), str(code), f"{code}", f"{[code]}", "%s" % (code,)]  # noqa: UP031
    try:
        raise ValueError(code)
    except ValueError as error:
        shown.append("".join(traceback.format_exception(error)))
    assert not any(WECHAT[:6] in text for text in shown)


def test_a_code_is_not_written_down() -> None:
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(PaymentCode(WECHAT, "wechat"))
