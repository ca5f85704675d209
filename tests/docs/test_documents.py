"""The documents say what the code is."""

import re
import subprocess
from pathlib import Path

import pytest

from edge.commands import asyncapi_reference, doors_reference, payments_reference, reference
from tests.contract.places import is_command
from tests.proofs.document import describe
from tests.proofs.table import PROOFS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path for path in ROOT.rglob("*.md") if ".venv" not in path.parts and ".demo" not in path.parts
)


def test_the_reference_is_what_the_code_says() -> None:
    assert (ROOT / "docs/reference.md").read_text() == reference.text(), (
        "run: edge reference > docs/reference.md"
    )


def test_the_description_of_events_is_what_the_types_say() -> None:
    assert (ROOT / "cloud_sync/wire/asyncapi.json").read_text() == asyncapi_reference.text(), (
        "run: edge reference --asyncapi > cloud_sync/wire/asyncapi.json"
    )


def test_the_page_of_payments_is_what_the_tables_say() -> None:
    assert (ROOT / "docs/payments.md").read_text() == payments_reference.text(), (
        "run: edge reference --payments > docs/payments.md"
    )


def test_the_page_of_doors_is_what_the_tables_say() -> None:
    assert (ROOT / "docs/doors.md").read_text() == doors_reference.text(), (
        "run: edge reference --doors > docs/doors.md"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_the_chinese_readme_is_as_whole_as_the_english_one() -> None:
    english, chinese = ((ROOT / name).read_text() for name in ("README.md", "README.zh.md"))
    for what in (r"^## ", r"^\| ", r"^\d\. ", r"^- "):
        assert len(re.findall(what, english, re.M)) == len(re.findall(what, chinese, re.M)), what
    for what in (r"<(http[^>]+)>", r"!\[[^]]*\]\(([^)]+)\)", r"^make [a-z]+"):
        assert set(re.findall(what, english, re.M)) == set(re.findall(what, chinese, re.M)), what


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_the_documents_exists(document: Path) -> None:
    assert [line for line in commands_of(document.read_text()) if not is_command(line)] == []


def commands_of(text: str) -> list[str]:
    """What is to be typed, up to the first thing that a person fills in."""
    found = re.findall(r"(?:`|^)(?:sudo )?(edge [a-z][^`\n|]*)", text, re.MULTILINE)
    return [" ".join(re.findall(r"^edge(?: -{0,2}[a-z][a-z-]*)*", line)[0].split()) for line in found]


def test_a_command_that_is_not_there_is_seen() -> None:
    found = commands_of(
        "type `edge lockers walk --bank a` or\nedge journal verify --nothing\n`sudo edge run`"
    )
    assert found == ["edge lockers walk --bank a", "edge journal verify --nothing", "edge run"]
    assert [is_command(line) for line in found] == [False, False, True]


def test_the_readmes_say_the_two_commands_and_the_command_that_checks() -> None:
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text()
        assert {"edge demo --check"} <= set(commands_of(text)), name
        assert all(f"\nmake {target} " in text for target in ("demo", "test")), name


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for path in DOCUMENTS for target in re.findall(r"`make ([a-z-]+)", path.read_text())}
    assert named and named <= targets


def test_every_record_is_in_the_list_of_records() -> None:
    listed = (ROOT / "docs/adr/README.md").read_text()
    assert [path.name for path in sorted((ROOT / "docs/adr").glob("0*.md")) if path.name not in listed] == []


def test_every_package_has_a_readme() -> None:
    packages = [ROOT / name for name in ("edge", "kiosk", "devices", "cloud_sync", "systemd")]
    packages += [path.parent for path in (ROOT / "edge").glob("*/__init__.py")]
    without = {"commands"}
    assert [str(p) for p in packages if not (p / "README.md").exists() and p.name not in without] == []


@pytest.mark.parametrize("unit", sorted((ROOT / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_are_valid_and_tight(unit: Path) -> None:
    try:
        verified = subprocess.run(
            ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    complaints = [
        line for line in verified.stderr.splitlines() if "is not executable" not in line and unit.name in line
    ]
    assert complaints == []
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-400:]


def test_every_proof_and_its_planted_bugs_are_listed() -> None:
    assert describe(PROOFS) in (ROOT / "docs/proof.md").read_text(), "run: python -m tests.proofs.document"
