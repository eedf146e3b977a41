/** Reads a visitor's picture: its pixels, as the file holds them, upright. */
import type { Pixels } from "./resize";

/** Pixels of a picture at most: decoded, it takes four bytes for each. */
const MOST_PIXELS = 60_000_000;

/** The pixels of a picture file, RGBA; rejects, with the file's name, where the browser cannot read it. */
export async function readPicture(file: Blob, name: string): Promise<Pixels> {
  const options: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw new Error(`${name}: this is no picture that the browser can read`);
  });
  try {
    const pixels = bitmap.width * bitmap.height;
    if (pixels > MOST_PIXELS) {
      const [own, most] = [pixels, MOST_PIXELS].map((count) => Math.round(count / 1e6));
      throw new Error(`${name}: this picture has ${own} megapixels, and ${most} megapixels are the most here`);
    }
    return pixelsOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** The pixels of what a canvas can draw, RGBA. */
export function pixelsOf(source: CanvasImageSource, width: number, height: number): Pixels {
  const context = makeCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no canvas");
  context.drawImage(source, 0, 0);
  return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
}

/** A canvas of so many pixels. */
export function makeCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** Draw pixels, grey or RGB, into a canvas of their size. */
export function drawPixels(canvas: HTMLCanvasElement, { width, height, channels, data }: Pixels): void {
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[at * 4 + channel] = data[at * channels + (channels === 1 ? 0 : channel)] as number;
    }
    image.data[at * 4 + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
