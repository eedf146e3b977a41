"""Drives Firefox by Marionette, the protocol that is built into it: no driver and no package is needed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("firefox", "firefox-esr")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Enter": "\ue007",
        "Escape": "\ue00c"}  # fmt: skip
START_TIMEOUT_S = 60
WAIT_TIMEOUT_S = 15
PREFERENCES = """
user_pref("marionette.port", {port});
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("ui.systemUsesDarkTheme", 0);
"""


def find() -> str | None:
    """The path of a Firefox: $FIREFOX, or one on the PATH."""
    return next((found for name in (os.environ.get("FIREFOX"), *NAMES) if name and (found := shutil.which(name))), None)


class Firefox:
    """A headless Firefox window.

    Args:
        executable: Its path.
        profile: An empty folder for its profile.
    """

    def __init__(self, executable: str, profile: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (profile / "user.js").write_text(PREFERENCES.format(port=port), "utf-8")
        command = [executable, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - the machine's own browser
        self._requests = 0
        try:
            self._socket = self._connect(port)
            self._read()
            self._request("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _connect(self, port: int) -> socket.socket:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=START_TIMEOUT_S)
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.2)

    def _read(self) -> Any:
        """Read one message: its length, a colon, and so many bytes of JSON."""
        length = b""
        while not length.endswith(b":"):
            length += self._socket.recv(1)
        data = b""
        while len(data) < int(length[:-1]):
            data += self._socket.recv(int(length[:-1]) - len(data))
        return json.loads(data)

    def _request(self, command: str, **parameters: Any) -> Any:
        self._requests += 1
        message = json.dumps([0, self._requests, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result.get("value") if isinstance(result, dict) else result

    def go(self, url: str) -> None:
        """Load a page, and wait until it has taken the place of the one before, which may be another process's."""
        self._request("WebDriver:Navigate", url=url)
        page = json.dumps(url.partition("#")[0])
        self.wait(f"document.URL.split('#')[0] === {page} && document.readyState === 'complete'")

    def run(self, script: str, *arguments: Any) -> Any:
        """Evaluate an expression in the page, in which ``arguments`` are the arguments passed."""
        return self._request(
            "WebDriver:ExecuteScript", script=f"return ({script});", args=list(arguments), sandbox=None
        )

    def wait(self, script: str) -> Any:
        """Wait until an expression is true, and return its value."""
        deadline = time.monotonic() + WAIT_TIMEOUT_S
        while not (found := self.run(script)):
            if time.monotonic() > deadline:
                raise AssertionError(f"in {WAIT_TIMEOUT_S} s never true: {script}")
            time.sleep(0.05)
        return found

    def click(self, selector: str) -> None:
        """Click the first element that matches a selector."""
        found = self._request("WebDriver:FindElement", using="css selector", value=selector)
        self._request("WebDriver:ElementClick", id=found[ELEMENT])

    def press(self, *keys: str) -> None:
        """Press keys one after the other, each a name or a letter."""
        typed = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": key} for key in typed for kind in ("keyDown", "keyUp")]
        self._request("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def resize(self, width: int, height: int) -> None:
        """Resize the window."""
        self._request("WebDriver:SetWindowRect", width=width, height=height)

    def close(self) -> None:
        """Quit Firefox."""
        try:
            self._request("Marionette:Quit", flags=["eForceQuit"])
        finally:
            self._socket.close()
            try:
                self._process.wait(START_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
