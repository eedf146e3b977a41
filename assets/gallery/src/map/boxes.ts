/** How the map's boxes look: a layer with a strip of its filters, a small operation, a closed or open group. */
import type { ModelLayer } from "../data/schema";
import { svg } from "../draw/dom";
import { isPixelArt, type Sheets, sheetImage, viewBox } from "../draw/picture";
import { count, plural } from "../numbers";
import type { Item, Operation } from "./items";
import type { PlacedBox } from "./layout";
import { operationName } from "./operations";
import { countLayers } from "./tree";

/** Sizes in the map's own pixels; a letter's is its mean width. */
const THUMB = 34;
const GAP = 2;
const LABEL = 17;
const GROUP_LABEL = 42;
const STACK = 6;
const STRIP_EDGE = 1.5;
const LETTER = 6.6;
const SMALL_LETTER = 6.1;
const MOST_THUMBS = 8;

/** The room that an item needs. Of an open one, that of its title, which ends before the middle, where a line comes in. */
export function measure(item: Item, open = false): { width: number; height: number } {
  if (open) return { width: 2 * (title(item).length * LETTER + 18), height: 0 };
  if (item.kind === "operation") {
    if (!item.layer) return { width: Math.max(26, operationText(item).length * SMALL_LETTER + 18), height: 24 };
    const text = item.label.length * LETTER + 10 + outputShape(item).length * SMALL_LETTER;
    return { width: Math.max(text, stripWidth(item)), height: LABEL + THUMB };
  }
  const text = Math.max(title(item).length * LETTER, subtitle(item).length * SMALL_LETTER) + 56;
  const stack = stackOf(item);
  const pictures = stripWidth(item);
  return {
    width: Math.max(text, pictures ? pictures + 20 + stack : 0),
    height: GROUP_LABEL + (pictures ? THUMB + 10 : 2) + stack,
  };
}

/** The layer whose filters' pictures stand for an item: its own, or the last one inside a group that has pictures. */
export function pictureLayer(item: Item): ModelLayer | null {
  if (item.kind === "operation") return item.layer;
  for (const child of [...item.children].reverse()) {
    const layer = pictureLayer(child);
    if (layer?.strip.length) return layer;
  }
  return null;
}

/**
 * Draw the pictures that stand for an item. They lie over its box: inside the box all of their sheets would count towards the box's
 * extent.
 */
export function drawStrip({ item, open, x, y, width }: PlacedBox, sheets: Sheets): SVGElement[] {
  const layer = pictureLayer(item);
  if (!layer || (item.kind !== "operation" && open)) return [];
  const { left, top } = stripCorner(item, width);
  const place = { y: y + top, width: THUMB, height: THUMB };
  return Array.from({ length: thumbCount(item) }, (_, at) => {
    const [, picture] = layer.strip[at] ?? [];
    const start = x + left + at * (THUMB + GAP);
    if (!picture) return svg("rect", { class: "lurk-map-blank", x: start, ...place });
    const [, , , pictureWidth, pictureHeight] = picture;
    const isEnlarged = Math.max(pictureWidth, pictureHeight) <= THUMB; // without smoothing, a smaller picture loses pixels
    const options = {
      preserveAspectRatio: "xMidYMid slice",
      class: isEnlarged && isPixelArt(pictureWidth, pictureHeight) && "lurk-pixels",
      viewBox: viewBox(picture),
    };
    return svg("svg", { x: start, ...place, ...options }, sheetImage(picture, sheets));
  });
}

export interface BoxOptions {
  /** The key of the box at which Tab stops. */
  current: string;
  /** The address of a layer's page. */
  page(layer: ModelLayer): string;
}

/** Draw a box: a link for a layer, a button for a group. */
export function drawBox(box: PlacedBox, { current, page }: BoxOptions): SVGElement {
  const { item, open, x, y } = box;
  const attributes = {
    class: "lurk-map-box",
    transform: `translate(${x},${y})`,
    "data-key": item.key,
    tabindex: item.key === current ? 0 : -1,
    "aria-label": describe(item),
  };
  if (item.kind !== "operation") {
    const content = open ? drawOpenGroup(box) : drawClosedGroup(box);
    return svg("g", { ...attributes, role: "button", "aria-expanded": String(open) }, ...content);
  }
  if (!item.layer) return svg("g", { ...attributes, role: "img" }, ...drawOperation(item, box));
  const link = { href: page(item.layer), "data-layer": item.layer.name };
  return svg("a", { ...attributes, ...link }, ...drawLayer(item, box));
}

/** An item in one line, for screen readers. */
function describe(item: Item): string {
  if (item.kind !== "operation") return `${title(item)} ${subtitle(item)}`;
  const shape = outputShape(item);
  if (item.layer) return `${item.layer.name} ${shape}, ${item.layer.kind}`;
  return operationName(item.node.type) === "input" ? operationText(item) : `${operationText(item)}, ${shape}`;
}

