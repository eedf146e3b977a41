"""The command line: every command calls another part of the package; an error is one line and exit code 1."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mkdocs_lurk import __version__
from mkdocs_lurk.build import analyze as analyze_models
from mkdocs_lurk.build import generate, log_warnings, plan_model
from mkdocs_lurk.build import inspect as inspect_model
from mkdocs_lurk.build import pack as pack_models
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError, LurkError, near
from mkdocs_lurk.named_warnings import describe_warning
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.export import export as export_pages
from mkdocs_lurk.pages.export_docs import AuthorDocs, cards_of
from mkdocs_lurk.pages.site import drop_unused
from mkdocs_lurk.plugin.mkdocs_yml import Declaration, read_mkdocs_yml
from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.plan_record import ModelPlan, describe_plan
from mkdocs_lurk.starting import start_site
from mkdocs_lurk.starting_card import write_card
from mkdocs_lurk.store import Store
from mkdocs_lurk.store import clean as clean_store
from mkdocs_lurk.store import unpack as unpack_bundle
from mkdocs_lurk.text import visible

if TYPE_CHECKING:
    from mkdocs_lurk.run.inspection import Inspection

_SHOWN_CLASSES = 5
_NEXT = (
    ("mkdocs-lurk plan", "says what the preview takes"),
    ("mkdocs-lurk analyze", "computes it"),
    ("mkdocs serve", "shows the site; with 'quick' removed from mkdocs.yml, analyze computes all filters"),
)
_SIZES = f"channels {formatting.TIMES} height {formatting.TIMES} width"


class _OneLineErrors(click.Group):
    """Show our errors as one line, and exit with 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LurkError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mkdocs-lurk")
def main() -> None:
    """Publish what the filters of a convolutional network respond to, as pages of an MkDocs site."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("mkdocs.plugins.lurk")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)


def _examples(*commands: str) -> str:
    """Return the end of a command's help."""
    return "\n".join(("\b", "Examples:", *(f"  {command}" for command in commands)))


def _config_file(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "-f", "--config-file", "path", type=click.Path(path_type=Path), default=Path("mkdocs.yml"), show_default=True,
        help="The site's configuration.",
    )(command)  # fmt: skip


@main.command(
    epilog=_examples(
        "mkdocs-lurk init resnet18 photos", "mkdocs-lurk init network.py:make photos --weights weights.safetensors"
    )
)
@click.option("--weights", help="A weights file, or a name of torchvision's; without any, torchvision's usual ones.")
@click.option("--name", help="The address of its pages; by default from the source.")
@click.option("--title", help="The title of its page; by default from the name.")
@click.argument("source")
@click.argument("images")
def init(source: str, images: str, weights: str | None, name: str | None, title: str | None) -> None:
    """Write mkdocs.yml, a first page and a model card for the network SOURCE and the folder of pictures IMAGES.

    SOURCE is a name of torchvision's, package.module:factory or path/to/file.py:factory. The transform, the classes and
    the rest are found out from the network, its weights and the pictures. No file is replaced.
    """
    written = start_site(Path(), source, images, weights, name, title)
    _echo(f"wrote {', '.join(written[:-1])} and {written[-1]}. What to run next:")
    _echo_table([[f"  {command}", what] for command, what in _NEXT])


@main.command(epilog=_examples("mkdocs-lurk plan", "mkdocs-lurk plan --json > plan.json"))
@_config_file
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def plan(path: Path, as_json: bool) -> None:
    """Say what is cached and what is missing, and estimate the time and the size of the rest by trying a little."""
    declared = read_mkdocs_yml(path)
    store = Store(declared.config.cache_dir)
    plans: list[ModelPlan] = []
    for state in resolve(declared.config, store):
        plans.append(plan_model(declared.config, state, store))
        if as_json:
            continue
        for line in describe_plan(plans[-1], state.config.ignore):
            _echo(line)
    if as_json:
        click.echo(json.dumps(plans, indent=2))


