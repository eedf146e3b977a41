/** How the map's boxes look: a layer with a strip of its filters, a small operation, a folded or open group. */

import type { ModelLayer } from "../data/format";
import { svg } from "../draw/dom";
import { isPixelArt, type Sheets, viewBox } from "../draw/view";
import { count, plural } from "../words";
import type { Placed } from "./layout";
import { type Item, layersIn, type Op, opName } from "./tree";

const THUMB = 34;
const GAP = 2;
const LABEL = 17;
const FOLD_LABEL = 42;
const STACK = 6;
const EDGE = 1.5;
const LETTER = 6.6;
const SMALL_LETTER = 6.1;

/** Room that an item needs, or the title of an open one, which ends before the middle: there a line comes in. */
export function measure(item: Item, open = false): { width: number; height: number } {
  if (open) return { width: 2 * (headline(item).length * LETTER + 18), height: 0 };
  if (item.kind === "op") {
    if (item.layer) {
      const text = item.label.length * LETTER + 10 + shapeOf(item).length * SMALL_LETTER;
      return { width: Math.max(text, across(item)), height: LABEL + THUMB };
    }
    return { width: Math.max(26, opText(item).length * SMALL_LETTER + 18), height: 24 };
  }
  const text = Math.max(headline(item).length * LETTER, underline(item).length * SMALL_LETTER) + 56;
  const stack = item.kind === "run" ? STACK : 0;
  const pictures = across(item);
  return {
    width: Math.max(text, pictures ? pictures + 20 + stack : 0),
    height: FOLD_LABEL + (pictures ? THUMB + 10 : 2) + stack,
  };
}

/** How many filters' pictures a box is wide: a layer's channels, on a scale of doublings; for what is folded those of its last layer. */
export function thumbs(item: Item): number {
  const layer = shown(item);
  if (!layer || (item.kind !== "op" && !layer.strip?.length)) return 0;
  return Math.max(1, Math.min(8, Math.round(Math.log2(layer.filters) - 2)));
}

/** The layer whose filters stand for an item: its own, or the last one folded into it. */
export function shown(item: Item): ModelLayer | null {
  if (item.kind === "op") return item.layer;
  for (const child of [...item.children].reverse()) {
    const layer = shown(child);
    if (layer?.strip?.length) return layer;
  }
  return null;
}

function across(item: Item): number {
  const room = thumbs(item);
  return room && room * (THUMB + GAP) - GAP;
}

/**
 * The pictures that stand for an item, to lie over its box: inside it they would count towards the box's extent with all of their sheet.
 */
export function drawStrip({ item, open, x, y, width }: Placed, sheets: Sheets): SVGElement[] {
  const layer = shown(item);
  if (!layer || (item.kind !== "op" && open)) return [];
  const { left, top } = stripPlace(item, width);
  const place = { y: y + top, width: THUMB, height: THUMB, preserveAspectRatio: "xMidYMid slice" };
  const strip = layer.strip ?? [];
  return Array.from({ length: thumbs(item) }, (_, at) => {
    const [, picture] = strip[at] ?? [];
    const start = x + left + at * (THUMB + GAP);
    if (!picture) return svg("rect", { class: "lurk-map-blank", x: start, y: y + top, width: THUMB, height: THUMB });
    const image = svg("image", { class: "off-glb", href: sheets(picture[0]) });
    const sharp = isPixelArt(picture[3], picture[4]) && "lurk-pixels";
    return svg("svg", { ...place, class: sharp, x: start, viewBox: viewBox(picture) }, image);
  });
}

/** Where in its box a strip begins. */
function stripPlace(item: Item, width: number): { left: number; top: number } {
  const stack = item.kind === "run" ? STACK : 0;
  return { left: (width - stack - across(item)) / 2, top: item.kind === "op" ? LABEL : FOLD_LABEL };
}

/** Fill a box's group element. */
export function drawBox(box: Placed): SVGElement[] {
  const { item } = box;
  if (item.kind !== "op") return box.open ? openGroup(box) : foldedGroup(box);
  return item.layer ? layerBox(item, box) : opBox(item, box);
}

