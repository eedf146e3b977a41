import { describe, expect, it } from "vitest";
import { measure } from "../src/map/boxes";
import { layOut } from "../src/map/layout";
import { buildTree } from "../src/map/tree";
import { graphNode, residualGraph } from "./data";

const treeOf = (blocks: number) => {
  const { graph, layers } = residualGraph(blocks);
  return buildTree(graph, layers);
};

describe("the layout", () => {
  it("runs from top to bottom, with every line from box to box", () => {
    const tree = treeOf(3);
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

  it("keeps the content of an open group inside it, and leads lines through its ports", () => {
    const tree = treeOf(2);
    const open = new Set([...tree.paths.keys()]);
    const { boxes, lines, width, height } = layOut(tree, open, measure);
    const outer = boxes.find(({ item }) => item.kind === "repeat");
    const inside = boxes.filter(({ item }) => (tree.paths.get(item.key)?.length ?? 0) > 2);
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

  it("leads lines past the title of an open group, and keeps them inside its frame", () => {
    const tree = treeOf(2);
    const { boxes, lines } = layOut(tree, new Set([...tree.paths.keys()]), measure);
    const frames = boxes.filter(({ open, item }) => open && item.kind === "group");
    expect(frames).toHaveLength(2);
    for (const { item, x, y, width } of frames) {
      const own = item.kind === "operation" ? [] : item.children.map(({ key }) => key);
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

  it("places branches from left to right in their own order", () => {
    const nodes = [0, 1, 2, 3, 4, 5].map((id) => graphNode(id));
    const branches = [1, 2, 3, 4];
    const edges = branches.flatMap((id): [number, number][] => [
      [0, id],
      [id, 5],
    ]);
    for (const list of [edges, [...edges].reverse()]) {
      const { boxes, lines } = layOut(buildTree({ nodes, edges: list, groups: [] }, []), new Set(), measure);
      const places = branches.map((id) => boxes.find(({ item }) => item.key === `n${id}`)?.x ?? 0);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      for (const { from, to, points } of lines.filter(({ to: end }) => end === "n5")) {
        const box = boxes.find(({ item }) => item.key === from);
        expect(points[0]?.[0], `${from} ${to}`).toBeCloseTo((box?.x ?? 0) + (box?.width ?? 0) / 2, 5);
      }
    }
  });

  it("draws a dense block's far connections as arcs", () => {
    const count = 24;
    const nodes = Array.from({ length: count }, (_, id) => graphNode(id));
    const edges = nodes.flatMap((_, to) => nodes.slice(0, to).map((__, from): [number, number] => [from, to]));
    const { lines } = layOut(buildTree({ nodes, edges, groups: [] }, []), new Set(), measure);
    expect(lines).toHaveLength(edges.length);
    expect(lines.filter(({ arc }) => !arc).length).toBe(count - 1);
  });
});
