"""What a bill is called on the screens."""

from kiosk.words import Text

ITEMS: dict[str, Text] = {
    "property_fee": Text("物业费", "Property fee"),
    "water": Text("水费", "Water"),
    "electricity": Text("电费", "Electricity"),
    "parking": Text("停车费", "Parking"),
    "shared": Text("公摊", "Shared costs"),
}
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def dated_name(item: str, period: str) -> Text:
    """A bill's item with its period; an item that is not known here is called as the platform names it."""
    name = ITEMS.get(item, Text(item, item))
    year, _, month = period.partition("-")
    if not month[:2].isdecimal():
        return Text("{name} {year}年", "{name} {year}").fill(name=name, year=year)
    return Text("{name} {month}月", "{name} {en} {year}").fill(
        name=name, month=int(month[:2]), en=MONTHS_EN[int(month[:2]) - 1], year=year
    )
