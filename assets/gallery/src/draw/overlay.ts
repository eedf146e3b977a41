/**
 * What lies over a photo: its gradient as a picture, and a veil through which the photo shows where the gradient is large. Filters and masks
 * of SVG do it, which may read pictures of pages from disk, too; `data-overlay` on an ancestor fades one of them in.
 */
import type { Box } from "../data/schema";
import { freshId, svg } from "./dom";

/** The smoothing of the mask, as a share of the longer side: as `_PATCHES` in `gradient_contrast.py`. */
const SMOOTHING = 1 / 48;
/** Mid-grey, the zero of gradients, as a share of white. */
const ZERO = 128 / 255;
const CHANNELS = ["feFuncR", "feFuncG", "feFuncB"] as const;

export interface OverlayOptions {
  /** The gradient, drawn over its part of the photo; called for each place that it stands in. */
  draw(): SVGElement;
  /** The part of the photo that it shows. */
  box: Box;
  /** The photo. */
  whole: Box;
  /** What its values are multiplied by as a picture, and as a mask. */
  contrast: readonly [plain: number, mask: number];
}

/** The picture and the veil, both above the photo and out of sight at first. */
export function overlays({ draw, box, whole, contrast: [plain, masked] }: OverlayOptions): SVGElement[] {
  const [picture, strength, mask] = [freshId("filter"), freshId("filter"), freshId("mask")];
  const zero = svg("rect", { class: "lurk-zero", ...rectangle(whole) });
  const white = svg("rect", { fill: "#fff", ...rectangle(whole) });
  const veil = svg("rect", { class: "lurk-veil", mask: `url(#${mask})`, ...rectangle(whole) });
  return [
    svg(
      "g",
      { class: "lurk-gradient", filter: `url(#${picture})` },
      contrastFilter(picture, whole, plain),
      zero,
      draw(),
    ),
    svg(
      "mask",
      { id: mask, maskUnits: "userSpaceOnUse", ...rectangle(whole) },
      white,
      strengthFilter(strength, box, masked),
      svg("g", { filter: `url(#${strength})` }, draw()),
    ),
    veil,
  ];
}

/** Multiplies what differs from mid-grey. */
function contrastFilter(id: string, box: Box, gain: number): SVGElement {
  const line = { type: "linear", slope: gain, intercept: ZERO * (1 - gain) };
  return filter(id, box, svg("feComponentTransfer", {}, ...CHANNELS.map((channel) => svg(channel, line))));
}

/** White where the gradient is zero, and the darker the larger it is around there. */
function strengthFilter(id: string, box: Box, gain: number): SVGElement {
  const [top, left, bottom, right] = box;
  const magnitude = { type: "table", tableValues: "1 0 1" };
  const share = -gain / CHANNELS.length;
  const row = `${share} ${share} ${share} 0 1`;
  return filter(
    id,
    box,
    svg("feComponentTransfer", {}, ...CHANNELS.map((channel) => svg(channel, magnitude))),
    svg("feGaussianBlur", { stdDeviation: SMOOTHING * Math.max(bottom - top, right - left) }),
    svg("feColorMatrix", { values: `${row} ${row} ${row} 0 0 0 0 1` }),
  );
}

function filter(id: string, box: Box, ...steps: SVGElement[]): SVGElement {
  const space = { filterUnits: "userSpaceOnUse", "color-interpolation-filters": "sRGB" };
  return svg("filter", { id, ...space, ...rectangle(box) }, ...steps);
}

function rectangle([top, left, bottom, right]: Box): Record<string, number> {
  return { x: left, y: top, width: right - left, height: bottom - top };
}