/** An item in one line, for screen readers. */
export function says(item: Item): string {
  if (item.kind === "op") {
    const shape = shapeOf(item);
    if (item.layer) return `${item.layer.name} ${shape}, ${item.layer.kind}`;
    return opName(item.node.type) === "input" ? opText(item) : `${opText(item)}, ${shape}`;
  }
  return `${headline(item)} ${underline(item)}`;
}

/** Channels and size of an operation's output: "64 × 112²". */
export function shapeOf({ node, layer }: Op): string {
  const [channels, height, width] = node.output ?? layer?.output ?? [];
  if (channels === undefined) return "";
  if (height === undefined || (height === 1 && (width ?? 1) === 1)) return count(channels);
  return height === width
    ? `${channels} × ${height}²`
    : `${channels} × ${height}${width === undefined ? "" : ` × ${width}`}`;
}

function layerBox(item: Op, { width, height }: Placed): SVGElement[] {
  return [
    svg("rect", { class: "lurk-map-reach", width, height }),
    text(width / 2, 12, "lurk-map-name", item.label, shapeOf(item)),
    svg("rect", {
      class: "lurk-map-strip",
      x: stripPlace(item, width).left - EDGE,
      y: LABEL - EDGE,
      width: across(item) + 2 * EDGE,
      height: THUMB + 2 * EDGE,
      rx: EDGE,
    }),
  ];
}

function opBox(item: Op, { width, height }: Placed): SVGElement[] {
  return [
    svg("rect", { class: "lurk-map-op", width, height, rx: height / 2 }),
    text(width / 2, height / 2 + 4, "lurk-map-optext", opText(item)),
  ];
}

function foldedGroup(box: Placed): SVGElement[] {
  const { item, width, height } = box;
  const nodes: SVGElement[] = [];
  const stack = item.kind === "run" ? STACK : 0;
  if (stack) {
    nodes.push(
      svg("rect", { class: "lurk-map-fold", x: 6, y: 6, width: width - 6, height: height - 6, rx: 3 }),
      svg("rect", { class: "lurk-map-fold", x: 3, y: 3, width: width - 6, height: height - 6, rx: 3 }),
    );
  }
  nodes.push(
    svg("rect", { class: "lurk-map-fold", width: width - stack, height: height - stack, rx: 3 }),
    text((width - stack) / 2, 18, "lurk-map-name", `${headline(item)} `),
    text((width - stack) / 2, 34, "lurk-map-optext", underline(item)),
    sign(width - stack - 14, 14, false),
  );
  return nodes;
}

function openGroup({ item, width, height }: Placed): SVGElement[] {
  const head = svg("g", { class: "lurk-map-head" });
  head.append(
    svg("rect", { class: "lurk-map-reach", width, height: 24 }),
    svg("text", { class: "lurk-map-title", x: 12, y: 17 }, headline(item)),
    sign(width - 14, 13, true),
  );
  return [svg("rect", { class: "lurk-map-edge", width, height, rx: 4 }), head];
}

/** Plus on what can be unfolded, minus on what can be folded. */
function sign(x: number, y: number, minus: boolean): SVGElement {
  return svg("path", { class: "lurk-map-sign", d: `M${x - 4},${y}h8${minus ? "" : `M${x},${y - 4}v8`}` });
}

function headline(item: Item): string {
  if (item.kind === "op") return opName(item.node.type);
  if (item.kind === "run") return `${plainType(item.type)} × ${item.children.length}`;
  return item.label || plainType(item.type);
}

function underline(item: Item): string {
  const inside = plural(layersIn(item), "layer");
  return item.kind === "group" && item.type && item.type !== "Sequential"
    ? `${plainType(item.type)}, ${inside}`
    : inside;
}

function plainType(type: string): string {
  return type.replace(/^_+/, "") || "block";
}

function opText(item: Op): string {
  const name = opName(item.node.type);
  return name === "input" ? `input ${item.node.output?.join(" × ") ?? ""}`.trim() : name;
}

function text(x: number, y: number, kind: string, words: string, soft = ""): SVGElement {
  const node = svg("text", { class: kind, x, y, "text-anchor": "middle" }, words);
  if (soft) node.append(svg("tspan", { class: "lurk-map-soft", dx: 3 }, ` ${soft}`));
  return node;
}
