import { describe, expect, it } from "vitest";
import type { Graph, GraphNode, ModelLayer } from "../src/data/format";
import { drawStrip, measure } from "../src/map/boxes";
import { layOut } from "../src/map/layout";
import { buildTree, type Item, layersIn, openAtFirst, opName } from "../src/map/tree";

/** A stem, then residual blocks of two convolutions each, norm and relu between. */
function residual(blocks: number): { graph: Graph; layers: ModelLayer[] } {
  const nodes: GraphNode[] = [];
  const edges: [string, string][] = [];
  const layers: ModelLayer[] = [];
  const groups: { id: string; parent: string | null; name: string; type: string }[] = [
    { id: "body", parent: null, name: "body", type: "Sequential" },
  ];
  const add = (type: string, parent: string | null, sources: string[], layer?: string) => {
    const id = `${nodes.length}`;
    nodes.push({ id, type, parent, output: [8, 4, 4], ...(layer ? { layer } : {}) });
    for (const source of sources) edges.push([source, id]);
    if (layer) layers.push({ name: layer, slug: layer, kind: "Conv2d", filters: 8, output: [8, 4, 4] });
    return id;
  };
  let last = add("Conv2d", null, [add("input", null, [])], "stem");
  for (let at = 0; at < blocks; at += 1) {
    const name = `body.${at}`;
    groups.push({ id: name, parent: "body", name, type: "Block" });
    const one = add("ReLU", name, [add("BatchNorm2d", name, [add("Conv2d", name, [last], `${name}.a`)])]);
    const two = add("Conv2d", name, [one], `${name}.b`);
    last = add("ReLU", name, [add("add", name, [two, last])]);
  }
  add("Linear", null, [last]);
  return { graph: { nodes, edges, groups }, layers };
}

const build = (blocks: number) => {
  const { graph, layers } = residual(blocks);
  return buildTree(graph, layers);
};
const kinds = (items: readonly Item[]) => items.map((item) => item.kind);

describe("the tree", () => {
  it("folds blocks built alike into a run with its count, and unwraps single children", () => {
    const tree = build(3);
    expect(kinds(tree.root.children).sort()).toEqual(["op", "op", "op", "run"]);
    const run = tree.root.children.find(({ kind }) => kind === "run");
    expect(run?.kind === "run" && run.children).toHaveLength(3);
    expect(run && layersIn(run)).toBe(6);
    expect(tree.layers).toBe(7);
  });

  it("lets small operations join what they follow, and keeps residual edges", () => {
    const tree = build(1);
    const way = [...tree.ways.values()].find((steps) => steps[steps.length - 1]?.label === "a");
    const conv = way?.[way.length - 1];
    expect(conv?.kind === "op" && conv.after).toEqual(["norm", "relu"]);
    const into = tree.edges.filter(([, to]) => to === "n6").map(([from]) => from);
    expect(into.sort()).toEqual(["n1", "n5"]);
  });

  it("does not take branches side by side for repeated blocks", () => {
    const node = (id: string, type: string, parent: string | null): GraphNode => ({
      id,
      type,
      parent,
      output: [8, 4, 4],
    });
    const graph: Graph = {
      nodes: [
        node("i", "input", null),
        node("a1", "Conv2d", "a"),
        node("a2", "Conv2d", "a"),
        node("b1", "Conv2d", "b"),
        node("b2", "Conv2d", "b"),
        node("c", "cat", null),
      ],
      edges: [
        ["i", "a1"],
        ["a1", "a2"],
        ["i", "b1"],
        ["b1", "b2"],
        ["a2", "c"],
        ["b2", "c"],
      ],
      groups: [
        { id: "a", name: "a", type: "Branch" },
        { id: "b", name: "b", type: "Branch" },
      ],
    };
    expect(kinds(buildTree(graph, []).root.children)).toEqual(["op", "group", "group", "op"]);
  });

  it("takes the engine's folds as runs where members follow each other, and opens them where they do not", () => {
    const { graph, layers } = residual(3);
    const folded = (graph.groups ?? []).map((group) => (group.type === "Block" ? { ...group, parent: "fold" } : group));
    const fold = { id: "fold", parent: "body", name: "body.0 to body.2", type: "Block", count: 3 };
    const tree = buildTree({ ...graph, groups: [...folded, fold] }, layers);
    expect(kinds(tree.root.children).filter((kind) => kind === "run")).toHaveLength(1);
    expect(layOut(tree, new Set(), measure).lines).toHaveLength(3);
    const apart = graph.edges.filter(([from, to]) => !(Number(from) === 6 && Number(to) > 6));
    const branches = buildTree({ nodes: graph.nodes, edges: apart, groups: [...folded, fold] }, layers);
    const body = branches.root.children.find(({ kind }) => kind !== "op");
    expect(body?.kind === "group" && kinds(body.children)).toEqual(["group", "run"]);
  });

  it.each([
    ["max_pool2d_with_indices", "max pool"],
    ["AdaptiveAvgPool2d", "mean pool"],
    ["relu_", "relu"],
    ["add", "+"],
    ["aten.cat.default", "cat"],
  ])("calls %s by a short name", (type, name) => expect(opName(type)).toBe(name));

  it("opens no more than a screenful at first", () => {
    const tree = build(30);
    expect(openAtFirst(tree.root, 4).size).toBe(0);
    const run = tree.root.children.find(({ kind }) => kind === "run");
    expect(openAtFirst(tree.root, 100).has(run?.key ?? "")).toBe(false);
  });

  it("opens short runs of blocks where much room is left", () => {
    const tree = build(4);
    const run = tree.root.children.find(({ kind }) => kind === "run");
    expect([...openAtFirst(tree.root, 36)]).toEqual([run?.key]);
    expect(openAtFirst(tree.root, 11).size).toBe(0);
  });
});

