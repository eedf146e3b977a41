"""Choose the demonstration's photographs from two packages whose pictures are credited one by one, and credit each.

Debian's package `gcompris-qt-data`, a learning game, packs its pictures in Qt resource archives, and a README beside
them names author, licence and source of every file. Taken is only what such an entry declares, for that very file, to
be in the public domain or under CC0. A few more are from the Python package `scikit-image`, whose functions state the
same of each of its sample pictures.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

HERE = Path(__file__).parent
SHORT_SIDE_PX = 256
QUALITY = 84

# Narrower than this, too little is left of a picture in the square that the network sees.
LEAST_SHORT_SIDE_PX = 160
MOST_ELONGATED = 2.1

FREE = {"public domain": "Public domain", "cc0-1.0": "CC0-1.0"}

SAMPLES_PAGE = "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data"

# Where the photographs are, and the class of each, by the first pattern that its name fits.
FOLDERS = {
    "categorization/resource/images/fishes": {"*": "fish"},
    "categorization/resource/images/monuments": {"*": "monument"},
    "categorization/resource/images/others": {"*": "household"},
    "categorization/resource/images/renewable": {"dam*": "dam", "solar*": "solar-power", "windmill*": "windmill"},
    "categorization/resource/images/tools": {"*": "tool"},
    "clickgame/resource": {"*": "sea"},
    "erase/resource": {"*": "animal"},
    "explore_farm_animals/resource/animals": {"*": "animal"},
    "explore_monuments/resource": {
        "*/machuPicchu*": "landscape",
        "*/ajantaCave*": "landscape",
        "*/canyondeChelly*": "landscape",
        "*/navajo*": "landscape",
        "*/rocamadour*": "landscape",
        "*": "monument",
    },
    "explore_world_animals/resource/animals": {"*": "animal"},
    "explore_world_music/resource/music": {"*": "music"},
}

# The game calls the pictures of music by countries: what they show, by their names in the game.
SHOWN = {
    "africa.webp": "bata-drums.webp",
    "italy.webp": "opera.webp",
    "mexico.webp": "mariachi.webp",
    "middleeast.webp": "dutar.webp",
}

# Free, and still left out, by looking at them: names within their folder, by the reason.
EXCLUDED = {
    # Shows a building or a sculpture young enough to be somebody's, whatever the photograph's licence.
    "categorization/resource/images/monuments": "bayterek burj christTheRedeemer leMusee"
    # Not what the name says.
    " jucheTower"
    # A second view of what the game shows better elsewhere.
    " eiffelTower greatWall kutubMinar mountRushmore",
    "explore_monuments/resource": "usa/statueofLiberty"
    # A ruin in which a monument is hard to find.
    " usa/fortSumter"
    # An old print: greyscale, faded, or with its frame.
    " usa/castleClinton usa/castillodeSanMarcos usa/georgeWashingtonBirthplace"
    # A model of a cathedral, in front of it.
    " germany/wormsCathedral"
    # More of one kind than the set needs.
    " egypt/bentPyramid france/arlesAmphitheater india/rangGhar germany/trierImperialBaths",
    # Much like another fish that stays: the same species or the same dim view.
    "categorization/resource/images/fishes": "fish14 fish16 fish19 fish20 fish22 fish26",
    # Hardly anything to see.
    "clickgame/resource": "sea1",
    # Lamps at night, blurred, which excite half of the filters.
    "explore_world_music/resource/music": "japan",
    # Mostly print; no household has one.
    "categorization/resource/images/others": "volleyball igloo",
    # A toy; the same mill as windmill9.
    "categorization/resource/images/renewable": "windmill2 windmill14",
    # Much like another that stays; cut off; not a tool; a kit of parts.
    "categorization/resource/images/tools": "hammer6 hammer9 measuringTape4 plier4 multimeter3 spray screwDriver3",
}


@dataclass(frozen=True)
class Credit:
    """What a README says of one file."""

    author: str
    source: str
    licence: str


# Of the sample pictures of scikit-image those that show what the game lacks: label, name and credit of each, as the
# functions of `skimage.data` state them.
SAMPLES = {
    "astronaut.png": ("space", "astronaut", Credit("NASA", "https://flic.kr/p/r9qvLn", "Public domain")),
    "brick.png": (
        "texture",
        "brick",
        Credit("CC0 Textures", "https://cc0textures.com/view.php?tex=Bricks25", "CC0-1.0"),
    ),
    "chelsea.png": ("animal", "tabby", Credit("Stefan van der Walt", SAMPLES_PAGE + ".chelsea", "CC0-1.0")),
    "coffee.png": ("household", "espresso", Credit("Rachel Michetti", SAMPLES_PAGE + ".coffee", "CC0-1.0")),
    "grass.png": (
        "texture",
        "grass",
        Credit("linolafett", "https://www.deviantart.com/linolafett/art/Grass-01-434853879", "CC0-1.0"),
    ),
    "gravel.png": (
        "texture",
        "gravel",
        Credit("CC0 Textures", "https://cc0textures.com/view.php?tex=Gravel04", "CC0-1.0"),
    ),
    "rocket.jpg": (
        "space",
        "rocket",
        Credit("SpaceX", "https://www.flickr.com/photos/spacexphotos/16511594820/", "Public domain"),
    ),
}


@dataclass(frozen=True)
class Photo:
    """One picture that may be used."""

    label: str
    name: str
    credit: Credit
    content: bytes


class Archive:
    """A Qt resource archive (``.rcc``): a tree of named nodes over blobs that may be compressed.

    Every number in it is big-endian. The header holds the places of the tree, of the blobs and of the names.
    """

    FOLDER, ZLIB, ZSTD = 2, 1, 4

    def __init__(self, content: bytes) -> None:
        if content[:4] != b"qres":
            raise ValueError("not a Qt resource archive")
        self._content = content
        version, self._tree, self._blobs, self._names = struct.unpack_from(">4I", content, 4)
        self._node_size = 22 if version >= 2 else 14  # since version 2 a node ends with a date

    def files(self) -> dict[str, bytes]:
        """Every file's content by its path."""
        return dict(self._walk(0, PurePosixPath()))

    def _walk(self, node: int, parent: PurePosixPath) -> Iterator[tuple[str, bytes]]:
        start = self._tree + node * self._node_size
        name, flags = struct.unpack_from(">IH", self._content, start)
        path = parent / self._name(name) if node else parent
        if flags & self.FOLDER:
            count, first = struct.unpack_from(">2I", self._content, start + 6)
            for child in range(first, first + count):
                yield from self._walk(child, path)
        else:
            (blob,) = struct.unpack_from(">I", self._content, start + 10)
            yield str(path), self._blob(blob, flags)

    def _name(self, offset: int) -> str:
        start = self._names + offset
        (length,) = struct.unpack_from(">H", self._content, start)
        start += 6  # past the length and a hash
        return self._content[start : start + 2 * length].decode("utf-16-be")

    def _blob(self, offset: int, flags: int) -> bytes:
        start = self._blobs + offset
        (length,) = struct.unpack_from(">I", self._content, start)
        blob = self._content[start + 4 : start + 4 + length]
        if flags & self.ZLIB:
            return zlib.decompress(blob[4:])  # past the length it unpacks to
        if flags & self.ZSTD:
            return unpack_zstd(blob)
        return blob


