"""What is too large, or no photo, is refused by its header, before anything of it is decoded."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images import reading
from mkdocs_lurk.images.decoding_cost import count_scans, refuse_many_strips
from mkdocs_lurk.images.framing import resize_and_crop
from mkdocs_lurk.images.reading import as_picture, is_picture, read_picture
from mkdocs_lurk.images.values import ValueScale

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_file: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)


def test_eps_is_no_picture_whatever_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(EPS)
    monkeypatch.setattr("subprocess.check_call", lambda *_: pytest.fail("Ghostscript was run"))
    with pytest.raises(ImageError, match=r"^a\.jpg cannot be read \(no picture that Pillow knows\)"):
        read_picture(tmp_path / "a.jpg", "a.jpg")
    assert not any(is_picture(Path(f"a.{suffix}")) for suffix in ("eps", "ps", "pdf", "wmf", "psd", "fpx"))


@pytest.mark.usefixtures("no_decoding")
def test_a_large_picture_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (60, 50)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow's own limit decides nothing, and stays
    with pytest.raises(ImageError, match=r"^a\.png has 60 x 50 pixels where max_pixels is 2,999"):
        read_picture(tmp_path / "a.png", "a.png", max_pixels=2999)
    with pytest.raises(ImageError, match=r"^item 0 has 60 x 50 pixels"):
        as_picture({"bytes": (tmp_path / "a.png").read_bytes(), "path": None}, "item 0", max_pixels=2999)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_picture_of_a_dataset_is_measured_too() -> None:
    for item in (Image.new("L", (9, 9)), np.zeros((9, 9, 5), np.uint8)):
        with pytest.raises(ImageError, match=r"^item 0 has .*max_pixels"):
            as_picture(item, "item 0", max_pixels=80)


def test_a_sparse_array_is_refused_before_it_is_read(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (30_000, 30_000)})
    (tmp_path / "a.npy").write_bytes(header.getvalue())
    os.truncate(tmp_path / "a.npy", len(header.getvalue()) + 8 * 30_000**2)
    with pytest.raises(ImageError, match=r"^a\.npy has 7,200,000,000 bytes where max_pixels allows 400,000,000"):
        read_picture(tmp_path / "a.npy", "a.npy")


def jpeg_of_scans(scans: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a progressive JPEG with so many scans, the last of them empty."""
    buffer = io.BytesIO()
    Image.new("L", size, 90).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * (scans - data.count(b"\xff\xda")) + data[-2:]


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for scans, refused in ((50, False), (51, True)):
        data = jpeg_of_scans(scans)
        (tmp_path / "a.jpg").write_bytes(data)
        opened = Image.open(io.BytesIO(data))
        for read in (
            lambda: read_picture(tmp_path / "a.jpg", "a.jpg", max_pixels=64 * 48),
            lambda: as_picture({"bytes": data, "path": None}, "a.jpg", max_pixels=64 * 48),  # noqa: B023
            lambda: as_picture(opened, "a.jpg", max_pixels=64 * 48),  # noqa: B023
        ):
            if refused:
                with pytest.raises(ImageError, match=r"^a\.jpg is a JPEG of 51 scans, where 50 are read at its size"):
                    read()
            else:
                assert np.asarray(read())[0, 0] == 90
    assert isinstance(read_picture(tmp_path / "a.jpg", "a.jpg", max_pixels=64 * 49), Image.Image)  # 51 are allowed


