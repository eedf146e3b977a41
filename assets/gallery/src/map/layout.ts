/** Places for a tree's items, from top to bottom: each open group is laid out by itself and is then one box in the group around it. */
import { Graph as DagreGraph, layout as dagreLayout } from "@dagrejs/dagre";
import type { Group, Item, Repeat } from "./items";
import type { Tree } from "./tree";

export interface PlacedBox {
  item: Item;
  open: boolean;
  /** Whether it shows other groups inside it. */
  holdsGroups: boolean;
  /** Upper left corner and size, in the map's own pixels. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  from: string;
  to: string;
  points: Point[];
  /** Whether it is a far connection of a dense block, drawn as an arc beside the boxes. */
  arc: boolean;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: PlacedBox[];
  lines: Line[];
}

/** The room that an item needs; that of its title where it is open. */
export type Measure = (item: Item, open?: boolean) => { width: number; height: number };

type Point = [x: number, y: number];
type Edge = [from: string, to: string];
type Dagre = DagreGraph<object, { width: number; height: number }, object>;

/** A group's drawing, and where connections enter it at the top and leave it at the bottom. */
interface GroupDrawing extends Drawing {
  enter: number;
  leave: number;
}

/** What is known of a group when dagre has placed its children. */
interface GroupLayout {
  group: Group | Repeat;
  dagre: Dagre;
  edges: Edge[];
  /** The edges that shaped the layout. */
  near: ReadonlySet<Edge>;
  /** Drawings of the open groups inside, by key. */
  inner: ReadonlyMap<string, GroupDrawing>;
}

/** Room around a group's content: to the left of the content, above and below it, and the width of all. */
interface Frame {
  left: number;
  head: number;
  foot: number;
  width: number;
}

const PAD = 16;
const HEAD = 26;
/** Below a group's title, above the row that its lines lead to. */
const PORT_HEAD = 14;
/** Between a line and its group's edge. */
const LINE_MARGIN = 8;
/** The ports through which connections enter and leave a group. */
const TOP = "top";
const END = "end";
/** Where a group has more connections than this for each of its boxes, only the nearest shape the layout. */
const DENSE = 2.5;
/** A drawing is not widened by more than twice this to bring its ports to the middle. */
const LARGEST_SHIFT = 64;

/** Lay out what is in sight: the items of every group and repeat whose key is in `open`. */
export function layOut(tree: Tree, open: ReadonlySet<string>, measure: Measure): Drawing {
  const edges = new Map<string, Edge[]>();
  for (const edge of tree.edges) assignEdge(tree, open, edge, edges);
  return layOutGroup(tree.root, open, measure, edges, false);
}

/** Add an edge to each open group that it touches, by the group's key: between two of its boxes, or to a port. */
function assignEdge(tree: Tree, open: ReadonlySet<string>, [from, to]: Edge, edges: Map<string, Edge[]>): void {
  const add = (group: Item | undefined, first: string, second: string) => {
    const key = group?.key ?? "";
    const list = edges.get(key);
    if (list) list.push([first, second]);
    else edges.set(key, [[first, second]]);
  };
  const start = visiblePart(tree.paths.get(from) ?? [], open);
  const stop = visiblePart(tree.paths.get(to) ?? [], open);
  let shared = 0;
  while (start[shared + 1] && start[shared + 1] === stop[shared + 1]) shared += 1;
  const [around, source, target] = [start[shared], start[shared + 1], stop[shared + 1]];
  if (!around || !source || !target) return;
  add(around, source.key, target.key);
  for (let at = shared + 1; at < start.length - 1; at += 1) add(start[at], start[at + 1]?.key ?? "", END);
  for (let at = shared + 1; at < stop.length - 1; at += 1) add(stop[at], TOP, stop[at + 1]?.key ?? "");
}

/** A path up to the first item below the root that is closed. */
function visiblePart(path: Item[], open: ReadonlySet<string>): Item[] {
  const closed = path.findIndex((item, at) => at > 0 && item.kind !== "operation" && !open.has(item.key));
  return closed < 0 ? path : path.slice(0, closed + 1);
}

