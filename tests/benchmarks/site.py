"""The build time and the size of a site of 4,224 filters, from a warm cache."""

from __future__ import annotations

import copy
import json
import resource
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.store import ModelReader, Store, digest
from tests.benchmarks.job import SAMPLE, sampled
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace

_MOST_S, _MOST_KB, _MOST_FILES, _ROUNDS = 3.0, 15.0, 300, 3
_BUILD = """
import json, sys
from mkdocs.__main__ import cli
try:
    cli(["build", "--strict", "--quiet", "--config-file", sys.argv[1]])
finally:
    print(json.dumps({"torch": "torch" in sys.modules}))
"""


def measure(workspace: Workspace) -> list[Row]:
    """Build a site from real results of some filters of every layer of VGG16, repeated until each layer is full."""
    root = workspace.folder / "site"
    with_plugin, without_plugin = _sites(workspace, root)
    _build(with_plugin)
    rounds = [(_build(with_plugin)["cpu_s"], _build(without_plugin)["cpu_s"]) for _ in range(_ROUNDS)]
    more_s = statistics.median(with_s - without_s for with_s, without_s in rounds)
    imports_torch = _build(with_plugin)["torch"]
    files = [path for path in (root / "site" / "models").rglob("*") if path.is_file()]
    sizes = {suffix: sum(p.stat().st_size for p in files if p.suffix == suffix) for suffix in {p.suffix for p in files}}
    pictures = [path for path in files if path.suffix == ".webp" and path.parent.name != "vgg16"]
    sizes[".webp"] += round(_picture_bytes(workspace, with_plugin)) - sum(path.stat().st_size for path in pictures)
    size, filters = sum(sizes.values()), 4224
    parts = ", ".join(f"{suffix[1:]} {sizes[suffix] / 1e3 / filters:.1f}" for suffix in sorted(sizes))
    return [
        Row(
            "warm build",
            f"a model of {filters:,} filters, the same site with and without the plugin",
            f"at most {_MOST_S:.0f} s more, no torch",
            f"{more_s:.1f} CPU-s more, {'torch was imported' if imports_torch else 'no torch'}",
            more_s <= _MOST_S and not imports_torch,
            {"more_s": more_s, "rounds": rounds, "torch": imports_torch},
        ),
        Row(
            "output",
            f"site of a model of {filters:,} filters",
            f"at most {_MOST_KB:.0f} kB a filter, fewer than {_MOST_FILES} files",
            f"{size / 1e3 / filters:.1f} kB a filter ({parts}), {len(files)} files",
            size <= _MOST_KB * 1e3 * filters and len(files) < _MOST_FILES,
            {"bytes": size, "files": len(files), "by_suffix": sizes},
        ),
    ]


@dataclass(frozen=True)
class _Sampled:
    """The sample as a declared model."""

    config: ModelConfig
    key: str
    reason: str = ""


def _picture_bytes(workspace: Workspace, path: Path) -> float:
    """Extrapolate the bytes of all layers' pictures from the sample's own pages, on which no filter is repeated."""
    config, (_, key) = read_mkdocs_yml(path).config, sampled(workspace)
    site = build_site([_Sampled(config.models[0], key)], Store(config.cache_dir), workspace.folder / "sample")
    layers = {entry["slug"]: entry["filters"] for entry in ModelReader(Store(config.cache_dir), key).record["layers"]}
    return sum(
        file.path.stat().st_size * layers[file.path.parent.name] / SAMPLE
        for file in site.files
        if file.path.suffix == ".webp" and file.path.parent.name in layers
    )


def _build(config: Path) -> dict[str, Any]:
    """Build a site in a process of its own; return its CPU-seconds and whether it imported torch."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", _BUILD, str(config)]
    done = subprocess.run(command, cwd=config.parent, check=True, capture_output=True, text=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": cpu_s, **json.loads(done.stdout.splitlines()[-1])}


def _sites(workspace: Workspace, root: Path) -> tuple[Path, Path]:
    """Write the configurations of the two sites, and the results of the full model."""
    _, key = sampled(workspace)
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Home\n\nWords.\n", "utf-8")
    shutil.copytree(workspace.folder / "cache", root / "cache")
    model = {"name": "vgg16", "title": "VGG16", "source": "torchvision:vgg16", "images": str(workspace.photos)}
    lurk = {"cache_dir": "cache", "models": [model], "missing": "error"}
    declared = {"site_name": "Benchmark", "site_url": "https://example.org/", "theme": {"name": "material"}}
    paths = root / "with.yml", root / "without.yml"
    plugins: tuple[list[Any], list[Any]] = ["search", {"lurk": lurk}], ["search"]
    for path, site_plugins in zip(paths, plugins, strict=True):
        path.write_text(
            yaml.safe_dump(
                {**declared, "plugins": site_plugins, "site_dir": "site" if "lurk" in str(site_plugins) else "bare"}
            )
        )
    config = read_mkdocs_yml(paths[0]).config
    store = Store(config.cache_dir)
    (state,) = resolve(config, store)
    store.set_alias(state.request, _filled(store, key))
    return paths


def _filled(store: Store, key: str) -> str:
    """Repeat the sampled filters of every layer until it is full; return the key of the full model's record."""
    reader = ModelReader(store, key)
    record = copy.deepcopy(reader.record)
    for entry in record["layers"]:
        layer = copy.deepcopy(reader.layer(entry["name"]))
        sample = layer["filters"]
        layer["filters"] = [{**sample[n % len(sample)], "index": n} for n in range(entry["filters"])]
        layer["chosen"] = entry["chosen"] = "all"
        entry["unit"] = digest("full layer", entry["name"], key)
        store.put(entry["unit"], layer)
    full = digest("full model", key)
    store.put(full, record)
    return full
