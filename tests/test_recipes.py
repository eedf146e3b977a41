"""The recipes for CI, and the release: they are YAML, and their commands work from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import mkdocs_lurk
from mkdocs_lurk.cli import main
from mkdocs_lurk.plugin.host_limits import tell_of_limits
from tests.plugin.sites import project

ROOT = Path(__file__).parents[1]
RECIPES = (ROOT / "docs" / "publish.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", RECIPES, re.DOTALL))
OURS = re.compile(r"(?:^|- |run: )mkdocs-lurk ((?:bundle )?[a-z]+)", re.MULTILINE)


def steps(name: str) -> list[str]:
    """Return the commands of a recipe, in their order."""
    recipe: Any = yaml.safe_load(BLOCKS[name])
    if name == ".gitlab-ci.yml":
        return list(recipe["pages"]["script"])
    if name == ".readthedocs.yaml":
        return [*recipe["build"]["jobs"]["install"], *recipe["build"]["jobs"]["build"]["html"]]
    return [step["run"] for step in recipe["jobs"]["pages"]["steps"] if "run" in step]


@pytest.mark.parametrize("name", [".github/workflows/pages.yml", ".gitlab-ci.yml", ".readthedocs.yaml"])
def test_a_recipe_installs_without_torch_then_unpacks_then_builds(name: str) -> None:
    commands = steps(name)
    assert commands[0] == "pip install mkdocs-lurk mkdocs-material"
    assert commands[-2] == "mkdocs-lurk bundle unpack results.tar"
    assert commands[-1].startswith("mkdocs build --strict")


def test_the_commands_work_from_a_folder_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in OURS.findall(RECIPES):
        assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0, command
    made = project(tmp_path, lurk={"missing": "error"})
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["bundle", "pack", "results.tar"]).exit_code == 0
    made.cache.rename(tmp_path / "gone")
    assert CliRunner().invoke(main, ["bundle", "unpack", "results.tar"]).exit_code == 0
    made.build()
    assert (made.site / "models" / "small" / "index.html").is_file()


def release_jobs() -> Any:
    release: Any = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    assert release[True] == {"push": {"tags": ["v*"]}}, "YAML 1.1 reads the key on as true"
    assert release["permissions"] == {"contents": "read"}
    return release["jobs"]


def test_the_release_publishes_what_it_built_by_trusted_publishing() -> None:
    jobs = release_jobs()
    publish, build = jobs["publish"], jobs["build"]
    assert publish["environment"] == "pypi"
    assert build["steps"][-1]["with"] == publish["steps"][0]["with"], "what was built is what is published"
    assert not [step for job in jobs.values() for step in job["steps"] if "secrets." in str(step)]
    uses = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", one) for one in uses)
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["steps"][-1]["uses"].startswith("pypa/gh-action-pypi-publish@")
    assert not [step for step in publish["steps"] if "run" in step]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert citation["version"] == mkdocs_lurk.__version__
    assert citation["repository-code"] == urls["Repository"]


@pytest.mark.parametrize(("tag", "code"), [(f"v{mkdocs_lurk.__version__}", 0), ("v9.9.9", 1)])
def test_a_tag_that_names_another_version_publishes_nothing(tag: str, code: int) -> None:
    build = release_jobs()["build"]["steps"]
    (check,) = [step["run"] for step in build if step.get("name") == "The tag names the version"]
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "GITHUB_REF_NAME": tag}
    done = subprocess.run(check, shell=True, cwd=ROOT, env=environment)  # noqa: S602 - the workflow's own command
    assert done.returncode == code


def test_a_site_near_the_limits_of_hosts_is_told_with_numbers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(9):
        (tmp_path / f"{number}").write_bytes(b"0" * 1000)
    with caplog.at_level("INFO"):
        tell_of_limits(tmp_path)
        assert caplog.messages == []
        tell_of_limits(tmp_path, most_bytes=8_000, most_files=10)
    assert [(record.levelname, record.getMessage().partition(";")[0]) for record in caplog.records] == [
        ("WARNING", "the site has 0 MB"),
        ("INFO", "the site has 9 files"),
    ]