@main.command(
    epilog=_examples(
        "mkdocs-lurk analyze",
        "mkdocs-lurk analyze resnet18 --force",
        "torchrun --nproc-per-node 4 -m mkdocs_lurk analyze",
    )
)
@_config_file
@click.option("--force", is_flag=True, help="Compute everything anew, whatever is cached.")
@click.argument("models", nargs=-1)
def analyze(path: Path, models: Sequence[str], force: bool) -> None:
    """Compute what is missing of MODELS (of all, without any), without building a site; also under torchrun."""
    declared = read_mkdocs_yml(path)
    store = Store(declared.config.cache_dir)
    for model, key in analyze_models(declared.config, _select_models(declared, models), store, force):
        log_warnings(model, key, store)
        _echo(f"{model.name}: complete")


@main.command(epilog=_examples("mkdocs-lurk inspect resnet18", "mkdocs-lurk inspect resnet18 --json > resnet18.json"))
@_config_file
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@click.argument("model")
def inspect(path: Path, as_json: bool, model: str) -> None:
    """Say what MODEL is before its analysis: input, pictures, classes, three predictions, and its layers."""
    declared = read_mkdocs_yml(path)
    (selected,) = _select_models(declared, [model])
    found = inspect_model(declared.config, selected, Store(declared.config.cache_dir))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    _echo_table(_fact_rows(found))
    for note in found["notes"]:
        _echo(f"note: {formatting.sentence(note)}")
    for name, why in found["skipped_layers"].items():
        _echo(f"note: {name} has no page: {why.removesuffix('.')}.")
    for warning in found["warnings"]:
        _echo(f"warning: {describe_warning(model, warning, ignored=warning['name'] in selected.ignore)}")
    rows = [["layer", "address", "kind", "filters", "output", "parameters", "receptive field"]]
    for entry in found["layers"]:
        field = formatting.receptive_field(entry["receptive_field"])
        shape, parameters = formatting.shape(entry["output"]), f"{entry['parameters']:,}"
        rows.append([entry["name"], entry["slug"], entry["kind"], str(entry["filters"]), shape, parameters, field])
    _echo()
    _echo_table(rows)


def _fact_rows(found: Inspection) -> list[list[str]]:
    """Describe a model's input, pictures, classes and predictions: rows of a name and a text."""
    images, classes = found["images"], found["classes"]
    mean, std = (", ".join(f"{value:.3g}" for value in found["input"][key]) for key in ("mean", "std"))
    of_all = "" if images["measured"] == images["count"] else f", of {images['measured']} that were measured"
    extremes = [
        f"{kind} {formatting.shape([size['height'], size['width']])} px ({size['path']})"
        for kind, size in (("smallest", images["smallest"]), ("largest", images["largest"]))
    ]
    names = ", ".join(classes[:_SHOWN_CLASSES]) + (", ..." if len(classes) > _SHOWN_CLASSES else "")
    rows = [
        ["model", f"{found['title']}, {formatting.count(found['parameters'])} parameters, from {found['source']}"],
        ["input", f"{formatting.shape(found['input']['size'])} px ({_SIZES}), mean {mean}, std {std}"],
        ["pictures", f"{images['count']:,}; {'; '.join(extremes)}{of_all} (height {formatting.TIMES} width)"],
        ["classes", f"{len(classes):,}: {names}" if classes else "none"],
    ]
    for picture in found["predictions"]:
        label = f" ({picture['label']})" if picture["label"] else ""
        guess = f"{picture['prediction']}, {formatting.percent(picture['probability'])}"
        rows.append(["prediction", f"{picture['path']}{label}: {guess}"])
    nothing = ["prediction", "none: the output is not one finite number a class"]
    return rows if found["predictions"] else [*rows, nothing]


def _echo(line: str = "") -> None:
    """Print a line; characters of names and titles that a terminal would obey are written out."""
    click.echo(visible(line))


