"""Cases and the match of a day on the counter's pages."""

from edge.settlement.cases import open_cases
from tests.counter.conftest import Person
from tests.fakes.counter_stand import TODAY, CounterStand
from tests.fakes.trade import events_of


async def make_case(person: Person, stand: CounterStand) -> str:
    """A sale of 12.80 that the channel's bill has as 12.81."""
    stand.bill(await stand.sell(), "12.81")
    await person.sign_in("clerk")
    await person.do("/match", "/match", date=TODAY)
    (case,) = open_cases(stand.store.connection)
    return case.id


async def test_a_day_is_matched_by_hand_and_its_case_shown(person: Person, stand: CounterStand) -> None:
    case = await make_case(person, stand)
    page = await person.look(f"/match?date={TODAY}")
    assert "12.80" in page and "12.81" in page and "和园里便利店" in page
    assert "金额不一样" in await person.look("/cases")
    assert "不要再" not in await person.look(f"/cases/{case}")
    assert "以我的名字结案" not in await person.look(f"/cases/{case}")


async def test_a_supervisor_closes_a_case_with_reason_and_words(person: Person, stand: CounterStand) -> None:
    case = await make_case(person, stand)
    await person.sign_in("supervisor")
    page = f"/cases/{case}"
    refused = await person.do(f"{page}/close", page, reason="channel_mistake", note="")
    assert refused.status == 409
    closed = await person.do(f"{page}/close", page, reason="channel_mistake", note="微信更正了 <b>账单</b>")
    assert closed.headers["Location"] == page
    shown = await person.look(page)
    assert "Supervisor" in shown and "&lt;b&gt;" in shown
    assert open_cases(stand.store.connection) == ()
    assert len(events_of(stand.store, "CaseClosed")) == 1


async def test_a_clerk_closes_no_case(person: Person, stand: CounterStand) -> None:
    case = await make_case(person, stand)
    answer = await person.do(
        f"/cases/{case}/close", "/match", reason="channel_mistake", note="I would rather"
    )
    assert answer.status == 403
    assert len(open_cases(stand.store.connection)) == 1


async def test_files_are_taken_by_name(person: Person, stand: CounterStand) -> None:
    await make_case(person, stand)
    answer = await person.do("/cases/export", "/cases")
    text = (await answer.read()).decode("utf-8-sig")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert text.splitlines()[1].split(",")[6:10] == ["amount_differs", "12.80", "12.81", "12.80"]
    answer = await person.do("/match/export", "/match", date=TODAY)
    assert f"{TODAY},shop,matched,0,1,1,12.80,1,12.81,1,12.80" in await answer.text()
    assert [event["what"] for event in events_of(stand.store, "MatchExported")] == ["cases", "match"]


async def test_a_day_to_come_is_refused_and_so_is_what_is_no_date(
    person: Person, stand: CounterStand
) -> None:
    await person.sign_in("clerk")
    for date in ("2026-11-23", "yesterday", "2026-1-1", ""):
        answer = await person.do("/match", "/match", date=date)
        assert answer.status == 409, date
    assert (await person.client.get("/match?date=<b>")).status == 409


async def test_without_a_bill_the_day_waits(person: Person, stand: CounterStand) -> None:
    await stand.sell()
    stand.settlement.ready = False
    await person.sign_in("clerk")
    await person.do("/match", "/match", date=TODAY)
    assert "账单还没出" in await person.look(f"/match?date={TODAY}")
    assert open_cases(stand.store.connection) == ()