@pytest.mark.parametrize("start", [b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0"])
def test_a_large_empty_file_is_refused_before_a_decoder_reads_it(
    tmp_path: Path, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(start)
    os.truncate(tmp_path / "a.jpg", 400_000_001)
    if start == b"II*\0":  # a TIFF may hold many pages
        with pytest.raises(ImageError, match=r"^a\.jpg cannot be read"):
            read_picture(tmp_path / "a.jpg", "a.jpg")
        return
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    for read in (
        lambda: read_picture(tmp_path / "a.jpg", "a.jpg"),
        lambda: as_picture({"bytes": None, "path": str(tmp_path / "a.jpg")}, "a.jpg"),
    ):
        with pytest.raises(ImageError, match=r"^a\.jpg has 400,000,001 bytes where 400,000,000 of a picture are read"):
            read()


def test_scans_are_counted_in_the_picture_alone() -> None:
    data = jpeg_of_scans(12)
    thumbnail = b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data
    assert count_scans(data[:2] + thumbnail + b"\xff\xff" + data[2:] + bytes(2) + data) == 12


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=rf"^item 0 has {size[0]} x {size[1]} pixels"):
        as_picture(Image.new("RGB", size), "item 0")


def write_header(path: Path, descr: object, shape: tuple[int, ...]) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
        file.write(bytes(64))


@pytest.mark.parametrize(
    "descr", ["|V0", "<U0", "|S0", "|V4", "<U4", "|S4", "<M8[s]", "<m8[s]", "|O", "<c8", [("a", "<f4")]]
)
def test_an_array_of_no_numbers_is_refused_by_its_header(
    tmp_path: Path, descr: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    write_header(tmp_path / "a.npy", descr, (2**25, 2**25))
    with pytest.raises(ImageError, match=r"^a\.npy has values of the type .*; give whole or real numbers"):
        read_picture(tmp_path / "a.npy", "a.npy")


@pytest.mark.parametrize("shape", [(2**50,), (0, 2**62), (-1, -8), (2, 2, 2, 2), ()])
def test_an_array_of_no_pictures_shape_is_refused_by_its_header(
    tmp_path: Path, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    write_header(tmp_path / "a.npy", "|u1", shape)
    with pytest.raises(ImageError, match=r"^a\.npy has the shape .*; give \(h, w\) or \(h, w, c\)"):
        read_picture(tmp_path / "a.npy", "a.npy")


def test_an_array_of_more_elements_than_numbers_of_64_bits_count_is_refused(tmp_path: Path) -> None:
    write_header(tmp_path / "a.npy", "|u1", (2**40, 2**40))  # NumPy would warn of an overflow
    with pytest.raises(ImageError, match=r"^a\.npy has 1,208,925,819,614,629,174,706,176 bytes"):
        read_picture(tmp_path / "a.npy", "a.npy")


def test_the_header_of_an_array_is_read_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x02\x00" + (2**32 - 1).to_bytes(4, "little"))
    os.truncate(tmp_path / "a.npy", 2**33)
    with pytest.raises(ImageError, match=r"^a\.npy cannot be read"):
        read_picture(tmp_path / "a.npy", "a.npy")


def test_a_datasets_array_of_no_numbers_is_refused_before_it_is_copied() -> None:
    for item in (np.empty((2**30, 2**20), "V0"), np.zeros((4, 4), "M8[s]"), np.zeros((4, 4), complex)):
        with pytest.raises(ImageError, match=r"^item 0 has values of the type"):
            as_picture(item, "item 0")


def test_numbers_that_overflow_are_refused_without_a_warning(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((4, 4), 1e308))
    with pytest.raises(ImageError, match="too large for 32 bits"):
        read_picture(tmp_path / "a.npy", "a.npy", ValueScale((1000.0,), (0.0,), (0.0, 1e-3), normalised=False))
    with pytest.raises(ImageError, match=r"values from 1e\+308"):
        read_picture(tmp_path / "a.npy", "a.npy")


def test_a_picture_at_the_limit_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (6, 5), (9, 8, 7)).save(tmp_path / "a.png")
    assert np.asarray(read_picture(tmp_path / "a.png", "a.png", max_pixels=30))[0, 0].tolist() == [9, 8, 7]
    np.save(tmp_path / "a.npy", np.full((6, 5, 4), 7, np.uint8))
    assert read_picture(tmp_path / "a.npy", "a.npy", max_pixels=30)[0, 0, 0] == 7  # type: ignore[index]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageError, match="no regular file"):
        read_picture(tmp_path / "a.png", "a.png")


def test_a_thin_picture_does_not_grow_without_bounds() -> None:
    with pytest.raises(ImageError, match="after the resize"):
        resize_and_crop(Image.new("L", (1, 100_000)), 224, (224, 224))


def test_the_formats_are_those_that_pillow_can_read() -> None:
    Image.init()  # Pillow lists a format when it first needs it
    assert {"BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"} <= set(reading.FORMATS) & set(Image.OPEN)


def tiff(order: str, big: bool, parts: int) -> bytes:
    """Return the beginning of a TIFF whose directory promises so many strips; nothing of them is there."""
    end = "<" if order == "II" else ">"
    entries = [(256, 4, 1, 64), (257, 4, 1, 64), (273, 4, parts, 8)]
    if big:
        head = order.encode() + struct.pack(f"{end}HHHQ", 43, 8, 0, 16)
        return head + struct.pack(f"{end}Q", 3) + b"".join(struct.pack(f"{end}HHQQ", *one) for one in entries)
    head = order.encode() + struct.pack(f"{end}HI", 42, 8)
    return head + struct.pack(f"{end}H", 3) + b"".join(struct.pack(f"{end}HHII", *one) for one in entries)


@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("order", ["II", "MM"])
def test_a_tiff_of_many_strips_is_refused_by_its_directory(tmp_path: Path, order: str, big: bool) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(order, big, 98_000_000))
    with pytest.raises(ImageError, match=r"a TIFF of 98,000,000 strips or tiles, where 500,000 are read"):
        read_picture(path, path.name)
    refuse_many_strips(io.BytesIO(tiff(order, big, 500_000)), "a.tif")


@pytest.mark.parametrize("length", range(0, 48, 3))
def test_a_tiff_that_is_cut_short_in_its_directory_is_one_line(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiff("II", False, 4)[:length])
    with pytest.raises(ImageError):
        read_picture(path, path.name)


def test_an_ordinary_tiff_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (70, 40), (9, 8, 7)).save(tmp_path / "a.tif", compression="tiff_lzw")
    assert resize_and_crop(read_picture(tmp_path / "a.tif", "a.tif"), None, None).shape == (40, 70, 3)