def _echo_table(rows: Sequence[Sequence[str]]) -> None:
    rows = [[visible(text) for text in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        _echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@main.group(
    epilog=_examples(
        "mkdocs-lurk bundle pack results.tar      (where they were computed)",
        "mkdocs-lurk bundle unpack results.tar    (where the site is built)",
    )
)
def bundle() -> None:
    """Move finished results between machines."""


@bundle.command(epilog=_examples("mkdocs-lurk bundle pack results.tar"))
@_config_file
@click.argument("file", type=click.Path(path_type=Path))
def pack(path: Path, file: Path) -> None:
    """Write the results of all complete models into FILE, without what `pictures` and `anonymous` hold back."""
    declared = read_mkdocs_yml(path)
    models, units = pack_models(declared.config, Store(declared.config.cache_dir), file)
    _echo(f"{file}: {formatting.plural(models, 'model')}, {formatting.plural(units, 'unit')}")


@bundle.command(epilog=_examples("mkdocs-lurk bundle unpack results.tar"))
@_config_file
@click.argument("file", type=click.Path(path_type=Path))
def unpack(path: Path, file: Path) -> None:
    """Take the results in FILE into this site's cache."""
    n_new = unpack_bundle(Store(read_mkdocs_yml(path).config.cache_dir), file, check_bundle)
    _echo(f"{file}: {formatting.plural(n_new, 'new unit')}")


@main.command(epilog=_examples("mkdocs-lurk export --out ../other/docs", "mkdocs-lurk export --out results --csv"))
@_config_file
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write into.")
@click.option("--csv", "tables", is_flag=True, help="Write tables too, beside each model's results.json.")
@click.option(
    "--docs",
    "with_docs",
    is_flag=True,
    help="Copy the author's pages too, for a generator with the Markdown extension mkdocs_lurk.markdown (Zensical).",
)
def export(path: Path, out: Path, tables: bool, with_docs: bool) -> None:
    """Write the pages as plain Markdown and files, for other generators."""
    declared = read_mkdocs_yml(path)
    site = generate(declared.config, declared.config.missing, declared.overrides)
    docs = AuthorDocs(declared.docs, cards_of(declared.config)) if with_docs else None
    _echo(f"{out}: {formatting.plural(export_pages(site, out, tables=tables, docs=docs), 'file')}")


@main.command(epilog=_examples("mkdocs-lurk card squeezenet", "mkdocs-lurk card mine --out docs/mine.md"))
@_config_file
@click.option("--out", type=click.Path(path_type=Path), help="The file; by default cards/MODEL.md in the docs.")
@click.argument("model")
def card(path: Path, out: Path | None, model: str) -> None:
    """Write a starting model card for MODEL, with its evaluation as Hugging Face's metadata. No file is replaced."""
    declared = read_mkdocs_yml(path)
    (config,) = _select_models(declared, [model])
    store = Store(declared.config.cache_dir)
    state = next(one for one in resolve(declared.config, store) if one.config is config)
    target = out or declared.docs / "cards" / f"{config.name}.md"
    write_card(config, store, state.key, target)
    told = "" if state.key is not None else ", without figures, since there are no results yet"
    _echo(f"wrote {target}{told}; answer its questions, and declare it as 'card' of the model")


@main.command(epilog=_examples("mkdocs-lurk clean", "mkdocs-lurk clean -f other/mkdocs.yml"))
@_config_file
def clean(path: Path) -> None:
    """Drop what no declared model uses any more."""
    declared = read_mkdocs_yml(path)
    store = Store(declared.config.cache_dir)
    states = resolve(declared.config, store)
    unfinished = any(state.key is None for state in states)
    current = {state.request: state.key for state in states if state.key is not None}
    requests = [state.request for state in states]
    result = clean_store(store, requests, unfinished=unfinished, current=current)
    freed = result.freed_bytes + drop_unused(states, declared.config.cache_dir, declared.overrides)
    _echo(f"{formatting.plural(result.units, 'unit')} dropped, {freed / 1e6:.1f} MB set free")


def _select_models(declared: Declaration, names: Sequence[str]) -> list[ModelConfig]:
    """Return the declared models of the given names, or all models without any.

    Raises:
        ConfigError: No model has one of the names.
    """
    models = {model.name: model for model in declared.config.models}
    for name in names:
        if name not in models:
            raise ConfigError(f"there is no model {name!r}{near(name, models) or '; there are ' + ', '.join(models)}")
    return [models[name] for name in dict.fromkeys(names)] if names else list(models.values())
