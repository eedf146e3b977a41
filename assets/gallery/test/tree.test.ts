import { describe, expect, it } from "vitest";
import type { Graph } from "../src/data/schema";
import { measure } from "../src/map/boxes";
import type { Item } from "../src/map/items";
import { layOut } from "../src/map/layout";
import { operationName } from "../src/map/operations";
import { buildTree, countLayers, initiallyOpen } from "../src/map/tree";
import { graphNode, residualGraph } from "./data";

const treeOf = (blocks: number) => {
  const { graph, layers } = residualGraph(blocks);
  return buildTree(graph, layers);
};
const kinds = (items: readonly Item[]) => items.map((item) => item.kind);

describe("the tree", () => {
  it("gathers repeated blocks into one item, and unwraps groups of a single child", () => {
    const tree = treeOf(3);
    expect(kinds(tree.root.children).sort()).toEqual(["operation", "operation", "operation", "repeat"]);
    const repeat = tree.root.children.find(({ kind }) => kind === "repeat");
    expect(repeat?.kind === "repeat" && repeat.children).toHaveLength(3);
    expect(repeat && countLayers(repeat)).toBe(6);
    expect(tree.layerCount).toBe(7);
  });

  it("merges small operations into those that they follow, and keeps residual edges", () => {
    const tree = treeOf(1);
    const path = [...tree.paths.values()].find((steps) => steps[steps.length - 1]?.label === "a");
    const conv = path?.[path.length - 1];
    expect(conv?.kind === "operation" && conv.after).toEqual(["norm", "relu"]);
    const into = tree.edges.filter(([, to]) => to === "n6").map(([from]) => from);
    expect(into.sort()).toEqual(["n1", "n5"]);
  });

  it("does not take parallel branches for repeated blocks", () => {
    const graph: Graph = {
      nodes: [
        graphNode(0, "input"),
        graphNode(1, "Conv2d", { parent: "a" }),
        graphNode(2, "Conv2d", { parent: "a" }),
        graphNode(3, "Conv2d", { parent: "b" }),
        graphNode(4, "Conv2d", { parent: "b" }),
        graphNode(5, "cat"),
      ],
      edges: [
        [0, 1],
        [1, 2],
        [0, 3],
        [3, 4],
        [2, 5],
        [4, 5],
      ],
      groups: [
        { id: "a", parent: null, name: "a", type: "Branch" },
        { id: "b", parent: null, name: "b", type: "Branch" },
      ],
    };
    expect(kinds(buildTree(graph, []).root.children)).toEqual(["operation", "group", "group", "operation"]);
  });

  it("takes the analysis's folds for repeats if their members follow each other, and else dissolves them", () => {
    const { graph, layers } = residualGraph(3);
    const folded = graph.groups.map((group) => (group.type === "Block" ? { ...group, parent: "fold" } : group));
    const fold = { id: "fold", parent: "body", name: "body.0 to body.2", type: "Block", count: 3 };
    const tree = buildTree({ ...graph, groups: [...folded, fold] }, layers);
    expect(kinds(tree.root.children).filter((kind) => kind === "repeat")).toHaveLength(1);
    expect(layOut(tree, new Set(), measure).lines).toHaveLength(3);
    const apart = graph.edges.filter(([from, to]) => !(from === 6 && to > 6));
    const branches = buildTree({ nodes: graph.nodes, edges: apart, groups: [...folded, fold] }, layers);
    const body = branches.root.children.find(({ kind }) => kind !== "operation");
    expect(body?.kind === "group" && kinds(body.children)).toEqual(["group", "repeat"]);
  });

  it.each([
    ["max_pool2d_with_indices", "max pool"],
    ["AdaptiveAvgPool2d", "mean pool"],
    ["relu_", "relu"],
    ["add", "+"],
    ["aten.cat.default", "cat"],
  ])("calls %s by a short name", (type, name) => expect(operationName(type)).toBe(name));

  it("opens no more than a screenful at first", () => {
    const tree = treeOf(30);
    expect(initiallyOpen(tree.root, 4).size).toBe(0);
    const repeat = tree.root.children.find(({ kind }) => kind === "repeat");
    expect(initiallyOpen(tree.root, 100).has(repeat?.key ?? "")).toBe(false);
  });

  it("opens short repeats at first where much room is left", () => {
    const tree = treeOf(4);
    const repeat = tree.root.children.find(({ kind }) => kind === "repeat");
    expect([...initiallyOpen(tree.root, 36)]).toEqual([repeat?.key]);
    expect(initiallyOpen(tree.root, 11).size).toBe(0);
  });
});
