"""Find a Chromium for the browser tests; ``python -m tests.browser.chromium`` installs one if there is none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch",
)
"""The first two features draw the address bar of every new window, though nobody sees it: a third of what a short test
takes. The others are those that Playwright turns off, since the last list of features replaces its own. The limits of
processes are for the same reason: to start one takes longer than to draw a page."""
STARTS_S, DOWNLOADS_S, INSTALLS_S = 60, 600, 600
"""Time limits: for starting a browser or Playwright, for Playwright's download, for each command of apt-get."""

PLAYWRIGHT = (sys.executable, "-m", "playwright", "install", "chromium")
APT = (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", "chromium"))
_ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
NOTHING_WORKED = (
    "no Chromium that starts: install one (on Debian, as root: apt-get install chromium), "
    "or give the path of one in $CHROMIUM"
)


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status, and its output, standard error included."""

    status: int
    output: str

    @property
    def cause(self) -> str:
        """The first line of the output that names an error, or else the last line."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("Error", "E:"))]
        return [*errors, *lines[-1:], f"exit status {self.status}"][0]


Run = Callable[[Sequence[str], float], Outcome]


@dataclass(frozen=True)
class Installer:
    """A way to get a Chromium: its name in messages, its commands, and the time limit of each in seconds."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    limit_s: float


def run(command: Sequence[str], limit_s: float) -> Outcome:
    """Run a command quietly; at the time limit, end it and the processes that it started."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed commands, and the browser that the machine or the author names
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Outcome(127, str(error))
    with process:
        try:
            output, _ = process.communicate(timeout=limit_s)
        except BaseException as reason:  # the time limit, or an interrupt from the keyboard
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(reason, subprocess.TimeoutExpired):
                return Outcome(124, f"stopped after {limit_s:.0f} s")
            raise
    return Outcome(process.returncode, output)


def find() -> str | None:
    """Return the path of a Chromium: $CHROMIUM, one on the PATH, or the one that Playwright installed."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        found = shutil.which(name) if name else None
        if found:
            return found
    # In a process of its own: Playwright does not start a second time in the process of a test that uses it.
    answer = run((sys.executable, "-c", _ASK_PLAYWRIGHT), STARTS_S)
    path = answer.output.strip()
    return path if answer.status == 0 and Path(path).is_file() else None


def starts(executable: str) -> bool:
    """Whether a browser can say its version; one whose system libraries are missing cannot."""
    return run((executable, "--version"), STARTS_S).status == 0


def installers(is_root: bool, has_apt: bool) -> list[Installer]:
    """Return the ways to get a Chromium on this machine, in the order in which they are tried."""
    found = [Installer("Playwright's download", (PLAYWRIGHT,), DOWNLOADS_S)]
    if is_root and has_apt:
        found.append(Installer("Debian's package chromium", APT, INSTALLS_S))
    return found


def ensure(
    candidates: Sequence[Installer],
    say: Callable[[str], object],
    run: Run = run,
    find: Callable[[], str | None] = find,
    starts: Callable[[str], bool] = starts,
) -> str | None:
    """Return the path of a Chromium that starts, after trying to install one if there is none.

    Args:
        candidates: The ways to install one, tried in this order until one has worked.
        say: Shows the reader one line.
        run: Runs a command within a time limit.
        find: Looks for an installed Chromium.
        starts: Checks that a browser starts.
    """
    for candidate in (None, *candidates):
        if candidate is not None:
            say(f"looking for a Chromium: trying {candidate.name} (at most {candidate.limit_s:.0f} s a command)")
            failure = _install(candidate, run)
            if failure:
                say(f"{candidate.name} failed: {failure}")
                continue
        executable = find()
        if executable is not None and starts(executable):
            return executable
        if executable is not None:
            say(f"{executable} does not start")
    return None


def _install(candidate: Installer, run: Run) -> str | None:
    """Run the commands of an installer; return why one failed, or None."""
    for command in candidate.commands:
        outcome = run(command, candidate.limit_s)
        if outcome.status != 0:
            return outcome.cause
    return None


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> int:
    """Make sure that there is a Chromium; return 1, and say what to install, if there is none."""
    candidates = installers(is_root=os.geteuid() == 0, has_apt=shutil.which("apt-get") is not None)
    if ensure(candidates, _say) is None:
        _say(NOTHING_WORKED)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
