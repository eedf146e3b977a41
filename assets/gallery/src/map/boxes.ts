/** How the map's boxes look: a layer with a strip of its filters, a small operation, a folded or open group. */
import { svg } from "../draw/dom";
import type { Sheets } from "../draw/view";
import { count, plural } from "../words";
import type { Placed } from "./layout";
import { type Item, layersIn, type Op, opName } from "./tree";

const THUMB = 26;
const LABEL = 17;
const LETTER = 6.6;
const SMALL_LETTER = 6.1;

/** Room that an item needs when it is not open. */
export function measure(item: Item): { width: number; height: number } {
  if (item.kind === "op") {
    if (item.layer) {
      const text = item.label.length * LETTER + 10 + shapeOf(item).length * SMALL_LETTER;
      return { width: Math.max(text, thumbs(item) * THUMB + 2), height: LABEL + THUMB + 2 };
    }
    return { width: Math.max(26, opText(item).length * SMALL_LETTER + 18), height: 24 };
  }
  const width = Math.max(headline(item).length * LETTER, underline(item).length * SMALL_LETTER) + 56;
  return { width, height: item.kind === "run" ? 50 : 44 };
}

/** How many filters' pictures a layer's box is wide: its channels, on a scale of doublings. */
export function thumbs({ layer }: Op): number {
  return layer ? Math.max(1, Math.min(8, Math.round(Math.log2(layer.filters) - 2))) : 0;
}

/**
 * A layer's pictures, to lie under its box: inside it they would count towards the box's extent with all of their sheet.
 */
export function drawStrip({ item, x, y, width }: Placed, sheets: Sheets): SVGElement[] {
  if (item.kind !== "op" || !item.layer) return [];
  const room = thumbs(item);
  const across = room * THUMB + 2;
  const left = x + (width - across) / 2;
  const place = { y: y + LABEL + 1, width: THUMB, height: THUMB };
  return [
    svg("rect", { class: "lurk-map-blank", x: left, y: y + LABEL, width: across, height: THUMB + 2, rx: 2 }),
    ...(item.layer.strip ?? []).slice(0, room).map(([, [sheet, px, py, w, h]], at) =>
      svg(
        "svg",
        {
          ...place,
          x: left + 1 + at * THUMB,
          viewBox: `${px + 0.5} ${py + 0.5} ${w - 1} ${h - 1}`,
          preserveAspectRatio: "xMidYMid slice",
        },
        svg("image", { class: "off-glb", href: sheets(sheet) }),
      ),
    ),
  ];
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
    return item.layer ? `${item.layer.name} ${shape}, ${item.layer.kind}` : `${opText(item)}, ${shape}`;
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
  const across = thumbs(item) * THUMB + 2;
  return [
    svg("rect", { class: "lurk-map-reach", width, height }),
    text(width / 2, 12, "lurk-map-name", item.label, shapeOf(item)),
    svg("rect", {
      class: "lurk-map-strip",
      x: (width - across) / 2,
      y: LABEL,
      width: across,
      height: THUMB + 2,
      rx: 2,
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
  const stack = item.kind === "run" ? 6 : 0;
  if (stack) {
    nodes.push(
      svg("rect", { class: "lurk-map-fold", x: 6, y: 6, width: width - 6, height: height - 6, rx: 3 }),
      svg("rect", { class: "lurk-map-fold", x: 3, y: 3, width: width - 6, height: height - 6, rx: 3 }),
    );
  }
  nodes.push(
    svg("rect", { class: "lurk-map-fold", width: width - stack, height: height - stack, rx: 3 }),
    text((width - stack) / 2, 18, "lurk-map-name", headline(item)),
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
