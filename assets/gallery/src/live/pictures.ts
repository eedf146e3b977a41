/** Reads a visitor's picture: its pixels, as the file holds them, upright. */
import type { Pixels } from "./resize";

/** Pixels of a picture at most: decoded, it takes four bytes for each. */
const MOST_PIXELS = 60_000_000;

/** The pixels of a picture file, RGBA; rejects where the browser cannot read it. */
export async function readPicture(file: Blob): Promise<Pixels> {
  const options: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw new Error("this is no picture that the browser can read");
  });
  try {
    const pixels = bitmap.width * bitmap.height;
    if (pixels > MOST_PIXELS)
      throw new Error(`this picture has ${megapixels(pixels)}, and ${megapixels(MOST_PIXELS)} are the most here`);
    return pixelsOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

function megapixels(pixels: number): string {
  return `${Math.round(pixels / 1e6)} megapixels`;
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
