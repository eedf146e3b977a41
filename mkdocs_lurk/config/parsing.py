"""Read the plugin's options from ``mkdocs.yml``, key by key, and say in one line where they cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mkdocs_lurk.addresses import LONGEST, is_portable
from mkdocs_lurk.config.classes import read_classes
from mkdocs_lurk.config.compare import read_compare
from mkdocs_lurk.config.effect import read_effect
from mkdocs_lurk.config.filters import read_filters
from mkdocs_lurk.config.ignored import read_ignored
from mkdocs_lurk.config.images import FORMS, check_reference, read_images
from mkdocs_lurk.config.labels import read_groups, read_label_map
from mkdocs_lurk.config.live import read_live
from mkdocs_lurk.config.names import names_file, read_names
from mkdocs_lurk.config.options import (
    ARCHIVE_SUFFIXES,
    GRADIENTS,
    MISSING,
    NAV_MODES,
    ON_SERVE,
    PRECISIONS,
    QUALITIES,
    QUICK_STEPS,
    TARGETS,
    LayersConfig,
    LurkConfig,
    ModelConfig,
    NavConfig,
    SynthesisConfig,
    switches,
)
from mkdocs_lurk.config.pages import check_pages, read_page
from mkdocs_lurk.config.pictures import read_pictures
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.config.roots import ROOTS, anchor_defaults
from mkdocs_lurk.config.transform import TRANSFORM_KEYS, TransformSpec, read_transform
from mkdocs_lurk.config.validation import (
    Section,
    allow_absent_files,
    existing_path,
    quoted,
    read_int,
    read_text,
    read_texts,
)
from mkdocs_lurk.config.values import check_values
from mkdocs_lurk.config.weights import read_weights
from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.limits import LARGEST_SEED, MAX_PIXELS, MOST_KEPT, MOST_PIXELS, MOST_STEPS, MOST_THREADS

_PLUGIN_KEYS = (
    "cache_dir",
    "missing",
    "on_serve",
    "device",
    "precision",
    "threads",
    "nav",
    "defaults",
    "models",
    "compare",
)
_MODEL_KEYS = (
    "name", "title", "source", "arguments", "weights", "images", "classes", "groups", "label_map", "transform",
    "layers", "filters", "top_k", "gradient", "synthesis", "card", "page", "names", "seed", "effect", "max_pixels",
    "ignore", "live", "pictures", *switches(),
)  # fmt: skip


def from_mapping(
    mapping: Mapping[str, object],
    root: Path,
    place: str = "plugins.lurk",
    *,
    absent: bool = False,
    roots: Mapping[str, Path] | None = None,
) -> LurkConfig:
    """Check the plugin's options, and fill in those that were left out.

    Args:
        mapping: The options as YAML gives them.
        root: The folder of ``mkdocs.yml``; relative paths start there.
        place: The beginning of every key's path in messages.
        absent: Let networks, weights and pictures be missing: results that were made elsewhere need none of them.
        roots: Other folders where relative paths start, by the key of ``ROOTS`` that they stand under.

    Raises:
        ConfigError: The first thing that cannot be followed, in one line.
    """
    root = root.resolve()
    roots = dict.fromkeys(ROOTS, root) | dict(roots or {})
    check_values(mapping, place)
    top = Section(anchor_defaults(mapping, roots), place, _PLUGIN_KEYS)
    cache_dir = top.text("cache_dir", ".cache/plugin/lurk", "the folder that keeps the results")
    nav = top.section("nav", ("mode", "section"))
    device, device_path = top.get("device", "auto")
    if not isinstance(device, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise ConfigError(f"{device_path}: {quoted(device)} is not known; give auto, cpu, cuda, cuda:N or mps")
    models = _read_models(top, roots["models"], absent)
    return LurkConfig(
        root=root,
        cache_dir=roots["cache_dir"] / expanded(cache_dir),
        missing=top.word("missing", "analyze", MISSING),
        on_serve=top.word("on_serve", "cached", ON_SERVE),
        device=device,
        precision=top.word("precision", "auto", PRECISIONS),
        threads=_read_threads(*top.get("threads", "auto")),
        nav=NavConfig(nav.word("mode", "inject", NAV_MODES), nav.text("section", "Models", "the section's title")),
        models=models,
        compare=read_compare(*top.get("compare", ()), models),
    )


def _read_threads(value: object, path: str) -> int | None:
    what = f"auto, or a number of threads, 1 to {MOST_THREADS}"
    return None if value == "auto" else read_int(value, path, 1, what, MOST_THREADS)


def _read_models(top: Section, root: Path, absent: bool) -> tuple[ModelConfig, ...]:
    declared, path = top.get("models", [])
    if not isinstance(declared, (list, tuple)):
        raise ConfigError(f"{path}: {quoted(declared)} is no list; give each model as a list item: - name: ...")
    keys = tuple(key for key in _MODEL_KEYS if key not in ("name", "names", "page"))
    defaults = top.section("defaults", keys)
    models: list[ModelConfig] = []
    first_uses: dict[str, int] = {}
    for index, item in enumerate(declared):
        here = f"{path}[{index}]"
        if not isinstance(item, Mapping):
            raise ConfigError(f"{here}: {quoted(item)} is no mapping; give name, source and images")
        section = Section(item, here, _MODEL_KEYS, defaults)
        model = _read_absent(section, root, here) if absent else _read_model(section, root, here)
        first = first_uses.setdefault(model.name.lower(), index)
        if first != index:
            raise ConfigError(f"{here}.name: {model.name!r} is taken by models[{first}]; give each model its own name")
        models.append(model)
    check_pages(models)
    return tuple(models)


def _read_absent(section: Section, root: Path, place: str) -> ModelConfig:
    """Read a model whose files may be missing, except for its card, which the page shows."""
    with allow_absent_files() as messages:
        model = _read_model(section, root, place)
    if model.card is not None and not model.card.exists():
        message = next(message for message in messages if message.partition(":")[0].endswith(".card"))
        raise ConfigError(f"{message}; to let `mkdocs-lurk card {model.name}` write one, take the key out until it has")
    return replace(model, absent=tuple(messages))


def _read_model(section: Section, root: Path, place: str) -> ModelConfig:
    name = _read_name(*section.require("name", "a short name for the address of its pages"))
    source = _read_source(
        *section.require("source", "torchvision:NAME, package.module:factory or path/to/file.py:factory"), root
    )
    images, images_detail = read_images(*section.require("images", FORMS), root)
    weights, weights_detail = read_weights(*section.get("weights"), source, root)
    names, names_path = section.get("names")
    named_in = names_file(names, names_path, root)
    return ModelConfig(
        name=name,
        title=section.text("title", name, "the title of the model's page"),
        source=source,
        images=images,
        root=root,
        images_detail=images_detail,
        arguments=_read_arguments(*section.get("arguments"), source),
        weights=weights,
        weights_detail=weights_detail,
        classes=read_classes(*section.get("classes"), root),
        groups=read_groups(*section.get("groups")),
        label_map=read_label_map(*section.get("label_map")),
        transform=_read_transform(section, source, root),
        layers=_read_layers(section.section("layers", ("include", "exclude"))),
        filters=read_filters(*section.get("filters", "all")),
        top_k=section.integer("top_k", 4, 1, f"how many pictures to keep for each filter, 1 to {MOST_KEPT}", MOST_KEPT),
        gradient=section.word("gradient", "guided", GRADIENTS),
        synthesis=_read_synthesis(section),
        card=_read_card(*section.get("card"), root),
        page=read_page(*section.get("page")),
        names=read_names(names, names_path, named_in),
        names_file=named_in,
        seed=section.integer("seed", 0, 0, f"a seed, 0 to {LARGEST_SEED}", LARGEST_SEED),
        effect=read_effect(section),
        live=read_live(section),
        max_pixels=section.integer(
            "max_pixels", MAX_PIXELS, 1, f"the most pixels of a picture, 1 to {MOST_PIXELS}", MOST_PIXELS
        ),
        ignore=read_ignored(*section.get("ignore", ())),
        pictures=read_pictures(*section.get("pictures", "full")),
        place=place,
        absent=(),
        **{name: section.switch(name, default) for name, default in switches().items()},
    )


def _read_name(value: object, path: str) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    name = read_text(str(value) if is_number else value, path, "a short name")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"{path}: {quoted(name)} cannot be an address; use letters, digits, '-', '_' and '.' only")
    if name.lower() in ("index", "readme"):
        raise ConfigError(f"{path}: {name!r} is the address of the list of models; give another name")
    if len(name) > LONGEST:
        raise ConfigError(f"{path}: {quoted(name)} has {len(name)} characters; give at most {LONGEST} of them")
    if not is_portable(name):
        raise ConfigError(f"{path}: {quoted(name)} cannot be a folder on every system; give another name")
    return name


def _read_source(value: object, path: str, root: Path) -> str:
    forms = "torchvision:NAME, package.module:factory, path/to/file.py:factory or a .pt2 file of torch.export"
    source = read_text(value, path, forms)
    if re.fullmatch(r"torchvision:\w+", source):
        return source
    if is_reference(source):
        check_reference(source, path, root)
        return source
    if Path(source).suffix in ARCHIVE_SUFFIXES:
        existing_path(source, path, root, "file")
        return source
    hint = f"; did you mean 'torchvision:{source}'?" if re.fullmatch(r"[a-z0-9_]+", source) else ""
    raise ConfigError(f"{path}: {quoted(source)} is no source{hint or '; give ' + forms}")


def _read_arguments(value: object, path: str, source: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"{path}: {quoted(value)} is no mapping; give the factory's keyword arguments by name")
    if source.startswith("torchvision:") and (misplaced := {"weights", "pretrained"} & set(value)):
        raise ConfigError(f"{path}.{min(misplaced)}: weights are not an argument here; give them as the key 'weights'")
    if value and ":" not in source:
        raise ConfigError(f"{path}: {quoted(source)} is an archive, which takes no arguments; leave them out")
    return dict(value)


def _read_transform(section: Section, source: str, root: Path) -> str | TransformSpec:
    value, path = section.get("transform", "imagenet")
    if isinstance(value, Mapping):
        return read_transform(value, path)
    numbers = f"{{{', '.join(TRANSFORM_KEYS)}}}"
    forms = f"imagenet, weights, {numbers} or package.module:factory"
    transform = read_text(value, path, forms)
    if is_reference(transform):
        check_reference(transform, path, root)
        return transform
    if transform not in ("imagenet", "weights"):
        hint = near(transform, ("imagenet", "weights")) or "; give " + forms
        raise ConfigError(f"{path}: {quoted(transform)} is not known{hint}")
    if transform == "weights" and not source.startswith("torchvision:"):
        raise ConfigError(f"{path}: 'weights' needs a torchvision source; give {numbers}")
    return transform


def _read_card(value: object, path: str, root: Path) -> Path | None:
    return None if value is None else existing_path(read_text(value, path, "a Markdown file"), path, root, "file")


def _read_layers(section: Section) -> LayersConfig:
    globs = {}
    for key, default in (("include", ("*",)), ("exclude", ())):
        value, path = section.get(key, default)
        globs[key] = read_texts([value] if isinstance(value, str) else value, path, "a list of globs over layer names")
    if not globs["include"]:
        raise ConfigError(f"{section.path}.include: the list is empty; give '*' for every convolution")
    return LayersConfig(globs["include"], globs["exclude"])


def _read_synthesis(section: Section) -> SynthesisConfig | None:
    value, path = section.get("synthesis", True)
    if value is False:
        return None
    if value is not True and value is not None and not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {quoted(value)} is not known; give false or {{quality, steps, target, filters}}")
    keys = ("steps", "quality", "target", "filters")
    inner = section.section("synthesis", keys) if isinstance(value, Mapping) else Section(None, path, keys)
    is_quick, steps = section.switch("quick", default=False), None
    if inner.get("steps")[0] is not None:
        steps = inner.integer("steps", 1, 1, f"steps of gradient ascent, 1 to {MOST_STEPS}", MOST_STEPS)
    return SynthesisConfig(
        steps=min(steps or QUICK_STEPS, QUICK_STEPS) if is_quick else steps,
        quality=inner.word("quality", "quick" if is_quick else "default", QUALITIES),
        target=inner.word("target", "mean", TARGETS),
        filters=read_filters(*inner.get("filters", "all"), minimum=0),
    )
