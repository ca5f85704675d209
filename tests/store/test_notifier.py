import asyncio

from edge.store.notifier import Notifier


async def test_subscriber_hears_only_its_topics() -> None:
    notifier = Notifier()
    with notifier.subscribe("doors", "feed") as doors, notifier.subscribe("journal") as journal:
        notifier.publish_all(["doors", "payments", "feed"])
        assert [await doors.wait(0.01), await doors.wait(0.01), await doors.wait(0.01)] == [
            "doors",
            "feed",
            None,
        ]
        assert await journal.wait(0.01) is None


async def test_hint_that_waits_already_is_not_queued_twice() -> None:
    notifier = Notifier()
    with notifier.subscribe("doors") as doors:
        for _ in range(1000):
            notifier.publish("doors")
        assert [await doors.wait(0.01), await doors.wait(0.01)] == ["doors", None]


async def test_queue_is_bounded_and_loses_the_oldest() -> None:
    notifier = Notifier()
    with notifier.subscribe("a", "b", "c", limit=2) as told:
        notifier.publish_all(["a", "b", "c"])
        assert [await told.wait(0.01) for _ in range(3)] == ["b", "c", None]


async def test_iteration_wakes_on_a_hint() -> None:
    notifier = Notifier()
    subscription = notifier.subscribe("doors")

    async def first() -> str:
        async for topic in subscription:
            return topic
        raise AssertionError

    waiting = asyncio.ensure_future(first())
    await asyncio.sleep(0)
    notifier.publish("doors")
    assert await asyncio.wait_for(waiting, 5) == "doors"


async def test_closed_subscription_hears_nothing_more() -> None:
    notifier = Notifier()
    subscription = notifier.subscribe("doors")
    subscription.close()
    subscription.close()
    notifier.publish("doors")
    assert await subscription.wait(0.01) is None
