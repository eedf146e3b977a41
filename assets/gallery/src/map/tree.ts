/** A network's graph as a tree of groups: small operations join what they follow, repeated blocks become runs. */
import type { Graph, GraphNode, ModelLayer } from "../data/format";

export interface Op {
  kind: "op";
  key: string;
  /** The name, short of what the group around it says already. */
  label: string;
  node: GraphNode;
  layer: ModelLayer | null;
  /** Operations folded into this one: norms, activations, dropout. */
  after: string[];
}

export interface Group {
  kind: "group";
  key: string;
  label: string;
  name: string;
  type: string;
  /** Whether the engine made it, around neighbours that are alike. */
  fold: boolean;
  children: Item[];
}

/** Neighbouring groups that are built alike. */
export interface Run {
  kind: "run";
  key: string;
  label: string;
  name: string;
  type: string;
  children: Group[];
}

export type Item = Op | Group | Run;

export interface Tree {
  root: Group;
  /** From and to, as keys of operations. */
  edges: [string, string][];
  /** The way from the root to every item, the item last. */
  ways: Map<string, Item[]>;
  layers: number;
}

const STANDS_ALONE =
  /conv|linear|addmm|matmul|\bmm\b|bmm|pool|cat|stack|add|sub|mul|input|placeholder|output|attention/i;

/** Fold a graph into a tree. Nodes are expected in an order in which sources come first. */
export function buildTree(graph: Graph, layers: readonly ModelLayer[]): Tree {
  const { kept, into } = mergeSmall(graph);
  const root: Group = { kind: "group", key: "", label: "", name: "", type: "", fold: false, children: [] };
  const groups = new Map<string, Group>([["", root]]);
  const facts = new Map((graph.groups ?? []).map((group) => [`g${group.id}`, group]));
  const byName = new Map(layers.map((layer) => [layer.name, layer]));

  const groupOf = (id: string | number | null | undefined): Group => {
    const key = id === null || id === undefined || !facts.has(`g${id}`) ? "" : `g${id}`;
    const known = groups.get(key);
    if (known) return known;
    const fact = facts.get(key);
    const group: Group = {
      kind: "group",
      key,
      label: "",
      name: fact?.name ?? "",
      type: fact?.type ?? "",
      fold: Boolean(fact?.count),
      children: [],
    };
    groups.set(key, group);
    groupOf(fact?.parent).children.push(group);
    return group;
  };
  for (const { node, after } of kept) {
    const layer = byName.get(node.layer ?? "") ?? null;
    groupOf(node.parent).children.push({ kind: "op", key: `n${node.id}`, label: "", node, layer, after });
  }
  const edges = new Map<string, [string, string]>();
  for (const [from, to] of graph.edges) {
    const pair: [string, string] = [into.get(String(from)) ?? `n${from}`, into.get(String(to)) ?? `n${to}`];
    if (pair[0] !== pair[1]) edges.set(pair.join(" "), pair);
  }
  tidy(root, follows([...edges.values()]));
  return {
    root,
    edges: [...edges.values()],
    ways: waysOf(root),
    layers: kept.filter(({ node }) => byName.has(node.layer ?? "")).length,
  };
}

/** How many layers an item holds. */
export function layersIn(item: Item): number {
  if (item.kind === "op") return item.layer ? 1 : 0;
  return item.children.reduce((sum, child) => sum + layersIn(child), 0);
}

/** Runs of up to so many blocks may stand open at first, while this share of the boxes in sight is not reached. */
const SHORT_RUN = 5;
const RUNS_UP_TO = 0.6;

/**
 * The folds to open at first: level by level, groups of a kind together, while few enough boxes stand in sight; then short runs, where
 * much of that is still free.
 */
export function openAtFirst(root: Group, most: number): Set<string> {
  const open = new Set<string>();
  const runs: Run[] = [];
  let shown = root.children.length;
  let level: Item[] = root.children;
  while (level.length) {
    const next: Item[] = [];
    const kinds = new Map<string, Group[]>();
    for (const item of level) {
      if (item.kind === "run" && item.children.length <= SHORT_RUN) runs.push(item);
      if (item.kind === "group") kinds.set(item.type, [...(kinds.get(item.type) ?? []), item]);
    }
    const bySize = [...kinds.values()].sort((a, b) => sizeOf(a) - sizeOf(b));
    for (const members of bySize) {
      const more = sizeOf(members) - members.length;
      if (shown + more > most) continue;
      shown += more;
      for (const member of members) {
        open.add(member.key);
        next.push(...member.children);
      }
    }
    level = next;
  }
  const more = sizeOf(runs) - runs.length;
  if (shown + more <= most * RUNS_UP_TO) for (const run of runs) open.add(run.key);
  return open;
}

