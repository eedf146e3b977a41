from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.framing import convert_channels, resize_and_crop
from mkdocs_lurk.images.reading import as_picture, is_picture, read_picture

HALF = np.zeros((6, 8, 3), np.uint8)
HALF[:, 4:] = (200, 100, 50)


def saved(folder: Path, picture: Image.Image, name: str, **options: Any) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def read_as(path: Path, channels: int) -> np.ndarray[Any, Any]:
    return resize_and_crop(convert_channels(read_picture(path, path.name), channels), None, None)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "gif", "ppm"])
def test_every_lossless_format_is_read_exactly(tmp_path: Path, suffix: str) -> None:
    assert np.array_equal(read_as(saved(tmp_path, Image.fromarray(HALF), f"a.{suffix}"), 3), HALF)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_by_their_exif_orientation(tmp_path: Path, orientation: int) -> None:
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    upright = HALF.copy()
    upright[:2] = 255
    stored = Image.fromarray(upright)
    if orientation in inverse:
        stored = stored.transpose(inverse[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_as(saved(tmp_path, stored, "a.png", exif=exif), 3), upright)


def test_a_grey_picture_is_repeated_for_a_colour_network(tmp_path: Path) -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    path = saved(tmp_path, Image.fromarray(grey), "a.png")
    assert np.array_equal(read_as(path, 3), np.repeat(grey[:, :, None], 3, axis=2))
    assert np.array_equal(read_as(path, 1), grey[:, :, None])


def test_a_colour_picture_becomes_grey_by_itu_r_601(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(HALF), "a.png")
    expected = round(200 * 0.299 + 100 * 0.587 + 50 * 0.114)
    assert np.unique(read_as(path, 1)).tolist() == [0, expected]


def test_a_palette_picture_becomes_rgb(tmp_path: Path) -> None:
    picture = Image.fromarray(HALF).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    path = saved(tmp_path, picture, "a.png")
    assert np.abs(read_as(path, 3).astype(int) - HALF).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_become_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 2, 2))
    path = saved(tmp_path, picture.convert(mode), "a.png")
    for channels in (1, 3):
        found = read_as(path, channels)
        assert (found[:, :2] == 0).all()
        assert (found[:, 2:] == 255).all()


