/** Hides parts of a picture under a brush: grey, which the network's mean colour is, or a blur. */
import type { LiveInput } from "../data/schema";
import { type Pixels, resize } from "./resize";

export type Cover = "grey" | "blur";

/** The picture that lies under the brush: of one colour, the middle of what the network was trained on, or blurred. */
export function coverOf(pixels: Pixels, input: LiveInput, cover: Cover): Pixels {
  const { width, height, channels } = pixels;
  if (cover === "blur") {
    const small = resize(pixels, Math.max(1, Math.round(width / 14)), Math.max(1, Math.round(height / 14)), "box");
    return resize(small, width, height, "bilinear");
  }
  const data = new Uint8ClampedArray(width * height * channels);
  for (let at = 0; at < data.length; at += 1) data[at] = Math.round(255 * (input.mean[at % channels] ?? 0.5));
  return { width, height, channels, data };
}

/** Copy a disc of a picture into another one; its centre and radius in pixels. */
export function paint(target: Pixels, source: Pixels, x: number, y: number, radius: number): void {
  const { width, height, channels } = target;
  const [top, bottom] = [Math.max(0, Math.ceil(y - radius)), Math.min(height - 1, Math.floor(y + radius))];
  for (let row = top; row <= bottom; row += 1) {
    const half = Math.sqrt(radius * radius - (row - y) ** 2);
    const [left, right] = [Math.max(0, Math.ceil(x - half)), Math.min(width - 1, Math.floor(x + half))];
    const from = (row * width + left) * channels;
    if (left <= right) target.data.set(source.data.subarray(from, (row * width + right + 1) * channels), from);
  }
}
