"""The platform's word about a bill, as the test says it; silent unless told."""

from edge.errors import PlatformUnreachable
from edge.homes.ports import FreshBill


class FakeBillPlatform:
    """Answers with the bills it was given; about any other the platform is away."""

    def __init__(self) -> None:
        self.fresh: dict[str, FreshBill] = {}
        self.asked: list[str] = []

    async def look(self, bill_id: str) -> FreshBill:
        """See the port."""
        self.asked.append(bill_id)
        if bill_id not in self.fresh:
            raise PlatformUnreachable("away")
        return self.fresh[bill_id]
