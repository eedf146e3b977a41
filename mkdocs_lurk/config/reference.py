"""What every option means, in Markdown, for the reference in the docs; its words and defaults come from the code.

A key stands with those that it lies in, without ``models``: ``synthesis.steps``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mkdocs_lurk.config.options import QUICK_FILTERS, QUICK_STEPS
from mkdocs_lurk.limits import MOST_LIVE_GMACS, MOST_LIVE_MB


@dataclass(frozen=True, slots=True)
class Option:
    """What the reference says of an option.

    Attributes:
        meaning: What it does, in Markdown.
        values: What can be given, in Markdown; empty where the type in the code says it (a switch, or a few words).
        default: What stands without it, in Markdown; empty where the code has a value for that.
    """

    meaning: str
    values: str = ""
    default: str = ""


SITE: dict[str, Option] = {
    "cache_dir": Option(
        "The folder for results. It can be copied to another machine. Every command refuses one inside `docs_dir`, "
        "`site_dir` or the theme's `custom_dir`; a cache that was left in the docs is not published, and a warning "
        "names it.",
        "a folder",
    ),
    "missing": Option("What a build does about results that are not cached."),
    "on_serve": Option(
        "Whether `mkdocs serve` uses what is `cached`, or `analyze`s what is missing: "
        "[while you write](start.md#while-you-write)."
    ),
    "device": Option("Where the network runs.", "`auto`, `cpu`, `cuda`, `cuda:N`, `mps`"),
    "precision": Option("The numbers of gradients and syntheses. Scores are always float32."),
    "threads": Option(
        "The threads of each process on a CPU. With a number, every build has "
        "[the same bytes](machines.md#the-same-bytes) on any number of cores of the same kind; with `auto`, one thread "
        "per core, the last digits differ.",
        "`auto`, a number",
        "`auto`",
    ),
    "nav.mode": Option(
        "Where the pages go in the navigation: into a section, or nowhere. Pages that `nav` names stay where they are."
    ),
    "nav.section": Option(
        "The title of that section, at any depth of the navigation; a new one at its end, if there is none.", "a title"
    ),
    "defaults": Option("Keys for every model.", "keys of a model", "`{}`"),
    "models": Option("The models.", "a list", "`[]`"),
    "compare": Option(
        "Compare two models on the same pictures, on a page of its own: [two models](how.md#two-models). No network "
        "runs for it.",
        "pairs of names: `[[base, tuned]]`",
        "`[]`",
    ),
}

MODEL: dict[str, Option] = {
    "name": Option("The address: pages at `models/NAME/`.", "letters, digits, `-`, `_`, `.`", "required"),
    "title": Option("The title of the model's page.", "a text", "the name"),
    "source": Option(
        "The network.",
        "`torchvision:NAME`, `package.module:factory`, `path/to/file.py:factory`, or a `torch.export` archive with "
        "`trust: true`",
        "required",
    ),
    "arguments": Option("Keyword arguments of the factory.", "a mapping", "`{}`"),
    "weights": Option(
        "Its weights. Without any, they are those that the source makes, random as a rule, and the page says so.",
        "a `.safetensors`, `.pt`, `.pth` or `.ckpt` file, the name of torchvision weights, or "
        "[`{file, key, prefix}`](#what-is-read-of-a-checkpoint)",
        "none",
    ),
    "images": Option(
        "[The pictures](pictures.md).",
        "a folder of class folders, a flat folder, `{folder, split}`, a `.csv` file, a glob, a list, or "
        "`package.module:factory` of a Dataset",
        "required",
    ),
    "classes": Option(
        "The names of the outputs, in their order.",
        "`imagenet`, a file of names, a list",
        "[by the pictures](pictures.md#the-classes-of-the-outputs)",
    ),
    "groups": Option(
        "Classes that belong together: `{dogs: [beagle, collie]}`, by labels or by names of outputs. `{}` for none.",
        "a mapping",
        "[nested folders](pictures.md#groups-of-classes)",
    ),
    "label_map": Option(
        "Which output is right for which pictures, where "
        "[names differ](pictures.md#labels-that-are-called-otherwise): `{tabby: tabby cat}`.",
        "a mapping",
        "`{}`",
    ),
    "transform": Option(
        "[How a picture becomes the network's input](pictures.md#the-transform); its numbers are below.",
        "`imagenet`, `weights`, numbers, or `package.module:factory`",
    ),
    "transform.resize": Option("The short side, in pixels, before the crop.", "a number", "none"),
    "transform.crop": Option("What is cut out of the centre, in pixels.", "a number, `[height, width]`", "none"),
    "transform.mean": Option(
        "Subtracted from values from 0 to 1.", "a number, or one for each channel", "ImageNet's, of 3 channels"
    ),
    "transform.std": Option("What the difference is divided by.", "likewise", "ImageNet's, of 3 channels"),
    "transform.channels": Option(
        "Channels of the input: 1 for grey, 3 for RGB, or as many as the pictures have.", "a number"
    ),
    "transform.normalised": Option("Whether the pictures are normalised already, by `mean` and `std`."),
    "transform.value_range": Option("The values of black and white.", "`[lowest, highest]`", "the usual ones"),
    "layers.include": Option("Globs over the names of modules; `*` is every convolution.", "a list of globs"),
    "layers.exclude": Option("What of them is left out.", "a list of globs"),
    "filters": Option(
        "The filters to analyse.",
        "`all`, a count (the first so many of each layer), a list, or one of these for each layer glob",
    ),
    "quick": Option(
        f"[A preview](start.md#a-preview): up to {QUICK_FILTERS} filters of each layer, and up to {QUICK_STEPS} steps "
        "of gradient ascent for a picture."
    ),
    "top_k": Option("The number of pictures kept for each filter.", "a number"),
    "range": Option(
        "Show pictures from the strongest response to the weakest of every filter: [the range](how.md#the-range). It "
        "takes no further pass through the network."
    ),
    "labels": Option(
        "Look for the classes and groups that each filter answers to, and prove them on pictures that did not choose "
        "them: [the labels](how.md#the-labels). Takes no pass through the network."
    ),
    "facets": Option(
        "Divide the crops that excite each filter most into kinds, where chance would not do as well: "
        "[the facets](how.md#the-facets). Takes one more pass for each picture."
    ),
    "circuits": Option(
        "Find the filters through which the network makes each class, what flows from one to the next, and what they "
        "do alone: [the circuits](how.md#the-circuits). Takes some 30 passes for up to 16 pictures of each class, and "
        "`effect`."
    ),
    "tuning": Option(
        "Show changed pictures to the network, to see whether each filter depends on colour, fine detail, left and "
        "right, orientation, size and shape: [the tuning](how.md#the-tuning). Takes eight passes for each picture."
    ),
    "twin": Option(
        "Compare the figures of all filters with those of the same network with shuffled weights, on a page of their "
        "own: [compared with chance](how.md#compared-with-chance). Takes one more pass for each picture, and eight "
        "more with `tuning`. Where the pictures have no classes, it takes `tuning` to have something to compare."
    ),
    "sanity_checks": Option(
        "Check whether gradients depend on the weights, for a few filters of each layer, and whether syntheses go the "
        "way of photos: "
        "[compared with chance](how.md#compared-with-chance)."
    ),
    "latency": Option(
        "Measure the time of one forward pass of one picture, once, on the machine of the analysis: "
        "[the cost](how.md#the-cost). Every machine measures another time, so that results are no longer the same "
        "bytes everywhere."
    ),
    "gradient": Option("[The rule](how.md#the-gradients) of the backward pass at a ReLU."),
    "effect": Option(
        "Measure what every filter contributes to the output for each class: "
        "[the effect on the output](how.md#the-effect-on-the-output). Takes about three forward passes for each "
        "picture.",
        "`true`, `false`, or keys as below",
        "`true`",
    ),
    "effect.estimate": Option("Whether contributions are estimated at all; `false` is `effect: false`."),
    "effect.steps": Option(
        "Steps of a line from the mean picture, along which contributions are integrated; 0 takes the gradient at the "
        "picture.",
        "a number",
    ),
    "effect.exact": Option(
        "How many filters of each layer, those with the most effect, the network is run without, one by one; as many "
        "at random are, too. `mkdocs-lurk plan` tells what that takes.",
        "a number",
    ),
    "synthesis": Option(
        "[Gradient ascent](how.md#the-picture-made-by-gradient-ascent).", "`true`, `false`, or keys as below", "`true`"
    ),
    "synthesis.quality": Option(
        "How much computation a picture may take, from which the steps of each layer follow.",
    ),
    "synthesis.steps": Option("Their number for all layers instead.", "a number", "by `quality`"),
    "synthesis.target": Option("Raise the filter's mean over its map, or the unit in the middle of it."),
    "synthesis.filters": Option("Those of the chosen filters that get a picture.", "as `filters`"),
    "live": Option(
        "Whether [the network runs in the visitor's browser](live.md), on pictures of theirs. **It publishes the "
        "weights.** Not with `anonymous`.",
        "`true`, `false`, or keys as below",
        "`false`",
    ),
    "live.limit_mb": Option(
        "The megabytes that a visitor may load; a larger network is not published.",
        f"a whole number, 1 to {MOST_LIVE_MB}",
    ),
    "live.limit_gmacs": Option(
        "The billions of multiply-adds that a picture may take.", f"a whole number, 1 to {MOST_LIVE_GMACS}"
    ),
    "live.precision": Option("The numbers that the weights are published in."),
    "card": Option("[A model card](writing.md#a-model-card) that opens the model's page.", "a Markdown file", "none"),
    "page": Option(
        "Where its pages are under the site: [another place for a model](writing.md#another-place-for-a-model).",
        "a folder, or a page of yours",
        "`models/NAME`",
    ),
    "names": Option(
        "Names for filters, by layer and number: `{features.0: {12: eyes in fur}}`. Tiles, titles, wiring, search and "
        "`results.json` show them; addresses stay numbers. Nothing is computed anew.",
        "a mapping, or a YAML file",
        "none",
    ),
    "seed": Option("The seed of everything that is drawn at random.", "a number"),
    "max_pixels": Option(
        "The most pixels of a picture, and a quarter of the most bytes of an array. A larger one is skipped before it "
        "is decoded, with a [warning](#warnings).",
        "a number",
    ),
    "trust": Option(
        "Whether a `torch.export` archive may be loaded: `true` if you made the file yourself, or trust who did."
    ),
    "pictures": Option(
        "What is published of the pictures: [private pictures](pictures.md#private-pictures).",
        "`full`, `thumbnails`, `{thumbnails: PX}`, `none`, or one of these for each glob over paths or labels",
        "`full`",
    ),
    "anonymous": Option(
        "Leave out where the model comes from and who made it, for [a blind review](pictures.md#for-a-blind-review)."
    ),
    "ignore": Option("The names of [warnings](#warnings) that are accepted.", "a list", "`[]`"),
}
