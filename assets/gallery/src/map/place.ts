/** Small geometry of the map: where a card stands, how far a box lies outside, how a line runs. */
import { curveBumpY, line as lineOf } from "d3-shape";
import { svg } from "../draw/dom";
import type { Line } from "./layout";

/** Where in the window a card stands beside a box: after it, before it, or under it. */
export function beside(box: DOMRect, width: number, height: number): { x: number; y: number } {
  const [far, low] = [document.documentElement.clientWidth - 8, window.innerHeight - 8];
  const y = Math.max(8, Math.min(box.top, low - height));
  if (box.right + 12 + width <= far) return { x: box.right + 12, y };
  if (box.left - 12 - width >= 8) return { x: box.left - 12 - width, y };
  const x = Math.max(8, Math.min(far - width, box.left));
  return { x, y: box.bottom + 8 + height <= low ? box.bottom + 8 : box.top - 8 - height };
}

/** How far to shift a stretch so that it lies within another, with some air. */
export function outside(start: number, end: number, from: number, to: number): number {
  if (start < from) return from - start + 12;
  return end > to ? to - end - 12 : 0;
}

/** A line from box to box, or an arc beside the boxes. */
export function drawLine({ points, arc }: Line): SVGElement {
  const [first, last] = [points[0], points[points.length - 1]];
  if (arc && first && last) {
    const bulge = Math.min(160, 24 + Math.abs(last[1] - first[1]) / 6);
    const side = Math.max(first[0], last[0]) + bulge;
    return svg("path", { class: "lurk-map-arc", d: `M${first}C${side},${first[1]} ${side},${last[1]} ${last}` });
  }
  return svg("path", { d: lineOf().curve(curveBumpY)(points) ?? "" });
}