/** An item's channels as a number of pictures, one more per doubling; none where there are no pictures. */
function thumbCount(item: Item): number {
  const layer = pictureLayer(item);
  if (!layer || (item.kind !== "operation" && !layer.strip.length)) return 0;
  return Math.max(1, Math.min(MOST_THUMBS, Math.round(Math.log2(layer.filters) - 2)));
}

function stripWidth(item: Item): number {
  const thumbs = thumbCount(item);
  return thumbs && thumbs * (THUMB + GAP) - GAP;
}

/** Where a strip begins inside its box. */
function stripCorner(item: Item, width: number): { left: number; top: number } {
  const left = (width - stackOf(item) - stripWidth(item)) / 2;
  return { left, top: item.kind === "operation" ? LABEL : GROUP_LABEL };
}

/** The room that the sheets behind a repeat's box take. */
function stackOf(item: Item): number {
  return item.kind === "repeat" ? STACK : 0;
}

/** Channels and size of an operation's output: "64 × 112²". */
function outputShape({ node }: Operation): string {
  const [channels, height, width] = node.output;
  if (channels === undefined) return "";
  if (height === undefined || (height === 1 && (width ?? 1) === 1)) return count(channels);
  return height === width
    ? `${channels} × ${height}²`
    : `${channels} × ${height}${width === undefined ? "" : ` × ${width}`}`;
}

function drawLayer(item: Operation, { width, height }: PlacedBox): SVGElement[] {
  return [
    svg("rect", { class: "lurk-map-target", width, height }),
    drawText(width / 2, 12, "lurk-map-name", item.label, outputShape(item)),
    svg("rect", {
      class: "lurk-map-strip",
      x: stripCorner(item, width).left - STRIP_EDGE,
      y: LABEL - STRIP_EDGE,
      width: stripWidth(item) + 2 * STRIP_EDGE,
      height: THUMB + 2 * STRIP_EDGE,
      rx: STRIP_EDGE,
    }),
  ];
}

function drawOperation(item: Operation, { width, height }: PlacedBox): SVGElement[] {
  return [
    svg("rect", { class: "lurk-map-op", width, height, rx: height / 2 }),
    drawText(width / 2, height / 2 + 4, "lurk-map-optext", operationText(item)),
  ];
}

function drawClosedGroup({ item, width, height }: PlacedBox): SVGElement[] {
  const stack = stackOf(item);
  const sheet = (offset: number, smaller: number) =>
    svg("rect", {
      class: "lurk-map-fold",
      x: offset || null,
      y: offset || null,
      width: width - smaller,
      height: height - smaller,
      rx: 3,
    });
  return [
    ...(stack ? [sheet(STACK, STACK), sheet(STACK / 2, STACK)] : []),
    sheet(0, stack),
    drawText((width - stack) / 2, 18, "lurk-map-name", `${title(item)} `),
    drawText((width - stack) / 2, 34, "lurk-map-optext", subtitle(item)),
    drawSign(width - stack - 14, 14, false),
  ];
}

/** Whether a box is an open group with a frame: one that shows other groups has none, so that no frame holds frames. */
export function isFramed({ open, holdsGroups }: PlacedBox): boolean {
  return open && !holdsGroups;
}

function drawOpenGroup(box: PlacedBox): SVGElement[] {
  const { item, width, height } = box;
  const head = svg(
    "g",
    { class: "lurk-map-head" },
    svg("rect", { class: "lurk-map-target", width, height: 24 }),
    svg("text", { class: "lurk-map-title", x: 12, y: 17 }, title(item)),
    drawSign(width - 14, 13, true),
  );
  return isFramed(box) ? [svg("rect", { class: "lurk-map-edge", width, height, rx: 4 }), head] : [head];
}

/** A plus on what can be opened, a minus on what can be closed. */
function drawSign(x: number, y: number, minus: boolean): SVGElement {
  return svg("path", { class: "lurk-map-sign", d: `M${x - 4},${y}h8${minus ? "" : `M${x},${y - 4}v8`}` });
}

function drawText(x: number, y: number, kind: string, words: string, softWords = ""): SVGElement {
  const node = svg("text", { class: kind, x, y, "text-anchor": "middle" }, words);
  if (softWords) node.append(svg("tspan", { class: "lurk-map-soft", dx: 3 }, ` ${softWords}`));
  return node;
}

function title(item: Item): string {
  if (item.kind === "operation") return operationName(item.node.type);
  if (item.kind === "repeat") return `${className(item.type)} × ${item.children.length}`;
  return item.label || className(item.type);
}

function subtitle(item: Item): string {
  const layers = plural(countLayers(item), "layer");
  return item.kind === "group" && item.type && item.type !== "Sequential"
    ? `${className(item.type)}, ${layers}`
    : layers;
}

/** A module's class without leading underscores. */
function className(type: string): string {
  return type.replace(/^_+/, "") || "block";
}

function operationText({ node }: Operation): string {
  const name = operationName(node.type);
  return name === "input" ? `input ${node.output.join(" × ")}`.trim() : name;
}
