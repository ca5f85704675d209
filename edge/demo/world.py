"""Everything the demo runs, prepared and started in order."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from http import HTTPStatus
from pathlib import Path

from cloud_sync.enrolment_files import FOLDER, IDENTITY
from edge.demo.brokers import mosquitto, password_file, prepare_brokers
from edge.demo.community import community
from edge.demo.layout import DEVICE, LOCKER_DEVICE, Layout, listens
from edge.demo.platform_file import carry_configuration, write_platform
from edge.demo.processes import ProcessEnded, Processes
from edge.demo.site_file import write_satellite, write_site
from edge.links.control_client import CONTROL_SOCKET, ControlClient, HubNotRunning

Step = tuple[str, Callable[[], None]]

FIRST_DELIVERY = "delivery-1"
OPERATOR = "operator"
STAFF = {role: role for role in ("supervisor", "manager", "auditor", "guard", "technician")}
"""Accounts beside the clerk's, role to login: to try the counter with."""


class World:
    """One demo site with its platform, in one folder.

    `platform_url` (http) and `platform_broker_port` let a test put a faulty network between hub and platform;
    the hub then shows a token. Without them it enrols when the platform starts for the first time. `wired`:
    the hub is told the stage's wires as the platform's addresses, and somebody must hold them open.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        platform_url: str | None = None,
        platform_broker_port: int | None = None,
        wired: bool = False,
    ) -> None:
        self.layout = layout
        self._wired = wired
        self.processes = Processes(layout.logs)
        self.platform_url = platform_url or ""
        self.platform_broker_port = platform_broker_port or layout.ports.platform_broker

    def prepare(self) -> None:
        """Make folders, accounts, keys, configuration, the community and its first delivery, once."""
        prepare_brokers(self.layout)
        if self.platform_url:  # the site shows a token, which the platform makes
            self._prepare_platform()
            self._prepare_site()
        else:
            _do_together((("", self._prepare_platform), ("", self._prepare_site)), lambda _: None)

    def _prepare_platform(self) -> None:
        write_platform(self.layout, wired=self._wired)
        if not (self.layout.platform / "platform.db").exists():
            self._make_platform()
        if not self._operator_file.exists():
            self._make_operator()

    def _prepare_site(self) -> None:
        write_site(
            self.layout, platform_url=self.platform_url, platform_broker_port=self.platform_broker_port
        )
        write_satellite(self.layout)
        (self.layout.site / "run").mkdir(exist_ok=True)
        people = (f"--account={role}={login}" for role, login in STAFF.items())
        _call("edge", "init", "--config", str(self.layout.site_toml), *people)

    def _make_platform(self) -> None:
        config = str(self.layout.platform / "platform.toml")
        _call("cloud_sync.platform", "init", "--config", config)
        source = self.layout.platform / "community.json"
        source.write_text(json.dumps(community(date.today()), ensure_ascii=False), "utf-8")
        _call("cloud_sync.platform", "seed", str(source), "--config", config)
        secrets = self.layout.site / "secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        if not self.platform_url:
            return
        for name, target in (("root.pub", "root.pub"), (f"{DEVICE}.token", "device.token")):
            shutil.copy(self.layout.platform / "keys" / name, secrets / target)
            (secrets / target).chmod(0o600)

    def _make_operator(self) -> None:
        """One operator, whose password lies beside the platform's keys (0600)."""
        config = str(self.layout.platform / "platform.toml")
        made = json.loads(
            _call("cloud_sync.platform", "operator", "--config", config, "add", OPERATOR, "--generate")
        )
        self._operator_file.touch(0o600)
        self._operator_file.write_text(made["password"] + "\n")

    @property
    def _operator_file(self) -> Path:
        return self.layout.platform / "keys" / "operator.password"

    def start(self, *, say: Callable[[str], None] = lambda _: None, whole: bool = True) -> None:
        """Start every process when those that it needs answer; the others at once.

        Not `whole`: without the satellite and the page of hands, which tests of other things do not need.
        """
        beside: tuple[Step, ...] = (("satellite", self.start_satellite), ("hands", self.start_hands))
        sheet = self._wired and not self._has_sheet
        phases: tuple[tuple[Step, ...], ...] = (
            (("brokers", self.start_brokers),),
            (
                ("platform", self.start_platform),
                ("relay guard and doors", self.start_guard),
                ("lockers", self.start_lockers),
                ("cameras", self.start_cameras),
                *(beside if whole else ()),
            ),
            ((("recovery sheet", self.make_sheet),) if sheet else ()),
            (("hub", self.start_hub),),
        )
        for steps in phases:
            _do_together(steps, say)

    def start_brokers(self) -> None:
        """Both mosquittos."""
        for name in ("site", "platform"):
            self.start_broker(name)

    def start_broker(self, name: str) -> None:
        """The broker `site` or `platform`."""
        port = self.layout.ports.site_broker if name == "site" else self.layout.ports.platform_broker
        self.processes.start(
            f"{name}-broker", [mosquitto(), "-c", str(self.layout.broker(name) / "mosquitto.conf")]
        )
        self.processes.wait(f"{name}-broker", lambda: listens(port))

    def start_platform(self, *, enrol: bool = True) -> None:
        """The reference platform; the first time a code is given out, and the hub's machine enrols."""
        code = "" if self.is_enrolled or not enrol else self.give_code()
        self.processes.start_module(
            "platform", "cloud_sync.platform", "--config", str(self.layout.platform / "platform.toml")
        )
        self.processes.wait("platform", lambda: listens(self.layout.ports.platform))
        if code:
            self.enrol(code)
        elif not self.platform_url and enrol:
            carry_configuration(self.layout)

    @property
    def is_enrolled(self) -> bool:
        """Whether the hub's machine has what it shows to the platform."""
        return bool(self.platform_url) or (self.layout.site / FOLDER / IDENTITY).exists()

    def give_code(self) -> str:
        """A one-time code for the hub, whether the platform runs or not."""
        told = _call(
            *("cloud_sync.platform", "enrolment-code", DEVICE),
            *("--config", str(self.layout.platform / "platform.toml")),
        )
        return told.split("\n", 1)[0]

    def enrol(self, code: str) -> None:
        """Enrol the hub's machine, as a technician does."""
        ports = self.layout.ports
        url = f"https://127.0.0.1:{ports.wire_platform if self._wired else ports.platform_devices}"
        _call("edge", "enrol", "--config", str(self.layout.site_toml), "--url", url, code)

    def make_sheet(self) -> None:
        """The sheet with the key of the nightly backups, as whoever installs a site prints it."""
        sheet = str(self.layout.folder / "recovery.html")
        _call("edge", "backup", "sheet", "--config", str(self.layout.site_toml), "--out", sheet)

    @property
    def _has_sheet(self) -> bool:
        return (self.layout.site / "secrets" / "recovery.json").exists()

    def start_guard(self) -> None:
        """The relay guard on mock pins, and the doors that see those pins."""
        self._start_lines("", self.layout.site_toml)

    def start_satellite(self) -> None:
        """The Pi at the north gate: a guard and doors of its own, and the program in the satellite's role."""
        config = self.layout.satellite_toml
        self._start_lines("satellite-", config)
        self.processes.start_module("satellite", "edge", "run", "--config", str(config))

    def _start_lines(self, prefix: str, config: Path) -> None:
        """A guard over mock pins, and doors that see them, as one configuration file says."""
        self._start_guard(prefix, config)
        run = config.parent / "run"
        self.processes.start_module(
            f"{prefix}doors",
            "devices.simulator.doors",
            *("--config", str(config), "--panel", str(run / "panel.sock")),
            *("--control", str(run / "doors.sock")),
        )
        self.processes.wait(f"{prefix}doors", (run / "doors.sock").exists)

    def restart_guard(self) -> None:
        """The hub's guard alone, after it was killed; the doors see its pins again by themselves."""
        self._start_guard("", self.layout.site_toml)

    def _start_guard(self, prefix: str, config: Path) -> None:
        run = config.parent / "run"
        self.processes.start_module(
            f"{prefix}guard",
            "devices.guard",
            *("--lines", str(config), "--socket", str(run / "guard.sock")),
            *("--trace", str(config.parent / "guard.trace")),
            *("--cycles", str(config.parent / "guard.cycles")),
            *("--mock", "--panel", str(run / "panel.sock")),
        )
        self.processes.wait(f"{prefix}guard", (run / "guard.sock").exists)

    def start_lockers(self) -> None:
        """The locker board on the site's broker."""
        run = self.layout.site / "run"
        self.processes.start_module(
            "lockers",
            "devices.simulator.lockers",
            *("--config", str(self.layout.site_toml), "--device", LOCKER_DEVICE),
            *("--password-file", str(password_file(self.layout.broker("site"), LOCKER_DEVICE))),
            *("--control", str(run / "lockers.sock")),
        )
        self.processes.wait("lockers", (run / "lockers.sock").exists)

    def start_cameras(self) -> None:
        """The camera simulator, and the vision process that looks through it."""
        self.processes.start_module(
            "camera", "devices.simulator.camera", "--port", str(self.layout.ports.camera)
        )
        self.processes.wait("camera", lambda: listens(self.layout.ports.camera))
        self.start_vision()

    def start_hands(self) -> None:
        """The page whose keys are hands at doors, buttons and cells."""
        port, sockets = self.layout.ports.hands, map(str, self.hand_sockets)
        self.processes.start_module("hands", "devices.simulator.hands", "--port", str(port), *sockets)
        self.processes.wait("hands", lambda: listens(port))

    @property
    def hand_sockets(self) -> tuple[Path, ...]:
        """Control sockets of the simulators of doors and cells."""
        run, north = self.layout.site / "run", self.layout.satellite / "run"
        return run / "doors.sock", north / "doors.sock", run / "lockers.sock"

    def start_vision(self) -> None:
        """The vision process."""
        socket = self.layout.site / "run" / "vision.sock"
        self.processes.start_module(
            "vision", "devices.vision", "--config", str(self.layout.site_toml), "--socket", str(socket)
        )
        self.processes.wait("vision", socket.exists)

    def start_hub(self, *, wait: bool = True, env: Mapping[str, str] | None = None) -> None:
        """The hub: `edge run`. `env` is added to the environment (crash points)."""
        self.processes.start_module(
            "hub", "edge", "run", "--config", str(self.layout.site_toml), env={**os.environ, **(env or {})}
        )
        if wait:
            self.processes.wait("hub", self.hub_ready)

    def hub_ready(self) -> bool:
        """Whether every part is well and the first copy of the feed is here."""
        try:
            status = self.control.get("/status")
        except HubNotRunning:
            return False
        return str(status["state"]) == "ok"

    @property
    def control(self) -> ControlClient:
        """The hub's control socket."""
        return ControlClient(self.layout.site / CONTROL_SOCKET)

    def stock_shelves(self) -> None:
        """The clerk counts the first delivery in, once, with a PIN."""
        waiting = {delivery["id"] for delivery in self.control.get("/deliveries")}
        if FIRST_DELIVERY in waiting:
            pin = (self.layout.site / "secrets" / "clerk.pin").read_text().strip()
            body = {"login": "clerk", "pin": pin}
            status, answer = self.control.post(f"/deliveries/{FIRST_DELIVERY}/receive", body)
            if status != HTTPStatus.OK:
                raise ProcessEnded(f"the delivery was not taken: {answer}")

    def pins(self) -> dict[str, str]:
        """PIN by login of everybody who may sign in at the counter."""
        secrets = self.layout.site / "secrets"
        return {login: (secrets / f"{login}.pin").read_text().strip() for login in ("clerk", *STAFF.values())}

    def operator_password(self) -> str:
        """What the operator of the platform signs in with."""
        return self._operator_file.read_text().strip()

    def stop(self) -> None:
        """End everything."""
        self.processes.end_all()


def _do_together(steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Take these steps at once, and wait for all of them. Raises what one of them raised."""
    with ThreadPoolExecutor() as pool:
        under_way = []
        for words, step in steps:
            say(words)
            under_way.append(pool.submit(step))
    for each in under_way:
        each.result()


def fetch_status(port: int, path: str) -> int | None:
    """The HTTP status that a server on this machine answers with, or None where none answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _call(module: str, *arguments: str) -> str:
    """Run a command of the product and return what it wrote. Raises ProcessEnded."""
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise ProcessEnded(f"{module} {arguments[0]} failed:\n{finished.stderr.strip()[-2000:]}")
    return finished.stdout
