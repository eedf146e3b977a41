/** Makes the network's input of a picture, by the steps of the analysis: grey or RGB, resize, crop, mean and std. */
import type { LiveInput } from "../data/schema";
import { type Pixels, resize } from "./resize";

/** The pixels that the network sees, `(h, w, c)`, from those of a decoded picture, RGBA. */
export function preparePixels(rgba: Pixels, input: LiveInput): Pixels {
  const flat = input.size[0] === 1 ? toGrey(onWhite(rgba)) : onWhite(rgba);
  const [height, width] = resizedSize(flat, input.resize);
  return input.crop
    ? cropCentre(resize(flat, width, height, input.interpolation), input.crop)
    : resize(flat, width, height, input.interpolation);
}

/** The network's input `(1, c, h, w)`, normalised, of pixels at its size. */
export function toTensor({ width, height, channels, data }: Pixels, input: LiveInput): Float32Array {
  const plane = width * height;
  const tensor = new Float32Array(channels * plane);
  for (let channel = 0; channel < channels; channel += 1) {
    const mean = Math.fround(input.mean[channel] ?? 0);
    const std = Math.fround(input.std[channel] ?? 1);
    const values = Float32Array.from({ length: 256 }, (_, value) => Math.fround(Math.fround(value / 255) - mean) / std);
    for (let at = 0; at < plane; at += 1) {
      tensor[channel * plane + at] = values[data[at * channels + channel] as number] as number;
    }
  }
  return tensor;
}

/** Lay a picture on white, as Pillow's `alpha_composite` does, and leave out its opacity. */
function onWhite({ width, height, data }: Pixels): Pixels {
  const result = new Uint8ClampedArray(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    const alpha = data[at * 4 + 3] as number;
    const own = alpha * 255;
    const share = Math.trunc((own * 255 * 128) / (own + 255 * (255 - alpha)));
    for (let channel = 0; channel < 3; channel += 1) {
      const value = data[at * 4 + channel] as number;
      result[at * 3 + channel] = alpha === 255 ? value : blend(value, share);
    }
  }
  return { width, height, channels: 3, data: result };
}

/** A value over white, by a share of 255 * 128. */
function blend(value: number, share: number): number {
  const sum = value * share + 255 * (255 * 128 - share) + (128 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

/** Grey by ITU-R 601, in 16 bits, as Pillow's mode L. */
function toGrey({ width, height, data }: Pixels): Pixels {
  const result = new Uint8ClampedArray(width * height);
  for (let at = 0; at < result.length; at += 1) {
    const [red, green, blue] = [data[at * 3] as number, data[at * 3 + 1] as number, data[at * 3 + 2] as number];
    result[at] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: result };
}

function resizedSize({ width, height }: Pixels, side: LiveInput["resize"]): readonly [height: number, width: number] {
  if (side === null) return [height, width];
  if (typeof side !== "number") return side;
  return width <= height ? [Math.trunc((side * height) / width), side] : [side, Math.trunc((side * width) / height)];
}

/** Cut the centre out; where a picture is smaller, the rest is black, the odd pixel on the right and at the bottom. */
function cropCentre({ width, height, channels, data }: Pixels, [rows, columns]: readonly [number, number]): Pixels {
  const result = new Uint8ClampedArray(rows * columns * channels);
  const [top, left] = [cropStart(height, rows), cropStart(width, columns)];
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const [row, column] = [y + top, x + left];
      if (row < 0 || column < 0 || row >= height || column >= width) continue;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        result[(y * columns + x) * channels + channel] = data[from + channel] as number;
      }
    }
  }
  return { width: columns, height: rows, channels, data: result };
}

/** Where a crop begins in a side: negative where the side is shorter; halves are rounded to the even number, as in Python. */
function cropStart(length: number, wanted: number): number {
  if (length < wanted) return -Math.floor((wanted - length) / 2);
  const half = (length - wanted) / 2;
  return Number.isInteger(half) ? half : 2 * Math.round(half / 2);
}
