/** Saves pictures: parts of sheets, and figures. Pages from disk may show pictures, but not read them. */
import type { Pic } from "../data/schema";
import { html } from "../draw/dom";
import type { Sheets } from "../draw/picture";
import type { Source } from "./figure";

/** Pixels of a saved figure for each of its units. */
const SCALE = 2;

/** Offer a file to the visitor. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = html("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A picture of a sheet as a PNG; null where the browser may not read it. */
export async function cutOut(sheet: string, [, x, y, width, height]: Pic): Promise<Blob | null> {
  const image = await loadImage(sheet).catch(() => null);
  return image && toPng(image, width, height, [x, y, width, height]);
}

/** A picture of a sheet to put into a figure: the picture itself or, where it cannot be read, the sheet's address. */
export async function figureSource(picture: Pic, sheets: Sheets): Promise<Source> {
  const [sheet, x, y, width, height] = picture;
  const blob = await cutOut(sheets(sheet), picture);
  if (blob) return { href: await dataUrl(blob), viewBox: `0 0 ${width} ${height}`, width, height };
  const whole = await loadImage(sheets(sheet));
  const size = { width: whole.naturalWidth, height: whole.naturalHeight };
  return { href: sheets(sheet), viewBox: `${x} ${y} ${width} ${height}`, ...size };
}

/** Whether every picture of a figure is part of it, so that it can be sent to others. */
export function isWhole(figure: SVGSVGElement): boolean {
  return [...figure.querySelectorAll("image")].every((image) => image.getAttribute("href")?.startsWith("data:"));
}

/** A figure as the file of an SVG. */
export function svgFile(figure: SVGSVGElement): Blob {
  return new Blob([new XMLSerializer().serializeToString(figure)], { type: "image/svg+xml" });
}

/** A figure as a PNG; null where the browser cannot draw it. */
export async function pngFile(figure: SVGSVGElement): Promise<Blob | null> {
  const [width, height] = [Number(figure.getAttribute("width")), Number(figure.getAttribute("height"))];
  const image = await dataUrl(svgFile(figure))
    .then(loadImage)
    .catch(() => null);
  return image && toPng(image, SCALE * width, SCALE * height, [0, 0, width, height]);
}

async function toPng(
  image: HTMLImageElement,
  width: number,
  height: number,
  from: [number, number, number, number],
): Promise<Blob | null> {
  try {
    const canvas = html("canvas", { width, height });
    canvas.getContext("2d")?.drawImage(image, ...from, 0, 0, width, height);
    return await new Promise((resolve) => canvas.toBlob(resolve));
  } catch {
    return null; // the canvas is tainted
  }
}

async function loadImage(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