def unpack_zstd(blob: bytes) -> bytes:
    """Unpack a Zstandard frame. Needs the package ``zstandard``; Debian's archives use zlib, and do without."""
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj().decompress(blob)


def read_credits(readme: str) -> dict[str, Credit]:
    """Read the entries of a README: fields in any order, then or among them the files that they hold for.

    An entry that lacks one of the fields credits nothing.
    """
    found = {}
    for entry in re.split(r"\n\s*\n", readme):
        fields = dict(re.findall(r"^(Copyright|Source|License): *(.+?) *$", entry, re.MULTILINE))
        names = re.findall(r"^(?:Files: *)?([\w./-]+\.\w+) *$", entry, re.MULTILINE)
        if len(fields) == 3:
            credit = Credit(fields["Copyright"], fields["Source"], fields["License"])
            found.update(dict.fromkeys(names, credit))
    return found


def tidy(name: str) -> str:
    """A file's name for a reader: ``leaningTowerOfPisa`` is ``leaning-tower-of-pisa``, ``fish7`` is ``fish-07``."""
    stem = PurePosixPath(name).stem
    stem = re.sub(r"(?<=[a-z])(of|du|des|(?<=[enou])de)(?=[A-Z])", r"-\1", stem)  # pontduGard, chateaudeChambord
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", stem)
    stem = re.sub(r"(?<=[a-z])(\d+)$", lambda number: f"-{int(number[1]):02d}", stem)
    return stem.lower().replace("_", "-")