def test_half_transparent_pixels_are_blended_with_white(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGBA", (1, 1), (200, 0, 0, 128)), "a.png")
    assert read_as(path, 3)[0, 0].tolist() == [227, 127, 127]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    picture = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    found = read_as(saved(tmp_path, picture, "a.jpg", quality=100), 3).astype(int)
    assert np.abs(found - [255, 0, 0]).max() <= 3


def test_a_one_bit_picture_is_black_and_white(tmp_path: Path) -> None:
    picture = Image.fromarray(HALF).convert("1", dither=Image.Dither.NONE)
    assert set(np.unique(read_as(saved(tmp_path, picture, "a.png"), 1))) <= {0, 255}


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_pictures_are_scaled_to_one_and_not_clipped(tmp_path: Path, suffix: str) -> None:
    deep = np.array([[0, 256, 32768, 65535]], np.uint16)
    found = read_as(saved(tmp_path, Image.fromarray(deep), f"a.{suffix}"), 1)
    assert found.dtype == np.float32
    assert np.allclose(found[0, :, 0], deep[0] / 65535, atol=1e-7)
    assert read_as(tmp_path / f"a.{suffix}", 3).shape == (1, 4, 3)


def test_sixteen_bit_values_in_mode_i_are_scaled_to_one() -> None:
    picture = Image.fromarray(np.array([[0, 65535]], np.int32))
    assert picture.mode == "I"
    found = as_picture(picture, "a")
    assert isinstance(found, np.ndarray)
    assert found[0, :, 0].tolist() == [0, 1]


def test_the_first_frame_of_an_animation_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert read_as(path, 3)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_the_error_for_a_corrupt_picture_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(
        ImageError,
        match=r"^cat/a\.png cannot be read \((no picture that Pillow knows|damaged)\); replace or remove it$",
    ):
        read_picture(tmp_path / "a.png", "cat/a.png")


def test_the_error_for_a_truncated_picture_names_it(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for name in ("a.jpg", "a.png", "a.webp"):
        path = saved(tmp_path, Image.fromarray(noise), name)
        path.write_bytes(path.read_bytes()[:1500])
        with pytest.raises(ImageError, match=f"^{name} cannot be read"):
            read_picture(path, name)


def test_picture_files_are_recognised_by_their_suffix() -> None:
    for name in ("a.jpg", "a.JPEG", "a.png", "a.webp", "a.tif", "a.npy", "a.ppm"):
        assert is_picture(Path(name))
    for name in ("a.txt", "a.mpg", "a.pdf", "CREDITS", "a.h5", "a.eps"):
        assert not is_picture(Path(name))


def test_npy_files_are_read_without_pickles(tmp_path: Path) -> None:
    cube = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)
    np.save(tmp_path / "a.npy", cube)
    assert np.array_equal(read_as(tmp_path / "a.npy", 5), cube)
    np.save(tmp_path / "b.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ImageError, match=r"^b\.npy has values of the type object"):
        read_picture(tmp_path / "b.npy", "b.npy")


def test_a_dataset_may_yield_pictures_arrays_and_tensors() -> None:
    chw = torch.from_numpy(HALF).permute(2, 0, 1)
    for item in (Image.fromarray(HALF), HALF, chw, chw.float() / 255, HALF.astype(np.int64)):
        picture = as_picture(item, "item 0")
        assert np.array_equal(np.asarray(picture), HALF)
        assert np.asarray(picture).dtype == np.uint8
    assert as_picture(chw[0], "item 0").shape == (6, 8, 1)  # type: ignore[union-attr]
    assert as_picture(np.array([[True, False]]), "item 0")[0, :, 0].tolist() == [255, 0]  # type: ignore[index]
    fine = as_picture(torch.full((1, 2, 2), 0.3), "item 0")
    assert fine.dtype == np.float32  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (np.full((2, 2, 3), np.nan), "item 3 has values that are not finite; replace them"),
        (np.zeros((2, 2, 3, 1)), "item 3 has the shape (2, 2, 3, 1); give (h, w) or (h, w, c)"),
        (np.zeros((0, 2, 3)), "item 3 has the shape (0, 2, 3); give"),
        ("cat.jpg", "item 3 is a str; a dataset must yield a PIL picture, an array or a tensor"),
        (None, "item 3 is a NoneType; a dataset must yield"),
    ],
)
def test_an_item_that_is_no_picture_is_refused(item: Any, message: str) -> None:
    with pytest.raises(ImageError) as caught:
        as_picture(item, "item 3")
    assert str(caught.value).startswith(message)


def test_a_wrong_number_of_channels_is_an_error() -> None:
    with pytest.raises(ImageError, match=r"^has mode RGB, not 5 channels; give arrays \(h, w, 5\)$"):
        convert_channels(Image.fromarray(HALF), 5)
    with pytest.raises(ImageError, match=r"^is \d+ x \d+ px with 6 channels; the network takes 5$"):
        convert_channels(np.zeros((2, 2, 6), np.uint8), 5)
    with pytest.raises(ImageError, match=r"^is 3 x 32 px with 32 channels; .*: array.transpose\(1, 2, 0\)$"):
        convert_channels(np.zeros((3, 32, 32), np.uint8), 3)


def test_a_four_channel_picture_keeps_its_channels() -> None:
    picture = Image.new("RGBA", (2, 2), (1, 2, 3, 4))
    assert resize_and_crop(convert_channels(picture, 4), None, None)[0, 0].tolist() == [1, 2, 3, 4]


def test_a_float_colour_picture_becomes_grey_by_itu_r_601() -> None:
    grey = convert_channels(np.full((1, 1, 3), (0.1, 0.2, 0.3), np.float32), 1)
    assert np.allclose(grey, 0.1 * 0.299 + 0.2 * 0.587 + 0.3 * 0.114)
