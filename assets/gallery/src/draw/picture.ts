/**
 * Pictures are parts of sheets: an SVG whose viewBox is the picture's rectangle inside its sheet. Nothing is copied or read back, so
 * pages opened from disk work too.
 */
import type { Box, Pic } from "../data/schema";
import { svg } from "./dom";
import { overlays } from "./overlay";

/**
 * Pictures of up to so many pixels on the longer side are pixel art: enlarged without smoothing. The twin of `PIXEL_ART_PX` in `sheets.py`
 * of `mkdocs_lurk/pages/`, which packs such pictures without loss.
 */
export const PIXEL_ART_PX = 48;

/** Turns a sheet's number into its address. */
export type Sheets = (sheet: number) => string;

export interface Gradient {
  picture: Pic;
  sheets: Sheets;
  /** The part of the photo that the gradient shows; all of it where there is none. */
  box: Box | null;
  /** What its values are multiplied by, as a picture and as a mask. */
  contrast?: readonly [plain: number, mask: number] | undefined;
}

export interface SceneOptions {
  photo: Pic;
  photos: Sheets;
  /** The part to show, in pixels of the photo; it may leave the photo. All of the photo where there is none. */
  frame?: Box;
  /** Boxes to draw on the photo. */
  marks?: readonly Box[];
  gradient?: Gradient | null;
  label: string;
}

/** The addresses of a data script's sheets, which are relative to the script. */
export function sheetsOf(names: readonly string[], base: URL): Sheets {
  return (sheet) => new URL(names[sheet] ?? "", base).href;
}

/** A picture of a sheet; decorative unless it has a label. */
export function picture(pic: Pic, sheets: Sheets, label?: string): SVGSVGElement {
  const [, , , width, height] = pic;
  return svg(
    "svg",
    {
      class: pictureClass(width, height),
      viewBox: viewBox(pic),
      preserveAspectRatio: "xMidYMid slice",
      ...labelled(label),
    },
    sheetImage(pic, sheets),
  );
}

/** The viewBox that shows a picture of a sheet. */
export function viewBox([, x, y, width, height]: Pic): string {
  const inset = isPixelArt(width, height) ? 0 : 0.5; // smoothing would mix in the neighbour's edge
  return `${x + inset} ${y + inset} ${width - 2 * inset} ${height - 2 * inset}`;
}

/** A photo or a part of it, and over it the gradient, as a picture and as a mask. */
export function scene({ photo, photos, frame, marks = [], gradient, label }: SceneOptions): SVGSVGElement {
  const [, , , width, height] = photo;
  const whole: Box = [0, 0, height, width];
  const [top, left, bottom, right] = frame ?? whole;
  const classes = [
    "lurk-scene",
    (top < 0 || left < 0 || bottom > height || right > width) && "lurk-padded",
    bottom - top > right - left && "lurk-tall", // a box wider than its picture would show what lies beside it
    pictureClass(right - left, bottom - top),
  ];
  const node = svg(
    "svg",
    {
      class: classes.filter(Boolean).join(" "),
      viewBox: `${left} ${top} ${right - left} ${bottom - top}`,
      ...labelled(label),
    },
    pictureAt(whole, photo, photos),
  );
  node.style.aspectRatio = `${right - left} / ${bottom - top}`;
  if (gradient) {
    const { picture: pic, sheets, box, contrast = [1, 1] } = gradient;
    const draw = () => pictureAt(box ?? whole, pic, sheets);
    node.append(...overlays({ draw, box: box ?? whole, whole, contrast }));
  }
  node.append(...marks.map(boxMark));
  return node;
}

/** The part of a box that lies inside a picture, and whether that is not all of it. */
export function clip(box: Box, width: number, height: number): { box: Box; cut: boolean } {
  const inside: Box = [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(height, box[2]), Math.min(width, box[3])];
  return { box: inside, cut: inside.some((edge, side) => edge !== box[side]) };
}

/** The part of a receptive field worth showing: of one much larger than the picture, a sixth of the picture as padding on each side. */
export function withPadding(field: Box, width: number, height: number): Box {
  const axis = (from: number, to: number, size: number) =>
    to - from <= (4 / 3) * size ? [from, to] : [Math.max(from, -size / 6), Math.min(to, size + size / 6)];
  const [top = 0, bottom = 0] = axis(field[0], field[2], height);
  const [left = 0, right = 0] = axis(field[1], field[3], width);
  return [top, left, bottom, right];
}

/** Whether a picture has so few pixels that each should be seen as a square. */
export function isPixelArt(width: number, height: number): boolean {
  return Math.max(width, height) <= PIXEL_ART_PX;
}

/** A picture of a sheet, stretched over a box of the SVG that it stands in. */
function pictureAt([top, left, bottom, right]: Box, pic: Pic, sheets: Sheets): SVGSVGElement {
  const [, x, y, width, height] = pic;
  return svg(
    "svg",
    {
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
      viewBox: `${x} ${y} ${width} ${height}`,
      preserveAspectRatio: "none",
    },
    sheetImage(pic, sheets),
  );
}

/** The image of a whole sheet; the class keeps the host's lightbox away from it. */
export function sheetImage([sheet]: Pic, sheets: Sheets): SVGImageElement {
  return svg("image", { class: "off-glb", href: sheets(sheet) });
}

function boxMark([top, left, bottom, right]: Box): SVGGElement {
  const rectangle = { x: left, y: top, width: right - left, height: bottom - top };
  return svg(
    "g",
    { class: "lurk-mark" },
    svg("rect", { class: "lurk-mark-under", ...rectangle }),
    svg("rect", { class: "lurk-mark-over", ...rectangle }),
  );
}

function pictureClass(width: number, height: number): string {
  return isPixelArt(width, height) ? "lurk-view lurk-pixels" : "lurk-view";
}

function labelled(label: string | undefined): Record<string, string> {
  return label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
}
