/**
 * Pictures are views of sheets: an SVG whose viewBox is the picture's place in its sheet. Nothing is copied and nothing read back, so
 * pages from disk work too.
 */
import type { Box, Pic } from "../data/format";
import { svg } from "./dom";

/** Pictures of up to so many pixels a side are pixel art: enlarged without blur. */
const PIXEL_ART = 36;

/** A sheet's address by its number. */
export type Sheets = (sheet: number) => string;

export interface SceneOptions {
  photo: Pic;
  photos: Sheets;
  /** What is shown, in pixels of the photo; may leave it. Default: all of the photo. */
  frame?: Box | null;
  /** A box to draw upon it. */
  mark?: Box | null;
  gradient?: { picture: Pic; sheets: Sheets; box?: Box | null } | null;
  label: string;
}

/** Addresses of a file's sheets, relative to that file. */
export function sheetsOf(names: readonly string[], base: URL): Sheets {
  return (sheet) => new URL(names[sheet] ?? "", base).href;
}

/** One picture of a sheet, as decoration unless it has a label. */
export function view(picture: Pic, sheets: Sheets, label?: string): SVGSVGElement {
  const [, , , width, height] = picture;
  const place = { class: shape(width, height), viewBox: viewBox(picture), preserveAspectRatio: "xMidYMid slice" };
  return svg("svg", { ...place, ...names(label) }, sheetImage(picture, sheets));
}

/** The part of a sheet that a picture is, for an SVG that shows it. */
export function viewBox([, x, y, width, height]: Pic): string {
  const inset = isPixelArt(width, height) ? 0 : 0.5; // smoothing would mix in the neighbour's edge
  return `${x + inset} ${y + inset} ${width - 2 * inset} ${height - 2 * inset}`;
}

/** A photo or a part of it, with its gradient lying over it, to be faded in by `data-gradient` on an element around it. */
export function scene(options: SceneOptions): SVGSVGElement {
  const [, , , width, height] = options.photo;
  const whole: Box = [0, 0, height, width];
  const [top, left, bottom, right] = options.frame ?? whole;
  const padded = (top < 0 || left < 0 || bottom > height || right > width) && "lurk-padded";
  const tall = bottom - top > right - left && "lurk-tall"; // a box wider than its picture would show what lies beside it
  const kinds = ["lurk-scene", padded, tall, shape(right - left, bottom - top)];
  const node = svg(
    "svg",
    {
      class: kinds.filter(Boolean).join(" "),
      viewBox: `${left} ${top} ${right - left} ${bottom - top}`,
      ...names(options.label),
    },
    place(options.photo, options.photos, whole),
  );
  node.style.aspectRatio = `${right - left} / ${bottom - top}`;
  const { gradient } = options;
  if (gradient) {
    const [above, before, below, after] = gradient.box ?? whole;
    node.append(
      svg(
        "g",
        { class: "lurk-gradient" },
        svg("rect", { class: "lurk-zero", width, height }),
        place(gradient.picture, gradient.sheets, [above, before, below, after]),
      ),
    );
  }
  if (options.mark) node.append(boxMark(options.mark));
  return node;
}

/** The part of a box that lies in a picture, and whether anything lies outside. */
export function clip(box: Box, width: number, height: number): { box: Box; cut: boolean } {
  const inside: Box = [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(height, box[2]), Math.min(width, box[3])];
  return { box: inside, cut: inside.some((edge, side) => edge !== box[side]) };
}

/** A field as far as it is worth showing: one beyond the picture shows a sixth of the picture as padding on each side. */
export function withPadding(field: Box, width: number, height: number): Box {
  const axis = (from: number, to: number, size: number) =>
    to - from <= (4 / 3) * size ? [from, to] : [Math.max(from, -size / 6), Math.min(to, size + size / 6)];
  const [top = 0, bottom = 0] = axis(field[0], field[2], height);
  const [left = 0, right = 0] = axis(field[1], field[3], width);
  return [top, left, bottom, right];
}

function place(picture: Pic, sheets: Sheets, [top, left, bottom, right]: Box): SVGSVGElement {
  const [, x, y, width, height] = picture;
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
    sheetImage(picture, sheets),
  );
}

function sheetImage(picture: Pic, sheets: Sheets): SVGImageElement {
  return svg("image", { class: "off-glb", href: sheets(picture[0]) });
}

function boxMark([top, left, bottom, right]: Box): SVGGElement {
  const place = { x: left, y: top, width: right - left, height: bottom - top };
  return svg(
    "g",
    { class: "lurk-mark" },
    svg("rect", { class: "lurk-mark-under", ...place }),
    svg("rect", { class: "lurk-mark-over", ...place }),
  );
}

function shape(width: number, height: number): string {
  return isPixelArt(width, height) ? "lurk-view lurk-pixels" : "lurk-view";
}

/** Whether a picture has so few pixels that they should be seen as squares. */
export function isPixelArt(width: number, height: number): boolean {
  return Math.max(width, height) <= PIXEL_ART;
}

function names(label: string | undefined): Record<string, string> {
  return label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
}
