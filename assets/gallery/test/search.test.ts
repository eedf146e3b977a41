import { describe, expect, it } from "vitest";
import { isFramed, measure } from "../src/map/boxes";
import { middleInSight } from "../src/map/geometry";
import { layOut } from "../src/map/layout";
import { LayerSearch } from "../src/map/search";
import { buildTree } from "../src/map/tree";
import { residualGraph } from "./data";

const { graph, layers } = residualGraph(3);

describe("the search of the map", () => {
  const search = new LayerSearch(buildTree(graph, layers));
  const count = (query: string) => {
    search.query = query;
    return search.count();
  };

  it("finds layers by their names, their kinds and the blocks around them", () => {
    expect(count(layers[0]?.name ?? "")).toBeGreaterThan(0);
    expect(count((layers[0]?.kind ?? "").toUpperCase())).toBe(layers.length);
    const repeat = buildTree(graph, layers).root.children.find(({ kind }) => kind === "repeat");
    expect(repeat?.kind === "repeat" && count(repeat.type)).toBe(6);
    expect([count("no such"), count("  ")]).toEqual([0, 0]);
  });

  it("leads to the first layer found", () => {
    search.query = layers[1]?.name ?? "";
    const path = search.firstPath() ?? [];
    const last = path[path.length - 1];
    expect(last?.kind === "operation" && last.layer?.name).toBe(layers[1]?.name);
    search.query = "no such";
    expect(search.firstPath()).toBeUndefined();
  });
});

describe("frames", () => {
  it("surround open groups, but none that holds an open group", () => {
    const tree = buildTree(graph, layers);
    const groups = [...tree.paths].filter(([key, path]) => key && path[path.length - 1]?.kind !== "operation");
    const { boxes } = layOut(tree, new Set(groups.map(([key]) => key)), measure);
    const framed = boxes.filter(isFramed).map(({ item }) => item.kind);
    expect(framed).toEqual(["group", "group", "group"]);
    expect(boxes.filter(({ open }) => open).map(({ item }) => item.kind)).toContain("repeat");
  });
});

describe("the middle of what is in sight", () => {
  it("is that of the part inside the window", () => {
    expect(middleInSight(-500, 2000, 800)).toBe(400);
    expect(middleInSight(600, 2000, 800)).toBe(700);
    expect(middleInSight(900, 1100, 800)).toBe(1000);
  });
});
