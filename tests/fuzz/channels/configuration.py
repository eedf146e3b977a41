"""The configuration: every key with values of every kind, and YAML that is none or grows."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from random import Random

import yaml

from mkdocs_lurk.build import generate
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from tests.fuzz.sites import TINY, Sites
from tests.fuzz.texts import hostile_text, spoiled, yaml_text
from tests.fuzz.watch import Watch

_SCALARS = (
    "null", "true", "-1", "0", "1", "1.5", ".nan", ".inf", "1e400", "0x_", "2024-01-01", "2024-01-01 10:00:00",
    "!!binary aGk=", "!!set {a, b}", "''",
    "'x'", "[]", "{}", "[[]]", "{a: b}", "[1, a, null]", "{1: 2}", "{[a]: b}", "&a [*a]", "&a {x: *a}",
    "18446744073709551616", "1000000000",
    "'../../../escaped'", "/dev/zero", "/etc", ".", "''", "'~nobody/x'", "'torchvision:x'", "'os:system'", "'a:b:c'",
    "'net.py:'", "'*'", "'[!'", "'**/*'",
    "!!python/object/apply:os.system ['touch escaped']", "!!python/name:os.system", "!ENV LURK_UNSET", "!ENV [A, B]",
    "!relative", "!!python/tuple [1, 2]", "\"\\x1b[2J\"",
    "\"\\uD800\"", "\"\\0\"", "'" + "x" * 5000 + "'", "9" * 5000,
)  # fmt: skip
_NESTED = (
    "mode", "section", "include", "exclude", "steps", "filters", "folder", "split", "csv", "dataset", "file", "key",
    "prefix", "resize", "crop", "mean", "std", "channels", "normalised", "value_range", "*", "first", "x",
)  # fmt: skip
_PLAUSIBLE = (
    ("title", "TEXT"), ("classes", "[a, b, TEXT]"), ("arguments", "{x: [TEXT, {TEXT: 1}]}"), ("seed", "4294967295"),
    ("images", "'pictures/**/*.png'"), ("images", "[pictures/class-0, {path: pictures/class-1, label: TEXT}]"),
    ("images", "{folder: pictures, split: class-0}"), ("card", "docs/index.md"), ("ignore", "[enlarged, padded]"),
    ("filters", "{'*': 1, first: [0]}"), ("layers", "{include: ['*', TEXT], exclude: [TEXT]}"), ("top_k", "1000"),
    ("transform", "{resize: 32, crop: [16, 8], value_range: [0, 255]}"), ("max_pixels", "1"), ("gradient", "saliency"),
    ("weights", "{file: w.pt, key: TEXT, prefix: TEXT}"), ("classes", "pictures"), ("source", "'docs/index.md:TEXT'"),
)  # fmt: skip
"""Keys with values that may be followed, and texts in them that need not."""
_MODEL_KEYS = tuple(option.name for option in fields(ModelConfig))
_PLUGIN_KEYS = (*(option.name for option in fields(LurkConfig)), "defaults")


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    """Read a hostile ``mkdocs.yml``; what is accepted makes pages, at least those that say that nothing is there."""
    site = sites.tiny(root)
    text = declaration(random)
    (root / "mkdocs.yml").write_bytes(text)

    def read() -> None:
        declared = read_mkdocs_yml(root / "mkdocs.yml")
        if declared.config.cache_dir.is_relative_to(root / ".cache"):
            generate(declared.config, "placeholder", declared.overrides)

    site.run(read)
    return site.watch


def declaration(random: Random) -> bytes:
    """Return the text of a ``mkdocs.yml``."""
    good = yaml.safe_dump({"site_name": "t", "plugins": [{"lurk": {"models": [TINY]}}]})
    kind = random.randrange(10)
    if kind == 0:
        return spoiled(good.encode(), random)
    if kind == 1:
        return _whole(random)
    model = {
        key: yaml.safe_dump(value, default_flow_style=True, width=10**6).strip().removesuffix("...").strip()
        for key, value in TINY.items()
    }
    plugin: dict[str, str] = {}
    if kind <= 4:
        key, value = random.choice(_PLAUSIBLE)
        model[key] = value.replace("TEXT", yaml_text(hostile_text(random)[:500]))
        if random.random() < 0.3:
            plugin["nav"] = f"{{section: {yaml_text(hostile_text(random)[:500])}}}"
    for _ in range(0 if kind <= 4 else random.choice((1, 1, 2, 4))):
        target, keys = random.choice(
            ((model, _MODEL_KEYS), (model, _MODEL_KEYS), (model, _MODEL_KEYS), (plugin, _PLUGIN_KEYS))
        )
        key = random.choice(keys) if random.random() < 0.92 else yaml_text(hostile_text(random)[:100])
        target[key] = _value(random)
    lines = ["site_name: t", "plugins:", "- lurk:"]
    lines += [f"    {key}: {value}" for key, value in plugin.items() if key != "models"]
    lines += ["    models:", f"    - {{{', '.join(f'{key}: {value}' for key, value in model.items())}}}"]
    if "models" in plugin:
        lines += [f"    models: {plugin['models']}"]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _value(random: Random, depth: int = 0) -> str:
    kind = random.randrange(8)
    if kind <= 3 or depth > 2:
        return random.choice(_SCALARS)
    if kind == 4:
        return yaml_text(hostile_text(random))
    if kind == 5:
        return f"[{', '.join(_value(random, depth + 1) for _ in range(random.randint(1, 3)))}]"
    if kind == 6:
        return random.choice(
            ("[" * 600, "[" * 400 + "]" * 400, "{a: " * 300 + "1" + "}" * 300, "[" + "0, " * 1000 + "]")
        )
    names = random.sample(_NESTED, random.randint(1, 3))
    return f"{{{', '.join(f'{yaml_text(name)}: {_value(random, depth + 1)}' for name in names)}}}"


def _whole(random: Random) -> bytes:
    """Return a file that is no declaration at all."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 12)
    )
    return random.choice(
        (
            b"", b"\x00", b"[]", b"3", b"plugins", b"plugins: lurk", b"plugins: [lurk]", b"plugins: {lurk: 3}",
            b"plugins: {lurk: {models: {a: b}}}",
            b"plugins: [{lurk: [a]}]", b"plugins: [3, null, {1: 2}]", b"plugins: [{lurk: {}, search: {}}]",
            b"[" * 2000, b"\xff\xfe\x00", "ä".encode("latin-1"),
            f"{bomb}plugins: [{{lurk: {{models: *a11}}}}]".encode(),
            f"{bomb}plugins: [{{lurk: {{models: [{{name: a, arguments: {{x: *a11}}}}]}}}}]".encode(),
            b"plugins: &a [{lurk: {models: *a}}]", b"plugins: [{lurk: &a {defaults: *a, models: []}}]",
            b"theme: {custom_dir: [3]}\nplugins: [lurk]",
            b"theme: {custom_dir: /dev/zero}\nplugins: [lurk]", b"INHERIT: /dev/zero\nplugins: [lurk]",
            b"INHERIT: mkdocs.yml\nplugins: [lurk]",
            b"INHERIT: missing.yml\nplugins: [lurk]", b"INHERIT: 3\nplugins: [lurk]", b"a: !ENV [X]\nplugins: [lurk]",
            b"site_name: t\n---\nplugins: [lurk]",
        )
    )  # fmt: skip
