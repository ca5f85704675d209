import itertools

import pytest

from edge.pay.states import OPEN_STATES, TRANSITIONS, Answer, AttemptState, next_state


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(AttemptState)


@pytest.mark.parametrize(("state", "answer"), list(itertools.product(AttemptState, Answer)))
def test_paid_is_final_and_money_is_never_overlooked(state: AttemptState, answer: Answer) -> None:
    after = next_state(state, answer)
    if state is AttemptState.PAID or answer is Answer.PAID:
        assert after is AttemptState.PAID


@pytest.mark.parametrize("state", AttemptState)
def test_waiting_moves_nothing(state: AttemptState) -> None:
    assert next_state(state, Answer.WAITING) is state


@pytest.mark.parametrize("state", AttemptState)
def test_not_sure_never_ends_an_attempt(state: AttemptState) -> None:
    after = next_state(state, Answer.UNSURE)
    assert (after in OPEN_STATES) == (state in OPEN_STATES)


@pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.REVERSED])
@pytest.mark.parametrize("answer", [answer for answer in Answer if answer is not Answer.PAID])
def test_a_given_up_attempt_is_never_opened_again(state: AttemptState, answer: Answer) -> None:
    assert next_state(state, answer) is state
