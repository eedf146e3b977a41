/** Places for a tree's items, from top to bottom: each open group is laid out by itself and is then one box in the group around it. */
import { Graph as Dagre, layout as dagreLayout } from "@dagrejs/dagre";
import type { Group, Item, Run, Tree } from "./tree";

export interface Placed {
  item: Item;
  open: boolean;
  /** Top left corner and size, in the map's own pixels. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  from: string;
  to: string;
  points: [x: number, y: number][];
  /** A far connection of a dense block, drawn as an arc beside the boxes. */
  arc: boolean;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Placed[];
  lines: Line[];
}

/** The room that an item needs, or an open one's title. */
export type Measure = (item: Item, open?: boolean) => { width: number; height: number };

const PAD = 16;
const HEAD = 26;
/** Below a group's title, above the row that its lines lead to. */
const PORT_HEAD = 14;
/** Between a line and its group's edge. */
const AIR = 8;
const TOP = "top";
const END = "end";
/** Where a group has more connections than this for each of its boxes, only the nearest shape the layout. */
const DENSE = 2.5;

type Inside = Dagre<object, { width: number; height: number }, object>;

interface Inner extends Drawing {
  /** Where connections enter at the top and leave at the bottom. */
  enter: number;
  leave: number;
}

/** Lay out what is in sight: the items of every group and run whose key is in `open`. */
export function layOut(tree: Tree, open: ReadonlySet<string>, measure: Measure): Drawing {
  const links = new Map<string, [string, string][]>();
  for (const [from, to] of tree.edges) liftEdge(tree, open, from, to, links);
  return layGroup(tree.root, open, measure, links, false);
}

/** Hand an edge to each open group that it touches: between two of its boxes, or to its top or end. */
function liftEdge(
  tree: Tree,
  open: ReadonlySet<string>,
  from: string,
  to: string,
  links: Map<string, [string, string][]>,
): void {
  const add = (group: string, pair: [string, string]) => {
    const list = links.get(group);
    if (list) list.push(pair);
    else links.set(group, [pair]);
  };
  const sees = (way: Item[]) => way.findIndex((item, at) => at > 0 && item.kind !== "op" && !open.has(item.key));
  const cut = (way: Item[]) => (sees(way) < 0 ? way : way.slice(0, sees(way) + 1));
  const [start, stop] = [cut(tree.ways.get(from) ?? []), cut(tree.ways.get(to) ?? [])];
  let shared = 0;
  while (start[shared + 1] && start[shared + 1] === stop[shared + 1]) shared += 1;
  const [above, one, other] = [start[shared], start[shared + 1], stop[shared + 1]];
  if (!above || !one || !other) return;
  add(above.key, [one.key, other.key]);
  for (let at = shared + 1; at < start.length - 1; at += 1) add(start[at]?.key ?? "", [start[at + 1]?.key ?? "", END]);
  for (let at = shared + 1; at < stop.length - 1; at += 1) add(stop[at]?.key ?? "", [TOP, stop[at + 1]?.key ?? ""]);
}

function layGroup(
  group: Group | Run,
  open: ReadonlySet<string>,
  measure: Measure,
  links: Map<string, [string, string][]>,
  framed: boolean,
): Inner {
  const inner = new Map<string, Inner>();
  const dagre: Inside = new Dagre();
  dagre.setGraph({ rankdir: "TB", nodesep: 26, ranksep: 22, edgesep: 14, marginx: 0, marginy: 0 });
  const order = new Map<string, number>();
  for (const [place, item] of group.children.entries()) {
    order.set(item.key, place);
    if (item.kind !== "op" && open.has(item.key)) {
      const part = layGroup(item, open, measure, links, true);
      inner.set(item.key, part);
      dagre.setNode(item.key, { width: part.width, height: part.height });
    } else {
      dagre.setNode(item.key, measure(item));
    }
  }
  const pairs = unique(links.get(group.key) ?? []);
  order.set(TOP, -1);
  order.set(END, group.children.length);
  for (const port of [TOP, END])
    if (pairs.some((pair) => pair.includes(port))) dagre.setNode(port, { width: 1, height: 1 });
  const near = pairs.length > DENSE * (group.children.length + 1) ? nearest(pairs, order) : new Set(pairs);
  for (const pair of near) dagre.setEdge(pair[0], pair[1], {});
  dagreLayout(dagre);
  mirror(dagre, group.children);
  return assemble(group, dagre, pairs, near, inner, open, framed ? measure(group, true).width : null);
}

/** Let branches stand from left to right in their own order, where the layout has them the other way round. */
function mirror(dagre: Inside, children: readonly Item[]): void {
  type Point = { x: number; y: number };
  const nodes = children.map(({ key }) => dagre.node(key) as unknown as Point);
  const beside = nodes.flatMap((one, at) =>
    nodes
      .slice(at + 1)
      .filter(({ y }) => Math.abs(y - one.y) < 1)
      .map(({ x }) => x - one.x),
  );
  if (beside.filter((step) => step < 0).length * 2 <= beside.length) return;
  const { width = 0 } = dagre.graph() as { width?: number };
  for (const key of dagre.nodes()) turn(dagre.node(key) as unknown as Point);
  for (const edge of dagre.edges())
    for (const point of (dagre.edge(edge) as { points?: Point[] }).points ?? []) turn(point);

  function turn(point: Point): void {
    point.x = width - point.x;
  }
}

