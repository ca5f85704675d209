"""The screens, one line each."""

from kiosk.screens.accounts import DoublesScreen, PointsScreen, WalletScreen
from kiosk.screens.base import Screen
from kiosk.screens.deposit import DepositScreen
from kiosk.screens.fee_part import FeePartScreen
from kiosk.screens.fees import FeesScreen, SettledScreen
from kiosk.screens.home import HomeScreen
from kiosk.screens.identify import IdentifyScreen
from kiosk.screens.idle import IdleScreen
from kiosk.screens.in_app import PREORDERS, REPAIRS, VISITORS, InAppScreen
from kiosk.screens.keypad import PickupCodeScreen, RoomPinScreen
from kiosk.screens.paying import PayScreen, PayUnknownScreen
from kiosk.screens.pickup import PickupScreen
from kiosk.screens.printed_bill import PrintedBillScreen
from kiosk.screens.reading import DirectoryScreen, HelpScreen, NoticesScreen
from kiosk.screens.receipt import ReceiptScreen
from kiosk.screens.search import SearchScreen
from kiosk.screens.shop import ShopScreen


def all_screens() -> dict[str, Screen]:
    """Every screen by its name."""
    screens: tuple[Screen, ...] = (
        IdleScreen(),
        HomeScreen(),
        ShopScreen(),
        SearchScreen(),
        PayScreen(),
        PayUnknownScreen(),
        ReceiptScreen(),
        PickupScreen(),
        PickupCodeScreen(),
        RoomPinScreen(),
        DepositScreen(),
        IdentifyScreen(),
        FeesScreen(),
        SettledScreen(),
        FeePartScreen(),
        PrintedBillScreen(),
        NoticesScreen(),
        DirectoryScreen(),
        HelpScreen(),
        InAppScreen("repairs", REPAIRS),
        InAppScreen("visitors", VISITORS),
        PointsScreen(),
        WalletScreen(),
        DoublesScreen(),
        InAppScreen("preorders", PREORDERS),
    )
    return {screen.name: screen for screen in screens}