describe("the layout", () => {
  it("runs from top to bottom, with every line from box to box", () => {
    const tree = build(3);
    const { boxes, lines, width, height } = layOut(tree, new Set(), measure);
    expect(boxes).toHaveLength(4);
    expect(lines).toHaveLength(3);
    const place = new Map(boxes.map((box) => [box.item.key, box]));
    for (const { from, to, points } of lines) {
      const [a, b] = [place.get(from), place.get(to)];
      expect(points[0]?.[1]).toBeCloseTo((a?.y ?? 0) + (a?.height ?? 0), 5);
      expect(points[points.length - 1]?.[1]).toBeCloseTo(b?.y ?? 0, 5);
    }
    for (const box of boxes) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width + 0.01);
      expect(box.y + box.height).toBeLessThanOrEqual(height + 0.01);
    }
  });

  it("keeps what is inside an open group within it, and leads lines through its ports", () => {
    const tree = build(2);
    const open = new Set([...tree.ways.keys()]);
    const { boxes, lines, width, height } = layOut(tree, open, measure);
    const outer = boxes.find(({ item }) => item.kind === "run");
    const inside = boxes.filter(({ item }) => (tree.ways.get(item.key)?.length ?? 0) > 2);
    expect(inside.length).toBeGreaterThan(6);
    for (const box of inside) {
      expect(box.x).toBeGreaterThanOrEqual(outer?.x ?? 0);
      expect(box.y + box.height).toBeLessThanOrEqual((outer?.y ?? 0) + (outer?.height ?? 0));
    }
    for (const [x, y] of lines.flatMap(({ points }) => points)) {
      expect(x >= 0 && x <= width).toBe(true);
      expect(y >= 0 && y <= height).toBe(true);
    }
    for (const { points } of lines.filter(({ from }) => from === "top")) {
      expect(boxes.some((box) => box.open && Math.abs(box.y - (points[0]?.[1] ?? -1)) < 0.01)).toBe(true);
    }
    expect(lines.filter(({ from }) => from === "top").length).toBeGreaterThan(0);
  });

  it("leads lines past an open group's title, and keeps them inside its frame", () => {
    const tree = build(2);
    const { boxes, lines } = layOut(tree, new Set([...tree.ways.keys()]), measure);
    const frames = boxes.filter(({ open, item }) => open && item.kind === "group");
    expect(frames).toHaveLength(2);
    for (const { item, x, y, width } of frames) {
      const own = item.kind === "op" ? [] : item.children.map(({ key }) => key);
      const inside = lines.filter(({ from, to }) => (from === "top" || own.includes(from)) && own.includes(to));
      expect(inside.length).toBeGreaterThan(2);
      for (const [across, down] of inside.flatMap(({ points }) => points)) {
        if (down < y || down > y + 400) continue;
        expect(across).toBeGreaterThan(x + 4);
        expect(across).toBeLessThan(x + width - 4);
        if (down < y + 20) expect(across).toBeGreaterThan(x + 12 + 6 * item.label.length);
      }
    }
  });

  it("sets branches from left to right in their own order", () => {
    const nodes: GraphNode[] = ["i", "a", "b", "c", "d", "e"].map((id) => ({ id, type: "Conv2d", output: [8, 4, 4] }));
    const middle = ["a", "b", "c", "d"];
    const edges = middle.flatMap((id): [string, string][] => [
      ["i", id],
      [id, "e"],
    ]);
    for (const list of [edges, [...edges].reverse()]) {
      const { boxes, lines } = layOut(buildTree({ nodes, edges: list }, []), new Set(), measure);
      const places = middle.map((id) => boxes.find(({ item }) => item.key === `n${id}`)?.x ?? 0);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      for (const { from, to, points } of lines.filter(({ to: end }) => end === "ne")) {
        const box = boxes.find(({ item }) => item.key === from);
        expect(points[0]?.[0], `${from} ${to}`).toBeCloseTo((box?.x ?? 0) + (box?.width ?? 0) / 2, 5);
      }
    }
  });

  it("draws a dense block's far connections as arcs", () => {
    const count = 24;
    const nodes: GraphNode[] = Array.from({ length: count }, (_, id) => ({ id, type: "Conv2d", output: [8, 4, 4] }));
    const edges = nodes.flatMap((_, to) => nodes.slice(0, to).map((__, from): [number, number] => [from, to]));
    const { lines } = layOut(buildTree({ nodes, edges }, []), new Set(), measure);
    expect(lines).toHaveLength(edges.length);
    expect(lines.filter(({ arc }) => !arc).length).toBe(count - 1);
  });
});

describe("pictures", () => {
  it("stand for what is folded: as many of its last layer as its channels tell", () => {
    const { graph, layers } = residual(2);
    const last = layers[layers.length - 1];
    if (last) last.filters = 64;
    if (last) last.strip = [0, 1, 2, 3, 4, 5].map((filter) => [filter, [0, 40 * filter, 0, 40, 40]]);
    const tree = buildTree(graph, layers);
    const { boxes } = layOut(tree, new Set(), measure);
    const drawn = boxes
      .filter(({ item }) => item.kind !== "op")
      .flatMap((box) => drawStrip(box, (sheet) => `s${sheet}`));
    expect(drawn.map((one) => one.getAttribute("viewBox"))).toEqual(
      [0, 40, 80, 120].map((x) => `${x + 0.5} 0.5 39 39`),
    );
  });
});
