/** Small geometry of the map: where a floating card stands, how far a box lies outside, how a line runs. */
import { path } from "d3-path";
import { svg } from "../draw/dom";
import type { Line } from "./layout";

const WINDOW_MARGIN_PX = 8;
const GAP_PX = 12;

/** The upper left corner in the window at which a card stands beside a box: after it, else before it, else under or over it. */
export function cornerBeside(box: DOMRect, width: number, height: number): { x: number; y: number } {
  const right = document.documentElement.clientWidth - WINDOW_MARGIN_PX;
  const bottom = window.innerHeight - WINDOW_MARGIN_PX;
  const y = Math.max(WINDOW_MARGIN_PX, Math.min(box.top, bottom - height));
  if (box.right + GAP_PX + width <= right) return { x: box.right + GAP_PX, y };
  if (box.left - GAP_PX - width >= WINDOW_MARGIN_PX) return { x: box.left - GAP_PX - width, y };
  const x = Math.max(WINDOW_MARGIN_PX, Math.min(right - width, box.left));
  return { x, y: box.bottom + 8 + height <= bottom ? box.bottom + 8 : box.top - 8 - height };
}

/** How far to shift the stretch `start` to `end` so that it lies inside `from` to `to`, a little away from its ends. */
export function shiftInto(start: number, end: number, from: number, to: number): number {
  if (start < from) return from - start + GAP_PX;
  return end > to ? to - end - GAP_PX : 0;
}

/** Draw a line from box to box, or an arc beside the boxes. */
export function drawLine({ points, arc }: Line): SVGElement {
  const [first, last] = [points[0], points[points.length - 1]];
  if (arc && first && last) {
    const bulge = Math.min(160, 24 + Math.abs(last[1] - first[1]) / 6);
    const side = Math.max(first[0], last[0]) + bulge;
    return svg("path", { class: "lurk-map-arc", d: `M${first}C${side},${first[1]} ${side},${last[1]} ${last}` });
  }
  return svg("path", { d: bumps(points) });
}

/** The path through points that leaves and reaches each of them vertically. */
function bumps(points: Line["points"]): string {
  const drawn = path();
  for (const [index, [x, y]] of points.entries()) {
    const before = points[index - 1];
    if (!before) drawn.moveTo(x, y);
    else drawn.bezierCurveTo(before[0], (before[1] + y) / 2, x, (before[1] + y) / 2, x, y);
  }
  return drawn.toString();
}

/** The middle of the part of an edge, from `start` to `end`, that lies in a window of a size; its own middle where none does. */
export function middleInSight(start: number, end: number, size: number): number {
  const [first, last] = [Math.max(0, start), Math.min(size, end)];
  return first < last ? (first + last) / 2 : (start + end) / 2;
}
