"""Both brokers' access lists at a real mosquitto: every cell of docs/brokers.md, and nobody else let in.

What a role may publish is seen by an auditor, an account that only this proof adds; what it may subscribe to,
by what the auditor publishes there.
"""

import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path

import edge.demo.brokers
from edge.demo.brokers import ca_file, mosquitto, password_file, prepare_brokers
from edge.demo.layout import DEVICE, LOCKER_DEVICE, ROOT, Layout, Ports, listens
from edge.demo.processes import Processes
from edge.links.tls import broker_context
from tests.fakes.mqtt_client import NOT_AUTHORISED, MqttClient, Will
from tests.proofs.doc_tables import Cell, read_tables
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

DOCUMENT = ROOT / "docs" / "brokers.md"
BROKERS = {"The site's broker": "site", "The platform's broker": "platform"}
AUDITOR = "auditor"
NEIGHBOUR, SECOND_HUB, HOME_ASSISTANT = "relay-2", "k2", "homeassistant"


class Broker:
    """One running broker, with the password of each account; what is tried is tried over TLS."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.port = port
        self.tls_port = tls_port
        self.tls = broker_context(ca_file(folder))
        self._folder = folder
        self._numbers = count(1)

    def enter(self, role: str, *, will: Will | None = None, name: str = "") -> MqttClient:
        """A connection of an account, let in."""
        password = password_file(self._folder, role).read_text()
        # The auditor stands on the broker's own machine, which spares it a handshake.
        port = self.port if role == AUDITOR else None
        name = name or f"{role}-{next(self._numbers)}"
        client = self._dial(name, account=(role, password), will=will, port=port)
        assert client.accepted, f"{role} is not let in with its own password: {client.code}"
        return client

    def check(self, cell: Cell) -> int:
        """Try the four things that may be done with a topic; AssertionError where one is not as declared."""
        tries: dict[str, Callable[[str, str], bool]] = {
            "S": self._subscribes,
            "P": self._publishes,
            "R": self._publishes_retained,
            "W": self._leaves_a_will,
        }
        for right, attempt in tries.items():
            done = attempt(cell.column, cell.row)
            assert done == (right in cell.value), (
                f"{cell.column} at {cell.row}: {attempt.__name__.strip('_').replace('_', ' ')} is "
                f"{done}, docs/brokers.md says {cell.value or 'nothing'}"
            )
        return len(tries)

    def check_strangers(self, other: "Broker") -> int:
        """Nobody comes in without an account of this broker and its password."""
        theirs = {path.stem for path in other._folder.glob("*.password")} - {AUDITOR}
        ours = {path.stem for path in self._folder.glob("*.password")}
        attempts: list[tuple[str, str] | None] = [None, ("", ""), ("nobody", "x")]
        attempts += [(role, "wrong") for role in sorted(ours)] + [(role, "") for role in sorted(ours)]
        attempts += [(role, password_file(other._folder, role).read_text()) for role in sorted(theirs - ours)]
        for account in attempts:
            for port, tls in ((self.port, None), (self.tls_port, self.tls)):
                with closing(self._dial("stranger", account=account, port=port, tls=tls)) as client:
                    assert client.code == NOT_AUTHORISED, f"{account} is let in: {client.code}"
        return 2 * len(attempts) + self._check_tls(other)

    def _check_tls(self, other: "Broker") -> int:
        """Nobody speaks to the port for other machines without TLS, nor believes it for another authority."""
        with closing(MqttClient(self.port, "plain", account=self._own())) as client:
            assert client.accepted, "programs of this machine are not let in"
        for tls, refused in ((None, OSError), (other.tls, ssl.SSLCertVerificationError)):
            try:
                client = MqttClient(self.tls_port, "trusting", account=self._own(), tls=tls)
            except refused:
                continue
            client.close()
            raise AssertionError(f"a session without the broker's own TLS was begun: {tls}")
        return 3

    def _dial(
        self,
        name: str,
        *,
        account: tuple[str, str] | None,
        will: Will | None = None,
        port: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> MqttClient:
        """A connection, let in or not: over TLS, unless it is to the port of programs of this machine."""
        if port != self.port:
            port, tls = self.tls_port, self.tls
        try:
            return MqttClient(port, name, account=account, will=will, tls=tls)
        except (ssl.SSLError, ConnectionError) as error:
            raise AssertionError(f"port {port} does not speak TLS as it should: {error}") from error

    def _own(self) -> tuple[str, str]:
        return AUDITOR, password_file(self._folder, AUDITOR).read_text()

    def _subscribes(self, role: str, topic: str) -> bool:
        if not topic.startswith("$SYS"):
            return self._hears(role, topic, topic)
        return self._hears(role, topic, None)

    def _hears(self, role: str, subscribed: str, published: str | None) -> bool:
        """Whether a subscriber gets what the auditor publishes (None: what the broker itself keeps there)."""
        with closing(self.enter(role)) as listener, closing(self.enter(AUDITOR)) as auditor:
            for wildcard in ("#", "+/+/+", "+/+/+/+/+", subscribed):
                listener.subscribe(wildcard)
            if published is not None:
                auditor.publish(published, b"heard")
            return any(heard.topic == subscribed for heard in listener.hear())

    def _publishes(self, role: str, topic: str) -> bool:
        with closing(self.enter(AUDITOR)) as auditor, closing(self.enter(role)) as speaker:
            auditor.subscribe("#")
            speaker.publish(topic, b"said")
            return any(heard.topic == topic for heard in auditor.hear())

    def _publishes_retained(self, role: str, topic: str) -> bool:
        with closing(self.enter(role)) as speaker:
            speaker.publish(topic, b"kept", retain=True)
        with closing(self.enter(AUDITOR)) as auditor:
            auditor.subscribe(topic)
            kept = any(heard.retained and heard.payload == b"kept" for heard in auditor.hear())
        if kept:
            with closing(self.enter(AUDITOR)) as auditor:
                auditor.publish(topic, b"", retain=True)
        return kept

    def _leaves_a_will(self, role: str, topic: str) -> bool:
        """The same client id comes again: the broker ends the first session with its will, then answers."""
        name = f"mortal-{next(self._numbers)}"
        with closing(self.enter(AUDITOR)) as auditor:
            auditor.subscribe("#")
            with (
                closing(self.enter(role, will=Will(topic, b"will"), name=name)),
                closing(self.enter(role, name=name)),
            ):
                return any(heard.topic == topic for heard in auditor.hear())


def add_auditor(folder: Path) -> None:
    """An account that reads and writes everything, beside those of the product."""
    password_file(folder, AUDITOR).write_text("auditor")
    with (folder / "access").open("a") as access:
        access.write(f"\nuser {AUDITOR}\ntopic readwrite #\n")
    hasher = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
    subprocess.run([hasher, "-b", str(folder / "passwords"), AUDITOR, "auditor"], check=True)


@contextmanager
def running() -> Iterator[dict[str, Broker]]:
    """Both brokers with the product's own configuration, on free ports."""
    with tempfile.TemporaryDirectory(prefix="brokers-") as name, ExitStack() as stack:
        layout = Layout(folder=Path(name), ports=Ports.free())
        processes = Processes(layout.logs)
        stack.callback(processes.end_all)
        prepare_brokers(layout, devices=(LOCKER_DEVICE, NEIGHBOUR, HOME_ASSISTANT), hubs=(DEVICE, SECOND_HUB))
        brokers = {}
        for broker, port, tls_port in (
            ("site", layout.ports.site_broker, layout.ports.site_broker_tls),
            ("platform", layout.ports.platform_broker, layout.ports.platform_broker_tls),
        ):
            folder = layout.broker(broker)
            add_auditor(folder)
            processes.start(broker, [mosquitto(), "-c", str(folder / "mosquitto.conf")])
            processes.wait(broker, lambda port=port: listens(port))  # type: ignore[misc]
            brokers[broker] = Broker(folder, port, tls_port)
        yield brokers


