"""Starts a guest machine with a real gpiochip, and runs one of this folder's programs in it.

Debian's own kernel under qemu's interpreter (no virtualisation is needed), an initial file system of busybox
and the modules, and this machine's `/` shared read-only over 9p: the guest runs the same Python and code.
What the guest needs is laid ready by `.ci/setup-hw`.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("virtio_pci", "9p", "9pnet_virtio", "uhid", "hid-cp2112", "uinput", "evdev")
CAMERA = ("vivid",)
TOOLS = ("qemu-system-x86_64", "busybox", "modprobe", "cpio")
REPORTS = "/dev/ttyS1"
"""The guest's second serial port: only the program's reports go there."""

INIT = f"""\
#!/bin/busybox sh
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /mnt
$bb mount -t devtmpfs dev /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
for module in $($bb cat /modules/order); do $bb insmod /modules/$module; done
$bb stty -F {REPORTS} raw
$bb mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /mnt
for folder in dev proc sys; do $bb mount --bind /$folder /mnt/$folder; done
$bb mount -t tmpfs run /mnt/run
$bb ifconfig lo 127.0.0.1 up
$bb chroot /mnt /bin/sh -c "$($bb cat /command)" </dev/null
echo "guest: the program ended with $?"
$bb poweroff -f
"""


class GuestUnavailable(Exception):
    """No guest can be had on this machine; the text is the reason."""


def run_in_guest(module: str, *arguments: str, timeout_s: float, cpus: int = 2) -> list[dict[str, Any]]:
    """Run `python -m tests.hardware.MODULE` in a new guest; its reports, one JSON object each.

    Raises GuestUnavailable, and AssertionError with the console's end when the guest does not finish.
    """
    kernel, tree = find_kernel()
    with tempfile.TemporaryDirectory(prefix="guest-") as name:
        work = Path(name)
        command = (
            f"cd {ROOT} && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run LG_WD=/run "
            f"PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -m tests.hardware.{module} {' '.join(arguments)}"
        )
        modules = (*MODULES, *(CAMERA if "camera" in arguments else ()))
        initial = _initial_file_system(work, tree, command, modules)
        console, reports = work / "console", work / "reports"
        qemu = subprocess.Popen(_qemu(kernel, initial, console, reports, cpus), stdin=subprocess.DEVNULL)
        try:
            qemu.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the guest does not finish: {_end_of(console)}") from None
        finally:
            qemu.kill()
            qemu.wait()
        text = console.read_text("utf-8", errors="replace")
        assert "guest: the program ended with 0" in text, f"the guest's program failed: {_end_of(console)}"
        return [json.loads(line) for line in reports.read_text("utf-8").splitlines()]


def report(**fields: object) -> None:
    """In the guest: tell the host one thing."""
    with Path(REPORTS).open("w", encoding="utf-8") as port:
        port.write(json.dumps(fields) + "\n")


def find_kernel() -> tuple[Path, Path]:
    """The kernel and the folder with its modules. Raises GuestUnavailable."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if missing:
        raise GuestUnavailable(f"not installed: {' '.join(missing)}")
    folder = Path(os.environ.get("EDGE_HW", Path.home() / ".cache" / "community-edge-hw"))
    kernels = sorted(folder.glob("*/boot/vmlinuz-*"))
    if not kernels:
        raise GuestUnavailable(f"no kernel in {folder}; run .ci/setup-hw")
    return kernels[-1], kernels[-1].parent.parent


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _end_of(console: Path) -> str:
    return console.read_text("utf-8", errors="replace")[-3000:] if console.exists() else "no console"


def _initial_file_system(work: Path, tree: Path, command: str, modules: tuple[str, ...]) -> Path:
    root = work / "root"
    (root / "bin").mkdir(parents=True)
    (root / "modules").mkdir()
    shutil.copy(shutil.which("busybox", path=_path()) or "", root / "bin" / "busybox")
    version = next((tree / "lib" / "modules").iterdir()).name
    order: list[str] = []
    for module in modules:
        shown = subprocess.run(
            ["modprobe", "-d", str(tree), "-S", version, "--show-depends", module],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": _path()},
        )
        for line in shown.stdout.splitlines():
            file = Path(line.split()[1])
            if line.startswith("insmod") and file.name not in order:
                order.append(file.name)
                shutil.copy(file, root / "modules" / file.name)
    (root / "modules" / "order").write_text("\n".join(order))
    (root / "command").write_text(command)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    archive = work / "initial.cpio"
    with archive.open("wb") as out:
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), stdout=out, check=True
        )
    return archive


def _qemu(kernel: Path, initial: Path, console: Path, reports: Path, cpus: int) -> list[str]:
    return [
        *("qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"),
        *("-smp", str(cpus), "-m", "768", "-nodefaults", "-no-reboot", "-display", "none"),
        *("-serial", f"file:{console}", "-serial", f"file:{reports}"),
        *("-kernel", str(kernel), "-initrd", str(initial)),
        *("-append", "console=ttyS0 quiet panic=-1 rdinit=/init"),
        *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
    ]
