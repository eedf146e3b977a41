"""Which Chromium the browser tests take, and how one is installed on a machine that has none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import APT, NOTHING_WORKED, PLAYWRIGHT, Installer, Outcome, ensure, installers

ROOT_ON_DEBIAN = installers(is_root=True, has_apt=True)
DONE = Outcome(0, "")
NO_NETWORK = Outcome(1, "Downloading\nError: getaddrinfo ENOTFOUND\nError: code=1\n    at install (bundle.js:1:2)\n")


class Machine:
    """A machine on which commands have the outcomes that a test gives them, and may bring a browser.

    Args:
        executable: The Chromium that is installed at first.
        outcomes: Outcomes of commands; any other succeeds.
        brings: The Chromium that a command installs.
        broken: Browsers that do not start.
    """

    def __init__(
        self,
        executable: str | None = None,
        outcomes: dict[tuple[str, ...], Outcome] | None = None,
        brings: dict[tuple[str, ...], str] | None = None,
        broken: Sequence[str] = (),
    ) -> None:
        self.executable, self.outcomes, self.brings, self.broken = executable, outcomes or {}, brings or {}, broken
        self.commands: list[tuple[str, ...]] = []
        self.lines: list[str] = []

    def run(self, command: Sequence[str], limit_s: float) -> Outcome:
        assert 0 < limit_s <= 600
        self.commands.append(tuple(command))
        outcome = self.outcomes.get(tuple(command), DONE)
        if outcome.status == 0:
            self.executable = self.brings.get(tuple(command), self.executable)
        return outcome

    def ensure(self, candidates: Sequence[Installer] = ROOT_ON_DEBIAN) -> str | None:
        find: Callable[[], str | None] = lambda: self.executable  # noqa: E731 - the state changes as commands run
        return ensure(candidates, self.lines.append, self.run, find, lambda path: path not in self.broken)


def test_an_installed_chromium_is_taken_and_nothing_is_run() -> None:
    machine = Machine("/usr/bin/chromium")
    assert machine.ensure() == "/usr/bin/chromium"
    assert (machine.commands, machine.lines) == ([], [])


def test_playwright_downloads_one_where_there_is_none() -> None:
    machine = Machine(brings={PLAYWRIGHT: "/cache/chrome"})
    assert machine.ensure() == "/cache/chrome"
    assert machine.commands == [PLAYWRIGHT]


def test_debians_package_is_installed_where_the_download_fails() -> None:
    machine = Machine(outcomes={PLAYWRIGHT: NO_NETWORK}, brings={APT[-1]: "/usr/bin/chromium"})
    assert machine.ensure() == "/usr/bin/chromium"
    assert machine.commands == [PLAYWRIGHT, *APT]
    assert machine.lines[1] == "Playwright's download failed: Error: getaddrinfo ENOTFOUND"


def test_debians_package_is_installed_where_the_download_does_not_start() -> None:
    machine = Machine(
        brings={PLAYWRIGHT: "/cache/chrome", APT[-1]: "/usr/bin/chromium"},
        broken=["/cache/chrome"],  # as on a machine without the libraries that a browser needs
    )
    assert machine.ensure() == "/usr/bin/chromium"
    assert "/cache/chrome does not start" in machine.lines


def test_a_chromium_that_does_not_start_is_replaced() -> None:
    machine = Machine("/usr/bin/chromium-browser", brings={PLAYWRIGHT: "/cache/chrome"},
                      broken=["/usr/bin/chromium-browser"])  # fmt: skip
    assert machine.ensure() == "/cache/chrome"


def test_apt_get_stops_at_the_first_command_that_fails() -> None:
    machine = Machine(outcomes={PLAYWRIGHT: NO_NETWORK, APT[0]: Outcome(100, "E: no release file\n")})
    assert machine.ensure() is None
    assert machine.commands == [PLAYWRIGHT, APT[0]]
    assert machine.lines[-1] == "Debian's package chromium failed: E: no release file"


@pytest.mark.parametrize(("is_root", "has_apt"), [(False, True), (True, False), (False, False)])
def test_apt_get_is_left_alone_without_root_or_without_apt_get(is_root: bool, has_apt: bool) -> None:
    machine = Machine(outcomes={PLAYWRIGHT: NO_NETWORK})
    assert machine.ensure(installers(is_root, has_apt)) is None
    assert machine.commands == [PLAYWRIGHT]


def test_no_chromium_at_all_is_told_in_lines_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "ensure", lambda candidates, say: None)
    assert chromium.main() == 1
    assert capsys.readouterr().err == NOTHING_WORKED + "\n"


def test_a_named_chromium_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mine", "chromium"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", "")
    assert chromium.find() == str(tmp_path / "chromium")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "mine"))
    assert chromium.find() == str(tmp_path / "mine")


def test_playwrights_own_chromium_is_found_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "chrome"
    own.touch()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_ASK_PLAYWRIGHT", f"print({str(own)!r})")
    assert chromium.find() == str(own)
    own.unlink()
    assert chromium.find() is None


def test_a_command_that_hangs_is_ended_with_the_processes_it_started(tmp_path: Path) -> None:
    survived = tmp_path / "survived"
    outcome = chromium.run(("sh", "-c", f"(sleep 2; touch {survived}) & wait"), 0.6)
    assert outcome == Outcome(124, "stopped after 1 s")
    time.sleep(2.5)
    assert not survived.exists()


def test_a_command_that_is_not_there_is_an_outcome_and_no_exception() -> None:
    outcome = chromium.run(("there-is-no-such-command",), 5.0)
    assert outcome.status == 127
    assert "there-is-no-such-command" in outcome.cause


def test_both_outputs_of_a_command_are_kept() -> None:
    outcome = chromium.run((sys.executable, "-c", "import sys; print(1); sys.exit('Error: two')"), 60.0)
    assert (outcome.status, outcome.cause) == (1, "Error: two")
    assert "1" in outcome.output
