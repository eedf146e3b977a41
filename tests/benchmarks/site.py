"""What a site of 4,224 filters adds to a build from a warm cache, and how large it is."""

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
from tests.benchmarks.setting import Setting

_MOST_S, _MOST_KB, _MOST_FILES, _ROUNDS = 3.0, 15.0, 300, 3
_BUILD = """
import json, sys
from mkdocs.__main__ import cli
try:
    cli(["build", "--strict", "--quiet", "--config-file", sys.argv[1]])
finally:
    print(json.dumps({"torch": "torch" in sys.modules}))
"""


def measure(setting: Setting) -> list[Row]:
    """The real results of some filters of every layer of VGG16, each repeated until the layer is full."""
    root = setting.folder / "site"
    with_, without = _sites(setting, root)
    _build(with_)
    rounds = [(_build(with_)["cpu_s"], _build(without)["cpu_s"]) for _ in range(_ROUNDS)]
    more = statistics.median(ours - bare for ours, bare in rounds)
    torch_seen = _build(with_)["torch"]
    files = [path for path in (root / "site" / "models").rglob("*") if path.is_file()]
    kinds = {suffix: sum(p.stat().st_size for p in files if p.suffix == suffix) for suffix in {p.suffix for p in files}}
    pictures = [path for path in files if path.suffix == ".webp" and path.parent.name != "vgg16"]
    kinds[".webp"] += round(_pictures(setting, with_)) - sum(path.stat().st_size for path in pictures)
    size, filters = sum(kinds.values()), 4224
    parts = ", ".join(f"{suffix[1:]} {kinds[suffix] / 1e3 / filters:.1f}" for suffix in sorted(kinds))
    return [
        Row(
            "warm build",
            f"a model of {filters:,} filters, the same site with and without the plugin",
            f"at most {_MOST_S:.0f} s more, no torch",
            f"{more:.1f} CPU-s more, {'torch was imported' if torch_seen else 'no torch'}",
            more <= _MOST_S and not torch_seen,
            {"more_s": more, "rounds": rounds, "torch": torch_seen},
        ),
        Row(
            "output",
            f"site of a model of {filters:,} filters",
            f"at most {_MOST_KB:.0f} kB a filter, fewer than {_MOST_FILES} files",
            f"{size / 1e3 / filters:.1f} kB a filter ({parts}), {len(files)} files",
            size <= _MOST_KB * 1e3 * filters and len(files) < _MOST_FILES,
            {"bytes": size, "files": len(files), "by_suffix": kinds},
        ),
    ]


@dataclass(frozen=True)
class _Sampled:
    """The sample as a declared model."""

    config: ModelConfig
    key: str
    reason: str = ""


def _pictures(setting: Setting, path: Path) -> float:
    """Bytes of all layers' pictures, were every filter there: those of the sample's pages, which repeat none."""
    config, (_, key) = read_mkdocs_yml(path).config, sampled(setting)
    site = build_site([_Sampled(config.models[0], key)], Store(config.cache_dir), setting.folder / "sample")
    layers = {entry["slug"]: entry["filters"] for entry in ModelReader(Store(config.cache_dir), key).record["layers"]}
    return sum(
        file.path.stat().st_size * layers[file.path.parent.name] / SAMPLE
        for file in site.files
        if file.path.suffix == ".webp" and file.path.parent.name in layers
    )


def _build(config: Path) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", _BUILD, str(config)]
    done = subprocess.run(command, cwd=config.parent, check=True, capture_output=True, text=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": spent, **json.loads(done.stdout.splitlines()[-1])}


def _sites(setting: Setting, root: Path) -> tuple[Path, Path]:
    """Write the configurations of the two sites, and the full model's results."""
    _, key = sampled(setting)
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "index.md").write_text("# Home\n\nWords.\n", "utf-8")
    shutil.copytree(setting.folder / "cache", root / "cache")
    model = {"name": "vgg16", "title": "VGG16", "source": "torchvision:vgg16", "images": str(setting.photos)}
    lurk = {"cache_dir": "cache", "models": [model], "missing": "error"}
    declared = {"site_name": "Benchmark", "site_url": "https://example.org/", "theme": {"name": "material"}}
    paths = root / "with.yml", root / "without.yml"
    plugins: tuple[list[Any], list[Any]] = ["search", {"lurk": lurk}], ["search"]
    for path, own in zip(paths, plugins, strict=True):
        path.write_text(
            yaml.safe_dump({**declared, "plugins": own, "site_dir": "site" if "lurk" in str(own) else "bare"})
        )
    config = read_mkdocs_yml(paths[0]).config
    store = Store(config.cache_dir)
    (state,) = resolve(config, store)
    store.set_alias(state.request, _filled(store, key))
    return paths


def _filled(store: Store, key: str) -> str:
    """Repeat the filters of every layer until there are as many as it has; returns the full record's key."""
    reader = ModelReader(store, key)
    record = copy.deepcopy(reader.record)
    for entry in record["layers"]:
        layer = copy.deepcopy(reader.layer(entry["name"]))
        some = layer["filters"]
        layer["filters"] = [{**some[n % len(some)], "index": n} for n in range(entry["filters"])]
        layer["chosen"] = entry["chosen"] = "all"
        layer["similarity_order"] = list(range(entry["filters"]))
        entry["unit"] = digest("full layer", entry["name"], key)
        store.put(entry["unit"], layer)
    full = digest("full model", key)
    store.put(full, record)
    return full
