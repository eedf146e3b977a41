"""Write a starting model card for a declared model, with what its results say as Hugging Face's metadata."""

from __future__ import annotations

from pathlib import Path

import yaml

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError, describe_os_error
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.card_parts import EVALUATION, SECTIONS
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import ModelRecord
from mkdocs_lurk.store import Store

_ASKS = {
    "intended use": "What is the network for, and what is it not for?",
    "limitations": "Where does it fail, and what has nobody tried?",
    "training data": "Which pictures was it trained on, and by whom?",
    "ethics": "Whom may its mistakes harm?",
    "citation": "How should it be cited?",
}


def write_card(model: ModelConfig, store: Store, key: str | None, path: Path) -> None:
    """Write a card; no file is replaced.

    Args:
        model: The declared model.
        store: The store with its results.
        key: The key of its record; None if it has no results.
        path: The card's file.

    Raises:
        ConfigError: The file exists, or cannot be written.
        StoreError: The results cannot be read.
    """
    record = None if key is None else DisclosedReader(store, key, model).record
    if path.exists() or path.is_symlink():
        raise ConfigError(f"card: {path} exists already and is not replaced; give another file with --out")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(card_text(model, record))
    except OSError as error:
        raise ConfigError(
            f"card: {path} cannot be written ({describe_os_error(error)}); give another file with --out"
        ) from error


def card_text(model: ModelConfig, record: ModelRecord | None) -> str:
    """Return the text of a card: what results say, and a question in place of everything else."""
    evaluation = None if record is None else record["evaluation"]
    measured = evaluation if is_computed(evaluation) else None
    head = yaml.safe_dump(_metadata(model, measured), sort_keys=False, allow_unicode=True)
    lines = [f"---\n{head}---\n", _lead(model, record)]
    for section in SECTIONS:
        lines.append(f"## {section[:1].upper()}{section[1:]}\n")
        if section == EVALUATION:
            lines.append(_evaluation(measured))
        else:
            lines.append(f"<!-- {_ASKS[section]} -->\n")
    return "\n".join(lines)


def _metadata(model: ModelConfig, evaluation: EvaluationRecord | None) -> dict[str, object]:
    """Return the metadata; results are in ``model-index`` alone, since the pictures are no data set of the Hub."""
    metadata: dict[str, object] = {"library_name": "torchvision" if model.torchvision_name else "pytorch"}
    if evaluation is None:
        return metadata
    dataset: dict[str, object] = {
        "type": "imagefolder",
        "name": f"{formatting.plural(evaluation['n'], 'picture')} of the author's",
    }
    if evaluation["split"]:
        dataset["split"] = evaluation["split"]
    metrics = [{"type": "accuracy", "name": "Top-1 accuracy", "value": evaluation["top1"]}]
    if "top5" in evaluation:
        metrics.append({"type": "accuracy", "name": "Top-5 accuracy", "value": evaluation["top5"]})
    metrics.append({"type": "f1", "name": "Macro F1", "value": evaluation["macro"]["f1"]})
    task = "image-classification"
    result = {"task": {"type": task}, "dataset": dataset, "metrics": metrics}
    index = [{"name": model.title, "results": [result]}]
    return {**metadata, "pipeline_tag": task, "metrics": ["accuracy", "f1"], "model-index": index}


def _lead(model: ModelConfig, record: ModelRecord | None) -> str:
    parameters = "" if record is None else f" with {formatting.count(record['model']['parameters'])} parameters"
    return f"{_markdown(model.title)} is a network{parameters}.\n\n<!-- This paragraph opens the model's page. -->\n"


def _evaluation(evaluation: EvaluationRecord | None) -> str:
    if evaluation is None:
        return "<!-- The model's page fills in what is measured. -->\n"
    asks = "<!-- Say which pictures these are, and whether it was trained on them. -->"
    return f"{formatting.accuracy(evaluation)}\n\n{asks}\n"


def _markdown(text: str) -> str:
    """Return a title for Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]#|<" else letter for letter in text)
