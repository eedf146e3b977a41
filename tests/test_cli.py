"""The command line: what each command says and does, and one line and exit code 1 for every error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mkdocs_lurk import __version__
from mkdocs_lurk.cli import main
from mkdocs_lurk.store import Store
from tests.plugin.sites import Project, project

NETWORK = "from torch import nn\n\ndef make():\n    return nn.Conv2d(3, 2, 3)\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NETWORK)  # small, so that an estimate is quick
    return project(tmp_path, model={"source": "net.py:make"})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def lines(*arguments: str) -> list[str]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def error(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    return line


def test_version_prints_the_version() -> None:
    assert lines("--version") == [f"mkdocs-lurk, version {__version__}"]


@pytest.mark.parametrize("command", ["init", "plan", "analyze", "inspect", "bundle", "export", "card", "clean"])
def test_the_help_of_every_command_has_examples(command: str) -> None:
    text = run(command, "--help").stdout
    assert re.search(rf"Examples:\n +mkdocs-lurk {command}( .*)?\n", text)
    assert set(main.commands) == {
        "init",
        "plan",
        "analyze",
        "inspect",
        "bundle",
        "export",
        "card",
        "clean",
    }  # name all above


def test_names_in_the_output_steer_no_terminal(made: Project) -> None:
    odd = made.root / "photos" / "cat" / "\x1b[2J\u202e.png"
    (made.root / "photos" / "cat" / "0.png").rename(odd)
    line, *_ = lines("plan")
    assert r"\x1b[2J\u202e.png" in line
    assert json.loads(run("plan", "--json").stdout)[0]["complete"] is False


def test_plan_reports_a_complete_model(made: Project) -> None:
    (line,) = lines("plan")
    assert line.startswith("small: complete, ")


def test_plan_estimates_a_missing_model(made: Project) -> None:
    (made.root / "photos" / "cat" / "0.png").unlink()
    line, *warnings = lines("plan")
    assert line.startswith("small: missing, 1 picture is gone (cat/0.png); ")
    free, busy = (
        r"about [\d hmins]+ on this machine and",
        r"the machine is busy \(.+\): about [\d hmins]+ when it is free, and",
    )
    assert re.search(rf"; ({free}|{busy}) [\d.e+]+ MB$", line)
    assert warnings
    assert all(warning.startswith("warning: small: ") for warning in warnings)


def test_plan_prints_the_same_as_json(made: Project) -> None:
    (complete,) = json.loads("\n".join(lines("plan", "--json")))
    assert complete["complete"]
    assert complete["missing"] is None
    (made.root / "photos" / "cat" / "0.png").unlink()
    (missing,) = json.loads("\n".join(lines("plan", "--json")))
    assert missing["reason"] == "1 picture is gone (cat/0.png)"
    assert missing["missing"]["seconds"] == pytest.approx(sum(missing["missing"]["stages"].values()))
    assert missing["warnings"]


def test_another_configuration_file_can_be_given(made: Project) -> None:
    made.config.rename(made.root / "other.yml")
    assert lines("plan", "-f", "other.yml")
    assert error("plan") == "Error: mkdocs.yml does not exist; give the path of mkdocs.yml with -f"


def test_a_complete_model_is_not_analysed_again(made: Project) -> None:
    assert lines("analyze") == ["small: complete"]
    assert lines("analyze", "small", "small") == ["small: complete"]


def test_force_analyses_a_complete_model_again(made: Project) -> None:
    plain = {"crop": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}
    made.declare({"models": [{"name": "tiny", "source": "net.py:make", "images": "photos", "transform": plain,
                              "synthesis": False}]})  # fmt: skip

    def inodes() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in (made.cache / "units").rglob("*.unit")}

    before = inodes()
    assert run("analyze", "--force").exit_code == 0
    first = {name: inode for name, inode in inodes().items() if name not in before}
    assert first
    assert lines("analyze") == ["tiny: complete"]
    assert first.items() <= inodes().items()
    assert run("analyze", "--force").exit_code == 0
    again = inodes()
    assert all(again[name] != inode for name, inode in first.items())


@pytest.mark.parametrize("command", ["analyze", "inspect"])
def test_the_error_for_an_unknown_model_names_the_near_match(made: Project, command: str) -> None:
    assert error(command, "smal") == "Error: there is no model 'smal'; did you mean 'small'?"
    assert error(command, "resnet") == "Error: there is no model 'resnet'; there are small"


def test_a_bundle_moves_results_to_an_empty_cache(made: Project, tmp_path: Path) -> None:
    (packed,) = lines("bundle", "pack", "results.tar")
    assert packed.startswith("results.tar: 1 model, ")
    made.cache.rename(made.root / "old")
    assert "missing" in lines("plan")[0]
    assert lines("bundle", "unpack", "results.tar")
    assert "complete" in lines("plan")[0]
    made.build()


def test_packing_without_a_complete_model_is_an_error(made: Project) -> None:
    (made.root / "photos" / "cat" / "0.png").unlink()
    assert error("bundle", "pack", "x.tar") == "Error: no declared model is complete; run 'mkdocs-lurk analyze' first"


def test_export_writes_markdown_pages(made: Project) -> None:
    (line,) = lines("export", "--out", "out")
    assert line.startswith("out: ")
    assert (made.root / "out" / "models" / "small" / "index.md").is_file()


def test_clean_drops_units_of_no_declared_model(made: Project) -> None:
    made.build()
    store = Store(made.cache)
    store.put("0123456789abcdef", {"of": "nothing declared"})
    assert lines("clean")[0].startswith("1 unit dropped, ")
    assert lines("clean")[0].startswith("0 units dropped, ")
    assert "complete" in lines("plan")[0]
    pages = sorted(made.cache.joinpath("pages").rglob("*"))
    made.build()
    assert set(pages) <= set(made.cache.joinpath("pages").rglob("*"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site_name: x\n", "Error: mkdocs.yml has no plugin 'lurk' under 'plugins'"),
        ("plugins: [search, lurk: {cache: x}]\n", "Error: plugins.lurk: unknown key 'cache'"),
        ("a: [\n", "Error: mkdocs.yml cannot be read: "),
    ],
)
def test_the_error_for_a_wrong_configuration_is_one_line(made: Project, text: str, message: str) -> None:
    made.config.write_text(text)
    assert error("plan").startswith(message)


@pytest.mark.parametrize(
    "text", ["plugins: [search, lurk]\n", "plugins: {search: {}, lurk: {}}\n", "plugins: {lurk: }\n"]
)
def test_every_form_of_the_plugins_key_is_read(made: Project, text: str) -> None:
    made.config.write_text(text)
    assert lines("plan") == []


def test_names_that_a_terminal_would_obey_are_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path, model={"title": "a\x1b[31m\u202eb"}, layers=(("co\x1bnv", 4, 8),))
    monkeypatch.setattr("mkdocs_lurk.cli.describe_plan", lambda plan, ignore: [f"{plan['name']}: \x1b[31m\u202e"])
    assert lines("plan") == [r"small: \x1b[31m\u202e"]
    assert all(line.isascii() and line.isprintable() for line in lines("plan", "--json"))
