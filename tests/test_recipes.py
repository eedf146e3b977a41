"""The recipes for CI, and the release: they fit their hosts' schemas, and their commands work in an empty clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import mkdocs_lurk
from mkdocs_lurk.plugin.host_limits import tell_of_limits
from tests.plugin.sites import Project, project

ROOT = Path(__file__).parents[1]
RECIPES = (ROOT / "docs" / "publish.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```(?:yaml|sh)\n# (\S+)\n(.*?)```", RECIPES, re.DOTALL))
SCHEMAS = {
    ".github/workflows/pages.yml": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".readthedocs.yaml": "vendor.readthedocs",
}
HOSTS = (*SCHEMAS, "space.sh")
"""The file of each recipe's commands."""
STAND_IN = f"""#!{sys.executable}
# Stands in for a program that reaches a host: it hands the bundle over, or takes the site.
import os, shutil, sys
from pathlib import Path

program, arguments = Path(sys.argv[0]).name, sys.argv[1:]
bundle, hub = Path(os.environ["BUNDLE"]), Path(os.environ["HUB"])
if program == "pip":
    assert arguments[:2] == ["install", "mkdocs-lurk"] and "torch" not in " ".join(arguments), arguments
elif program == "gh":
    assert arguments == ["release", "download", "results", "--pattern", "results.tar", "--clobber"], arguments
    shutil.copy(bundle, "results.tar")
elif program == "curl":
    assert arguments[:-1] == ["--fail", "--location", "--output", "results.tar"], arguments
    shutil.copy(arguments[-1], "results.tar")
elif arguments[0] == "download":
    assert arguments[1:] == [os.environ["RESULTS"], "results.tar", "--repo-type", "dataset", "--local-dir", "."]
    shutil.copy(bundle, "results.tar")
else:
    assert arguments[:4] == ["upload", os.environ["SPACE"], "site", "."], arguments
    shutil.copytree("site", hub)
"""


def commands(name: str) -> list[str]:
    """Return the commands of a recipe, in their order."""
    if name == "space.sh":
        return list(BLOCKS[name].splitlines())
    recipe: Any = yaml.safe_load(BLOCKS[name])
    if name == ".gitlab-ci.yml":
        return list(recipe["pages"]["script"])
    if name == ".readthedocs.yaml":
        return [*recipe["build"]["jobs"]["install"], *recipe["build"]["jobs"]["build"]["html"]]
    return [step["run"] for step in github_steps() if "run" in step]


def github_steps() -> list[dict[str, Any]]:
    workflow: Any = yaml.safe_load(BLOCKS[".github/workflows/pages.yml"])
    return list(workflow["jobs"]["pages"]["steps"])


def published_folder(name: str) -> str:
    """Return the folder that a host publishes, by its recipe."""
    if name == ".gitlab-ci.yml":
        (folder,) = yaml.safe_load(BLOCKS[name])["pages"]["artifacts"]["paths"]
        return str(folder)
    if name == ".github/workflows/pages.yml":
        (upload,) = [step for step in github_steps() if "upload-pages-artifact" in step.get("uses", "")]
        return str(upload["with"]["path"])
    return "rtd/html" if name == ".readthedocs.yaml" else "../hub"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An author's repository as a CI gets it: no cache and no pictures; the bundle lies elsewhere."""
    root = tmp_path_factory.mktemp("author")
    made = project(root / "repository", lurk={"missing": "error"})
    pack = [sys.executable, "-m", "mkdocs_lurk", "bundle", "pack", str(root / "release.tar")]
    subprocess.run(pack, cwd=made.root, check=True)  # noqa: S603 - our own command
    shutil.rmtree(made.cache)
    shutil.rmtree(made.root / "photos")
    made.write("space.md", BLOCKS["space.md"])
    return made


def run_recipe(name: str, clone: Project, folder: Path) -> Path:
    """Run a recipe's commands in a copy of the clone, as a host does, and return the folder that it publishes."""
    work, programs = folder / "work", folder / "bin"
    shutil.copytree(clone.root, work)
    programs.mkdir()
    for program in ("pip", "gh", "curl", "hf"):
        (programs / program).write_text(STAND_IN, "utf-8")
        (programs / program).chmod(0o755)
    bundle = clone.root.parent / "release.tar"
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    results = "owner/results" if name == "space.sh" else str(bundle)
    of_the_host = {"READTHEDOCS_OUTPUT": "rtd", "SPACE": "owner/space", "RESULTS": results}
    environment = {**os.environ, **of_the_host, "PATH": path, "BUNDLE": str(bundle), "HUB": str(folder / "hub")}
    script = "\n".join(["set -e", *commands(name)])
    done = subprocess.run(["/bin/sh", "-c", script], cwd=work, env=environment, capture_output=True, text=True)  # noqa: S603 - the recipe's own commands
    assert done.returncode == 0, done.stderr
    return work / published_folder(name)


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_a_recipe_fits_the_schema_of_its_host(name: str, schema: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yml").write_text(BLOCKS[name], "utf-8")
    assert lint(tmp_path / "recipe.yml", schema) == ""


def test_the_release_and_the_citation_fit_their_schemas() -> None:
    assert lint(ROOT / ".github" / "workflows" / "release.yml", "vendor.github-workflows") == ""
    assert lint(ROOT / "CITATION.cff", "vendor.citation-file-format") == ""


def lint(file: Path, schema: str) -> str:
    """Return what a published schema has against a file; empty if nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, "--default-filetype", "yaml"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True)  # noqa: S603 - a linter
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("name", HOSTS)
def test_the_commands_of_a_recipe_publish_the_site_from_an_empty_clone(
    name: str, clone: Project, tmp_path: Path
) -> None:
    published = run_recipe(name, clone, tmp_path)
    assert (published / "index.html").is_file()
    assert "lurk-gallery" in (published / "models" / "small" / "features.3" / "index.html").read_text("utf-8")
    if name == "space.sh":
        _, head, _ = (published / "README.md").read_text("utf-8").split("---\n")
        space = yaml.safe_load(head)
        assert (space["sdk"], (published / space["app_file"]).is_file()) == ("static", True)
        colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
        assert {space["colorFrom"], space["colorTo"]} <= colours


def test_a_recipe_stops_where_results_are_missing(clone: Project, tmp_path: Path) -> None:
    made = Project(tmp_path / "work")
    shutil.copytree(clone.root, made.root)
    build = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(build, cwd=made.root, capture_output=True, text=True)  # noqa: S603 - our own command
    assert done.returncode == 1
    assert "the cache holds no results of small: run 'mkdocs-lurk bundle unpack'" in done.stderr


def test_the_cache_of_the_workflow_is_saved_in_every_run_and_restored_from_the_last() -> None:
    (cache,) = [step["with"] for step in github_steps() if step.get("uses", "").startswith("actions/cache@")]
    assert cache["path"] == ".cache/plugin/lurk"
    assert "github.run_id" in cache["key"]
    assert cache["key"].startswith(cache["restore-keys"])
    contexts = set(re.findall(r"\$\{\{\s*(\w+)", BLOCKS[".github/workflows/pages.yml"]))
    assert contexts == {"github"}


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
