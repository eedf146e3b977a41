"""Names: titles, sections, layers, classes, picture paths and reasons, from results and from the disk.

A caption is Markdown of the author's, as the page around it; one in a card is text (`tests/browser/test_escaping.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from mkdocs_lurk.store import Store
from tests.fuzz.markup import Found, foreign_schemes, hosts, pages, read_page
from tests.fuzz.sites import LAYERS, TINY, Attacked, Sites, declare
from tests.fuzz.texts import hostile_text, yaml_text
from tests.fuzz.watch import Watch
from tests.plugin.sites import FENCE, Project, broken_addresses, project

_LABELS = ("cat", "dog", "fish", "bird", "frog")
_TEXTS = ("path", "type", "kind", "skipped", "field_note", "notes", "fact", "consequence", "skipped_images", "source")
CHOSEN = ("title", "section", "layer", "label", *_TEXTS)


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    return (_of_files if random.random() < 0.35 else _of_results)(random, root, sites)


def _of_files(random: Random, root: Path, sites: Sites) -> Watch:
    """Pictures, folders of classes and other files with hostile names, as an analysis finds them."""
    site = sites.tiny(root)
    for _ in range(random.randint(1, 3)):
        folder, name = _file_name(random), _file_name(random) + random.choice((".png", ".PNG", ".png.txt"))
        path = root / "pictures" / folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16), (random.randrange(256), 90, 120)).save(path, "PNG")
        except (OSError, ValueError):
            continue  # this system can have no such file
    declare(root, {**TINY, "classes": None})
    assert site.run(site.build) == "accepted", site.watch.refused
    check_pages(root / "site")
    return site.watch


def _file_name(random: Random) -> str:
    text = hostile_text(random).replace("/", "\u2215").replace("\0", "")[:60]
    return (text.encode("utf-8", "surrogateescape") if _is_encodable(text) else b"\xff\xfe").decode(
        "utf-8", "surrogateescape"
    ).strip(".") or "x"


def _is_encodable(text: str) -> bool:
    try:
        return len(text.encode("utf-8", "surrogateescape")) < 200
    except UnicodeEncodeError:
        return False


def _of_results(random: Random, root: Path, sites: Sites) -> Watch:
    """Results whose texts are hostile, and hostile titles in ``mkdocs.yml``; the pages must be built as they are."""
    chosen = random.sample(CHOSEN, random.randint(1, 4))  # a list: a set has another order in each process
    return publish(root, {name: _filled(random) for name in chosen}, sites)


def publish(root: Path, texts: dict[str, str], sites: Sites) -> Watch:
    """Build a site whose results hold the texts; its pages must have the elements of one with harmless words."""
    root.mkdir(parents=True)
    site = Attacked(_site(root, texts))
    outcome = site.run(site.build)
    assert outcome == "accepted", site.watch.refused
    check_pages(root / "site")
    baseline = _skeletons(list(texts), sites)
    for path in pages(root / "site"):
        address = _page_name(path, root)
        found = read_page(path.read_text("utf-8"))
        assert _comparable(found) == baseline.get(address, _comparable(found)), address
    return site.watch


def _filled(random: Random) -> str:
    text = hostile_text(random).encode("utf-8", "replace").decode()  # a record holds no halves of characters
    return text[:9000] if text.strip() else f"x{text}"


def _site(root: Path, texts: dict[str, str]) -> Project:
    """Make a site with the texts in the places that their names say."""
    layers = list(LAYERS)
    if "layer" in texts:
        layers[1] = (texts["layer"], *LAYERS[1][1:])
    nav = {"nav": {"section": texts["section"]}} if "section" in texts else {}
    made = project(root, layers=layers, model={"title": texts.get("title", "Title")}, lurk=nav)
    fence = FENCE.replace("features.3", yaml_text(layers[1][0]))
    made.write("docs/index.md", f"# Home\n\n{fence}")
    store = Store(made.cache)
    for unit in map(store.get, store.keys()):
        assert unit is not None
        changed = _changed(unit.record, texts, "")
        if changed != unit.record:
            store.put(unit.key, changed, {name: unit.blob(name) for name in unit.names})
    return made


def _changed(value: Any, texts: dict[str, str], name: str) -> Any:
    """Return a record with the texts in its places; labels are the same everywhere."""
    if isinstance(value, dict):
        return {key: _changed(item, texts, name if name == "skipped_images" else key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_changed(item, texts, name) for item in value]
    if isinstance(value, str) and value in _LABELS and "label" in texts and name != "path":
        return f"{texts['label']} {value}"
    if isinstance(value, str) and name in texts and name in _TEXTS and value:
        return f"{texts[name]} {value}" if name == "path" else texts[name]
    return value


def check_pages(site: Path) -> None:
    """Check that the pages hold no script, handler, link or host that is not of our own."""
    assert broken_addresses(site) == []
    for path in pages(site):
        found = read_page(path.read_text("utf-8"))
        assert found.handlers == [], path
        assert foreign_schemes(found.addresses) == [], path
        assert hosts(found.addresses) <= {"example.org", "www.mkdocs.org", "cdnjs.cloudflare.com"}, path


def _page_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root / "site").parts
    return (
        "layer"
        if len(parts) == 4
        and parts[2] not in (LAYERS[0][0], "evaluation", "classes", "cost", "live", "pictures", "quiz", "trust")
        else "/".join(parts)
    )


def _comparable(found: Found) -> list[str]:
    """Return a page's elements without code, which shows what stands between backticks, and places to break a line."""
    return [element for element in found.skeleton if not element.startswith(("code", "wbr"))]


def _skeletons(chosen: list[str], sites: Sites) -> dict[str, list[str]]:
    return _skeletons_of(frozenset({"layer"}.intersection(chosen)), sites.folder)


@cache
def _skeletons_of(chosen: frozenset[str], folder: Path) -> dict[str, list[str]]:
    """Return the elements of each page where the same texts are harmless words."""
    root = folder / f"harmless-{len(chosen)}"
    root.mkdir(parents=True)
    texts = dict.fromkeys(chosen, "word")
    made = _site(root, texts)
    made.build()
    return {_page_name(path, root): _comparable(read_page(path.read_text("utf-8"))) for path in pages(made.site)}