function layOutGroup(
  group: Group | Repeat,
  open: ReadonlySet<string>,
  measure: Measure,
  allEdges: ReadonlyMap<string, Edge[]>,
  framed: boolean,
): GroupDrawing {
  const inner = new Map<string, GroupDrawing>();
  const dagre: Dagre = new DagreGraph();
  dagre.setGraph({ rankdir: "TB", nodesep: 26, ranksep: 22, edgesep: 14, marginx: 0, marginy: 0 });
  for (const item of group.children) {
    if (item.kind !== "operation" && open.has(item.key)) {
      const drawing = layOutGroup(item, open, measure, allEdges, true);
      inner.set(item.key, drawing);
      dagre.setNode(item.key, { width: drawing.width, height: drawing.height });
    } else {
      dagre.setNode(item.key, measure(item));
    }
  }
  const edges = unique(allEdges.get(group.key) ?? []);
  for (const port of [TOP, END])
    if (edges.some((edge) => edge.includes(port))) dagre.setNode(port, { width: 1, height: 1 });
  const near = edges.length > DENSE * (group.children.length + 1) ? nearest(edges, group.children) : new Set(edges);
  for (const edge of near) dagre.setEdge(edge[0], edge[1], {});
  dagreLayout(dagre);
  mirrorBranches(dagre, group.children);
  return assemble({ group, dagre, edges, near, inner }, open, framed ? measure(group, true).width : null);
}

/** Let branches stand from left to right in their own order, where the layout has them the other way round. */
function mirrorBranches(dagre: Dagre, children: readonly Item[]): void {
  const nodes = children.map(({ key }) => nodeOf(dagre, key));
  const steps = nodes.flatMap((one, at) =>
    nodes
      .slice(at + 1)
      .filter(({ y }) => Math.abs(y - one.y) < 1)
      .map(({ x }) => x - one.x),
  );
  if (steps.filter((step) => step < 0).length * 2 <= steps.length) return;
  const { width } = sizeOf(dagre);
  const mirror = (point: { x: number }) => {
    point.x = width - point.x;
  };
  for (const key of dagre.nodes()) mirror(nodeOf(dagre, key));
  for (const { v, w } of dagre.edges()) for (const point of bendsOf(dagre, v, w)) mirror(point);
}

/** Put a group's boxes and lines together with those of the open groups inside; `title` is its title's width, null without a frame. */
function assemble(layout: GroupLayout, open: ReadonlySet<string>, title: number | null): GroupDrawing {
  const { dagre } = layout;
  const frame = frameOf(dagre, title);
  const height = sizeOf(dagre).height + frame.head + frame.foot;
  const boxes: PlacedBox[] = [];
  const lines: Line[] = [];
  for (const item of layout.group.children) {
    const node = nodeOf(dagre, item.key);
    const [x, y] = [node.x - node.width / 2 + frame.left, node.y - node.height / 2 + frame.head];
    const inner = layout.inner.get(item.key);
    const holdsGroups = inner?.boxes.some((box) => box.item.kind !== "operation") ?? false;
    boxes.push({ item, open: open.has(item.key), holdsGroups, x, y, width: node.width, height: node.height });
    if (inner) boxes.push(...inner.boxes.map((box) => ({ ...box, x: box.x + x, y: box.y + y })));
    if (inner) lines.push(...inner.lines.map((line) => ({ ...line, points: shift(line.points, x, y) })));
  }
  for (const edge of layout.edges) lines.push(lineOf(edge, layout, frame, height));
  const portAt = (port: string) => (dagre.hasNode(port) ? nodeOf(dagre, port).x + frame.left : frame.width / 2);
  return centrePorts({ width: frame.width, height, boxes, lines, enter: portAt(TOP), leave: portAt(END) });
}

/** A port's rank leaves room of its own above and below. */
function frameOf(dagre: Dagre, title: number | null): Frame {
  if (title === null) return { ...widthOf(dagre, 2, 0), head: 2, foot: 2 };
  const head = dagre.hasNode(TOP) ? PORT_HEAD : HEAD;
  const foot = dagre.hasNode(END) ? 0 : PAD;
  return { ...widthOf(dagre, PAD, title), head, foot };
}