@contextmanager
def _open() -> Iterator[Trial]:
    tables = read_tables(DOCUMENT.read_text("utf-8"))
    cells = {BROKERS[title]: table for title, table in tables.items()}
    assert set(cells) == set(BROKERS.values()), "docs/brokers.md lacks a broker"
    with running() as brokers:

        def trial(seed: int) -> int:
            del seed
            tried = brokers["site"].check_strangers(brokers["platform"])
            tried += brokers["platform"].check_strangers(brokers["site"])
            return tried + sum(brokers[name].check(cell) for name, table in cells.items() for cell in table)

        yield trial


@contextmanager
def _configured(file: str, change: Callable[[str], str]) -> Iterator[None]:
    """The product's configuration with one file changed."""
    with tempfile.TemporaryDirectory(prefix="brokers-") as folder:
        copy = Path(shutil.copytree(edge.demo.brokers.CONFIGURATION, Path(folder) / "mosquitto"))
        before = (copy / file).read_text()
        after = change(before)
        assert after != before, f"{file} has nothing to plant this bug in"
        (copy / file).write_text(after)
        with replaced(edge.demo.brokers, "CONFIGURATION", copy):
            yield


def _set(file: str, before: str, after: str) -> Callable[[], AbstractContextManager[None]]:
    return lambda: _configured(file, lambda text: text.replace(before, after))


PROOF = Proof(
    name="brokers",
    promise="Broker accounts publish, subscribe, retain and leave wills as declared; nobody else enters",
    open=_open,
    suite=None,
    goal=None,
    planted={
        "open pattern in the access list": _set(
            "site.access", "pattern read d/%u/cmd", "pattern read d/+/cmd"
        ),
        "a device writes another's state": _set(
            "site.access", "pattern write d/%u/state", "pattern write d/+/state"
        ),
        "a hub reads another's commands": _set("platform-hub.access", "d/$device/cmd", "d/+/cmd"),
        "another's commands by Tasmota's topics": _set(
            "site.access", "pattern read cmnd/%u/+", "pattern read cmnd/+/+"
        ),
        "Home Assistant moves doors": _set(
            "site.access", "user homeassistant\n", "user homeassistant\ntopic write d/+/cmd\n"
        ),
        "no TLS for other machines": _set(
            "site.conf",
            "certfile $folder/broker.crt\nkeyfile $folder/broker.key\ntls_version tlsv1.2\n",
            "",
        ),
        "anonymous allowed": _set("site.conf", "allow_anonymous false", "allow_anonymous true"),
        "retain available": _set("platform.conf", "retain_available false", "retain_available true"),
    },
    patience=1,
)
