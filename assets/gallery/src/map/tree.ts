/** A network's graph as a tree of groups, in which small operations and repeated blocks are gathered. */
import type { Graph, GraphGroup, ModelLayer } from "../data/schema";
import type { Group, Item, Repeat } from "./items";
import { mergeSmallOperations } from "./operations";
import { simplify } from "./repeats";

export interface Tree {
  root: Group;
  /** From and to, as keys of operations. */
  edges: [from: string, to: string][];
  /** By key, the items from the root to an item, which comes last. */
  paths: Map<string, Item[]>;
  /** How many operations are layers with a page. */
  layerCount: number;
}

/** Build the tree of a graph whose nodes are listed in the order in which they run. */
export function buildTree(graph: Graph, layers: readonly ModelLayer[]): Tree {
  const { kept, mergedInto } = mergeSmallOperations(graph);
  const layersByName = new Map(layers.map((layer) => [layer.name, layer]));
  const root: Group = { kind: "group", key: "", label: "", name: "", type: "", isFold: false, children: [] };
  const groupOf = groupFinder(graph.groups, root);
  let layerCount = 0;
  for (const { node, after } of kept) {
    const layer = layersByName.get(node.layer ?? "") ?? null;
    if (layer) layerCount += 1;
    groupOf(node.parent).children.push({ kind: "operation", key: keyOf(node.id), label: "", node, layer, after });
  }
  const edges = new Map<string, [string, string]>();
  for (const [from, to] of graph.edges) {
    const edge: [string, string] = [keyOf(mergedInto(from)), keyOf(mergedInto(to))];
    if (edge[0] !== edge[1]) edges.set(edge.join(" "), edge);
  }
  const unique = [...edges.values()];
  simplify(root, unique);
  return { root, edges: unique, paths: pathsFrom(root), layerCount };
}

/** How many layers an item holds. */
export function countLayers(item: Item): number {
  if (item.kind === "operation") return item.layer ? 1 : 0;
  return item.children.reduce((sum, child) => sum + countLayers(child), 0);
}

/** Repeats of up to so many blocks may be open at first, if no more than this share of the boxes is used up by then. */
const SHORT_REPEAT = 5;
const REPEATS_UP_TO = 0.6;

/**
 * The keys of the items to open at first so that at most `most` boxes are in sight: level by level, groups of one type together; then
 * short repeats, where much room is left.
 */
export function initiallyOpen(root: Group, most: number): Set<string> {
  const open = new Set<string>();
  const repeats: Repeat[] = [];
  let shown = root.children.length;
  let level: Item[] = root.children;
  while (level.length) {
    const next: Item[] = [];
    const byType = new Map<string, Group[]>();
    for (const item of level) {
      if (item.kind === "repeat" && item.children.length <= SHORT_REPEAT) repeats.push(item);
      if (item.kind === "group") byType.set(item.type, [...(byType.get(item.type) ?? []), item]);
    }
    const smallestFirst = [...byType.values()].sort((a, b) => childCount(a) - childCount(b));
    for (const groups of smallestFirst) {
      const more = childCount(groups) - groups.length;
      if (shown + more > most) continue;
      shown += more;
      for (const group of groups) {
        open.add(group.key);
        next.push(...group.children);
      }
    }
    level = next;
  }
  const more = childCount(repeats) - repeats.length;
  if (shown + more <= most * REPEATS_UP_TO) for (const repeat of repeats) open.add(repeat.key);
  return open;
}

function childCount(groups: readonly (Group | Repeat)[]): number {
  return groups.reduce((sum, group) => sum + group.children.length, 0);
}

function keyOf(node: number): string {
  return `n${node}`;
}

/** Returns a function that finds or creates the group of an id; the root if there is none of that id. */
function groupFinder(records: readonly GraphGroup[], root: Group): (id: string | null) => Group {
  const byId = new Map(records.map((record) => [record.id, record]));
  const groups = new Map<string, Group>();
  const find = (id: string | null): Group => {
    const record = id === null ? undefined : byId.get(id);
    if (!record) return root;
    const known = groups.get(record.id);
    if (known) return known;
    const { name, type, count } = record;
    const key = `g${record.id}`;
    const group: Group = { kind: "group", key, label: "", name, type, isFold: Boolean(count), children: [] };
    groups.set(record.id, group);
    find(record.parent).children.push(group);
    return group;
  };
  return find;
}

/** Collect the path to every item, and label the items on the way. */
function pathsFrom(root: Group): Map<string, Item[]> {
  const paths = new Map<string, Item[]>();
  const walk = (item: Item, above: Item[]) => {
    const path = [...above, item];
    paths.set(item.key, path);
    const around = [...above].reverse().find((outer): outer is Group => outer.kind === "group");
    item.label = shortName(item.kind === "operation" ? (item.layer?.name ?? "") : item.name, around?.name ?? "");
    if (item.kind !== "operation") for (const child of item.children) walk(child, path);
  };
  walk(root, []);
  return paths;
}

/** A dotted name without its group's, unless only numbers would be left. */
function shortName(name: string, group: string): string {
  const rest = group && name.startsWith(`${group}.`) ? name.slice(group.length + 1) : name;
  return /^[\d.]*$/.test(rest) ? name : rest;
}