/** Where a group's content begins, and how wide the group is: lines and title lie inside, and no line crosses the title. */
function widthOf(dagre: Dagre, pad: number, title: number): { left: number; width: number } {
  const { width } = sizeOf(dagre);
  const bends = dagre.edges().flatMap(({ v, w }) => bendsOf(dagre, v, w));
  const left = Math.max(pad, LINE_MARGIN - Math.min(0, ...bends.map(({ x }) => x)));
  const right = Math.max(pad, LINE_MARGIN - Math.min(0, ...bends.map(({ x }) => width - x)));
  const missing = Math.max(0, title - left - width - right);
  return { left: left + missing / 2, width: left + width + right + missing };
}

function lineOf(edge: Edge, layout: GroupLayout, frame: Frame, height: number): Line {
  const { dagre, near, inner } = layout;
  const [from, to] = edge;
  const end = (key: string, side: "enter" | "leave"): Point => {
    const node = nodeOf(dagre, key);
    if (key === TOP) return [node.x + frame.left, 0];
    if (key === END) return [node.x + frame.left, height];
    const drawing = inner.get(key);
    const x = drawing ? node.x - node.width / 2 + drawing[side] : node.x;
    return [x + frame.left, node.y + (side === "enter" ? -0.5 : 0.5) * node.height + frame.head];
  };
  const first = end(from, "leave");
  const pastTitle: Point[] = from === TOP ? [[first[0], HEAD]] : [];
  const bends = near.has(edge) ? bendsOf(dagre, from, to) : [];
  const between = bends.slice(1, -1).map(({ x, y }): Point => [x + frame.left, y + frame.head]);
  return { from, to, points: [first, ...pastTitle, ...between, end(to, "enter")], arc: !near.has(edge) };
}

/** Widen a drawing on one side where that puts its ports in the middle, so that lines run straight through. */
function centrePorts(drawing: GroupDrawing): GroupDrawing {
  const off = drawing.width / 2 - drawing.enter;
  if (Math.abs(off) < 0.5 || Math.abs(off) > LARGEST_SHIFT) return drawing;
  const right = Math.max(0, 2 * off);
  return {
    ...drawing,
    width: drawing.width + 2 * Math.abs(off),
    enter: drawing.enter + right,
    leave: drawing.leave + right,
    boxes: drawing.boxes.map((box) => ({ ...box, x: box.x + right })),
    lines: drawing.lines.map((line) => ({ ...line, points: shift(line.points, right, 0) })),
  };
}

/** Of many edges those that the order needs: each box's latest source and earliest target. */
function nearest(edges: Edge[], children: readonly Item[]): Set<Edge> {
  const order = new Map(children.map(({ key }, place) => [key, place]));
  order.set(TOP, -1);
  order.set(END, children.length);
  const latest = new Map<string, Edge>();
  const earliest = new Map<string, Edge>();
  const at = (key: string | undefined) => order.get(key ?? "") ?? 0;
  for (const edge of edges) {
    const [from, to] = edge;
    if (!latest.has(to) || at(latest.get(to)?.[0]) < at(from)) latest.set(to, edge);
    if (!earliest.has(from) || at(earliest.get(from)?.[1]) > at(to)) earliest.set(from, edge);
  }
  return new Set([...latest.values(), ...earliest.values()]);
}

function unique(edges: Edge[]): Edge[] {
  return [...new Map(edges.map((edge) => [edge.join(" "), edge])).values()];
}

function shift(points: Point[], x: number, y: number): Point[] {
  return points.map((point) => [point[0] + x, point[1] + y]);
}

// What dagre adds to a graph when it lays it out is not in its types.

function nodeOf(dagre: Dagre, key: string): { x: number; y: number; width: number; height: number } {
  return dagre.node(key) as { x: number; y: number; width: number; height: number };
}

function bendsOf(dagre: Dagre, from: string, to: string): { x: number; y: number }[] {
  return (dagre.edge(from, to) as { points?: { x: number; y: number }[] }).points ?? [];
}

function sizeOf(dagre: Dagre): { width: number; height: number } {
  const { width = 0, height = 0 } = dagre.graph() as { width?: number; height?: number };
  return { width, height };
}