function assemble(
  group: Group | Run,
  dagre: Inside,
  pairs: [string, string][],
  near: ReadonlySet<[string, string]>,
  inner: ReadonlyMap<string, Inner>,
  open: ReadonlySet<string>,
  title: number | null,
): Inner {
  // A port's rank leaves room of its own above and below.
  const framed = title !== null;
  const { side, width } = across(dagre, framed ? PAD : 2, title ?? 0);
  const head = framed ? (dagre.hasNode(TOP) ? PORT_HEAD : HEAD) : 2;
  const foot = framed ? (dagre.hasNode(END) ? 0 : PAD) : 2;
  const boxes: Placed[] = [];
  const lines: Line[] = [];
  const place = (key: string) => dagre.node(key) as unknown as { x: number; y: number; width: number; height: number };
  const { height = 0 } = dagre.graph() as { height?: number };
  for (const item of group.children) {
    const node = place(item.key);
    const [x, y] = [node.x - node.width / 2 + side, node.y - node.height / 2 + head];
    boxes.push({ item, open: open.has(item.key), x, y, width: node.width, height: node.height });
    const part = inner.get(item.key);
    if (!part) continue;
    boxes.push(...part.boxes.map((box) => ({ ...box, x: box.x + x, y: box.y + y })));
    lines.push(...part.lines.map((line) => ({ ...line, points: shift(line.points, x, y) })));
  }
  const entry = (key: string, at: "enter" | "leave"): [number, number] => {
    const node = place(key);
    const part = inner.get(key);
    const x = part ? node.x - node.width / 2 + part[at] : node.x;
    if (key === TOP) return [node.x + side, 0];
    if (key === END) return [node.x + side, height + head + foot];
    return [x + side, node.y + (at === "enter" ? -0.5 : 0.5) * node.height + head];
  };
  for (const pair of pairs) {
    const [from, to] = pair;
    const ends = { first: entry(from, "leave"), last: entry(to, "enter") };
    const bends = near.has(pair)
      ? ((dagre.edge(from, to) as { points?: { x: number; y: number }[] }).points ?? [])
      : [];
    const between = bends.slice(1, -1).map(({ x, y }): [number, number] => [x + side, y + head]);
    const straight: [number, number][] = from === TOP ? [[ends.first[0], HEAD]] : []; // past the title
    lines.push({ from, to, points: [ends.first, ...straight, ...between, ends.last], arc: !near.has(pair) });
  }
  const middle = (port: string) => (dagre.hasNode(port) ? place(port).x + side : width / 2);
  const drawing = { width, height: height + head + foot, boxes, lines };
  return centre({ ...drawing, enter: middle(TOP), leave: middle(END) });
}

/** How far to the right a group's content begins, and how wide it is in all: lines and title lie inside, and no line crosses the title. */
function across(dagre: Inside, pad: number, title: number): { side: number; width: number } {
  const { width = 0 } = dagre.graph() as { width?: number };
  const bends = dagre.edges().flatMap((edge) => (dagre.edge(edge) as { points?: { x: number }[] }).points ?? []);
  const left = Math.max(pad, AIR - Math.min(0, ...bends.map(({ x }) => x)));
  const right = Math.max(pad, AIR - Math.min(0, ...bends.map(({ x }) => width - x)));
  const short = Math.max(0, title - left - width - right);
  return { side: left + short / 2, width: left + width + right + short };
}

/** Widen a drawing on one side where that puts its ports in the middle, so that lines run straight through. */
function centre(inner: Inner): Inner {
  const off = inner.width / 2 - inner.enter;
  if (Math.abs(off) < 0.5 || Math.abs(off) > 64) return inner;
  const right = Math.max(0, 2 * off);
  return {
    ...inner,
    width: inner.width + 2 * Math.abs(off),
    enter: inner.enter + right,
    leave: inner.leave + right,
    boxes: inner.boxes.map((box) => ({ ...box, x: box.x + right })),
    lines: inner.lines.map((line) => ({ ...line, points: shift(line.points, right, 0) })),
  };
}

/** Of many edges those that the order needs: each box's latest source and earliest target. */
function nearest(pairs: [string, string][], order: ReadonlyMap<string, number>): Set<[string, string]> {
  const last = new Map<string, [string, string]>();
  const first = new Map<string, [string, string]>();
  const at = (key: string | undefined) => order.get(key ?? "") ?? 0;
  for (const pair of pairs) {
    if (!last.has(pair[1]) || at(last.get(pair[1])?.[0]) < at(pair[0])) last.set(pair[1], pair);
    if (!first.has(pair[0]) || at(first.get(pair[0])?.[1]) > at(pair[1])) first.set(pair[0], pair);
  }
  return new Set([...last.values(), ...first.values()]);
}

function unique(pairs: [string, string][]): [string, string][] {
  return [...new Map(pairs.map((pair) => [pair.join(" "), pair])).values()];
}

function shift(points: [number, number][], x: number, y: number): [number, number][] {
  return points.map((point) => [point[0] + x, point[1] + y]);
}