def free_photos(folder: str, files: dict[str, bytes]) -> Iterator[tuple[str, Credit, bytes]]:
    """The pictures of one folder that their README declares free, by their path in the folder."""
    root = PurePosixPath("gcompris/src/activities", folder)
    for name, credit in read_credits(files[str(root / "README")].decode()).items():
        content = files.get(str(root / name))  # a README may name what is no longer there
        if content and name.endswith(".webp") and credit.licence.lower() in FREE:
            yield name, credit, content


def shows_enough(content: bytes) -> bool:
    """Whether a picture is neither too small nor too long and thin."""
    short, long = sorted(Image.open(io.BytesIO(content)).size)
    return short >= LEAST_SHORT_SIDE_PX and long <= MOST_ELONGATED * short


def choose(archives: Path) -> list[Photo]:
    """Every photograph to use: free, of a known class, large enough, not excluded, and the first from its source."""
    photos: dict[str, Photo] = {}
    for folder, labels in FOLDERS.items():
        files = Archive((archives / f"{folder.partition('/')[0]}.rcc").read_bytes()).files()
        excluded = EXCLUDED.get(folder, "").split()
        for name, credit, content in free_photos(folder, files):
            label = next((label for pattern, label in labels.items() if fnmatch.fnmatch(name, pattern)), None)
            if label and name.removesuffix(".webp") not in excluded and shows_enough(content):
                shown = SHOWN.get(name, name)
                photos.setdefault(credit.source, Photo(label, tidy(shown), credit, content))
    return list(photos.values())


def samples(wheel: Path) -> list[Photo]:
    """The chosen sample pictures of scikit-image, from its wheel."""
    with zipfile.ZipFile(wheel) as packed:
        return [
            Photo(label, name, credit, packed.read(f"skimage/data/{file}"))
            for file, (label, name, credit) in SAMPLES.items()
        ]


def named_apart(photos: list[Photo]) -> Iterator[tuple[str, Photo]]:
    """Give each photo its path under the photos' folder; a name's second use gets a number."""
    used: dict[str, int] = {}
    for photo in sorted(photos, key=lambda one: (one.label, one.name)):
        path = f"{photo.label}/{photo.name}"
        used[path] = used.get(path, 0) + 1
        yield (path if used[path] == 1 else f"{path}-{used[path]}") + ".jpg", photo


def shrink(content: bytes) -> bytes:
    """Make a JPEG whose short side has ``SHORT_SIDE_PX`` pixels at most, without any metadata."""
    picture = Image.open(io.BytesIO(content))
    if picture.mode != "RGB":  # where it is see-through, the game shows a light ground
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")
    scale = min(1.0, SHORT_SIDE_PX / min(picture.size))
    picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    picture.info.clear()  # else Pillow writes the profile and the comment of the original
    picture.save(packed, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return packed.getvalue()


def credits_page(photos: list[tuple[str, Photo]]) -> str:
    """The table that names every photo's author, source and licence."""
    rows = [
        f"| `{path}` | {photo.credit.author} | <{photo.credit.source}> | {FREE[photo.credit.licence.lower()]} |"
        for path, photo in photos
    ]
    return "\n".join(
        [
            "# Who made the photographs",
            "",
            f"Of the {len(rows)} photographs under `photos/`, {len(SAMPLES)} come with scikit-image, and the others",
            "with the learning game GCompris. Both name author, source and licence of each. Every one is in the",
            f"public domain or under CC0-1.0. Their short side was scaled to at most {SHORT_SIDE_PX} px, and",
            "metadata was taken out. `make_photos.py` chose them and wrote this table.",
            "",
            "| File | Author | Source | Licence |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "archives", type=Path, help="folder with the .rcc files, usr/share/gcompris-qt/rcc in the package"
    )
    parser.add_argument("wheel", type=Path, help="the wheel of scikit-image")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    args = parser.parse_args()

    photos = sorted(named_apart([*choose(args.archives), *samples(args.wheel)]))
    shutil.rmtree(args.out / "photos", ignore_errors=True)
    size = 0
    for path, photo in photos:
        target = args.out / "photos" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        size += target.write_bytes(shrink(photo.content))
    (args.out / "CREDITS.md").write_text(credits_page(photos), encoding="utf-8")
    print(f"{len(photos)} photographs, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