/** An operation in one or two words. */
export function opName(type: string): string {
  const plain = type
    .replace(/^aten[.:]+/, "")
    .replace(/\.(default|Tensor|dim|int)$/, "")
    .replace(/([a-z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replace(/_+$/, "")
    .replace(/_with_indices|native_|\s?\dd\b|\bdefault\b/g, "")
    .replace(/_/g, " ")
    .trim();
  const short: [RegExp, string][] = [
    [/^input|placeholder/, "input"],
    [/^output$/, "output"],
    [/batch ?norm|layer ?norm|group ?norm/, "norm"],
    [/adaptive avg ?pool|^mean/, "mean pool"],
    [/avg ?pool/, "mean pool"],
    [/max ?pool/, "max pool"],
    [/^add$|^iadd$/, "+"],
    [/^mul$/, "×"],
    [/^(addmm|linear|t addmm)$/, "linear"],
  ];
  return short.find(([pattern]) => pattern.test(plain))?.[1] ?? plain;
}

function sizeOf(groups: readonly (Group | Run)[]): number {
  return groups.reduce((sum, group) => sum + group.children.length, 0);
}

/** Let norms, activations and their like join the operation that they follow within the same group. */
function mergeSmall(graph: Graph): { kept: { node: GraphNode; after: string[] }[]; into: Map<string, string> } {
  const sources = new Map<string, string[]>();
  for (const [from, to] of graph.edges) sources.set(String(to), [...(sources.get(String(to)) ?? []), String(from)]);
  const into = new Map<string, string>();
  const kept = new Map<string, { node: GraphNode; after: string[] }>();
  for (const node of graph.nodes) {
    const id = String(node.id);
    const from = sources.get(id) ?? [];
    const host = from.length === 1 ? kept.get(into.get(from[0] ?? "") ?? `n${from[0]}`) : undefined;
    const small = !node.layer && !STANDS_ALONE.test(node.type) && (host?.node.parent ?? null) === (node.parent ?? null);
    if (host && small) {
      host.after.push(opName(node.type));
      into.set(id, `n${host.node.id}`);
    } else {
      kept.set(`n${id}`, { node, after: [] });
    }
  }
  return { kept: [...kept.values()], into };
}

/** Unwrap groups around a single item, and gather neighbours that follow each other and are built alike into runs. */
function tidy(group: Group, follow: Follows): void {
  group.children = group.children.flatMap((child) => {
    let item = child;
    if (item.kind === "group") tidy(item, follow);
    while (item.kind === "group" && item.children.length === 1 && item.children[0]) item = item.children[0];
    return item.kind === "group" && item.fold ? unfolded(item, follow) : [item];
  });
  const alike = (one: Item | undefined, next: Group) =>
    one !== undefined && build(one) === build(next) && follow(one, next);
  const gathered: Item[] = [];
  for (const child of group.children) {
    const last = gathered[gathered.length - 1];
    if (child.kind === "group" && last?.kind === "run" && alike(last.children[last.children.length - 1], child)) {
      last.children.push(child);
    } else if (child.kind === "group" && last?.kind === "group" && alike(last, child)) {
      gathered[gathered.length - 1] = toRun([last, child]);
    } else {
      gathered.push(child);
    }
  }
  group.children = gathered;
}

/** The engine folds like neighbours, branches too: those that follow each other stay one run, the rest stand by themselves. */
function unfolded(fold: Group, follow: Follows): Item[] {
  const { children } = fold;
  const groups = children.filter((child): child is Group => child.kind === "group");
  const chain = groups.every((child, at) => at === 0 || follow(groups[at - 1] as Group, child));
  return groups.length === children.length && chain ? [toRun(groups)] : children;
}

function toRun(children: Group[]): Run {
  const [first] = children;
  return { kind: "run", key: `r${first?.key}`, label: "", name: first?.name ?? "", type: first?.type ?? "", children };
}

/** Whether an item reads from another: what stands side by side repeats nothing. */
type Follows = (first: Item, second: Item) => boolean;

function follows(edges: readonly [string, string][]): Follows {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  return (first, second) => {
    const inside = new Set(opsOf(second));
    return opsOf(first).some((op) => targets.get(op)?.some((target) => inside.has(target)));
  };
}

function opsOf(item: Item): string[] {
  return item.kind === "op" ? [item.key] : item.children.flatMap(opsOf);
}

/** How an item is built, without its names, sizes and places. */
function build(item: Item | undefined): string {
  if (!item) return "";
  if (item.kind === "op") return opName(item.node.type);
  return `${item.type}(${item.children.map(build).join(",")})`;
}

function waysOf(root: Group): Map<string, Item[]> {
  const ways = new Map<string, Item[]>();
  const walk = (item: Item, above: Item[]) => {
    const way = [...above, item];
    ways.set(item.key, way);
    const around = [...above].reverse().find((outer): outer is Group => outer.kind === "group");
    item.label = within(around?.name ?? "", item.kind === "op" ? (item.layer?.name ?? "") : item.name);
    if (item.kind !== "op") for (const child of item.children) walk(child, way);
  };
  walk(root, []);
  return ways;
}

/** A dotted name without its beginning, where more than a number is left. */
function within(group: string, name: string): string {
  const rest = group && name.startsWith(`${group}.`) ? name.slice(group.length + 1) : name;
  return /^[\d.]*$/.test(rest) ? name : rest;
}
