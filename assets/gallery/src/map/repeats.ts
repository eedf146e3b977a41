/** Repeated blocks: neighbouring groups of one structure that follow each other are drawn as one item. */

import type { Group, Item, Repeat } from "./items";
import { operationName } from "./operations";

/** Whether some operation of the second item reads from the first: parallel branches repeat nothing. */
type Follows = (first: Item, second: Item) => boolean;

/** Unwrap groups around a single item, and gather repeated blocks, in a group and all groups inside it. */
export function simplify(group: Group, edges: readonly [from: string, to: string][]): void {
  simplifyGroup(group, followsBy(edges));
}

function simplifyGroup(group: Group, follows: Follows): void {
  const children = group.children.flatMap((child) => {
    let item = child;
    if (item.kind === "group") simplifyGroup(item, follows);
    while (item.kind === "group" && item.children.length === 1 && item.children[0]) item = item.children[0];
    return item.kind === "group" && item.isFold ? unfolded(item, follows) : [item];
  });
  group.children = gatherRepeats(children, follows);
}

function gatherRepeats(children: readonly Item[], follows: Follows): Item[] {
  const continues = (previous: Item | undefined, next: Group) =>
    previous !== undefined && structureOf(previous) === structureOf(next) && follows(previous, next);
  const gathered: Item[] = [];
  for (const child of children) {
    const last = gathered[gathered.length - 1];
    if (
      child.kind === "group" &&
      last?.kind === "repeat" &&
      continues(last.children[last.children.length - 1], child)
    ) {
      last.children.push(child);
    } else if (child.kind === "group" && last?.kind === "group" && continues(last, child)) {
      gathered[gathered.length - 1] = repeatOf([last, child]);
    } else {
      gathered.push(child);
    }
  }
  return gathered;
}

/** A fold of the analysis holds like neighbours, even parallel branches: only a chain of blocks becomes a repeat. */
function unfolded({ children }: Group, follows: Follows): Item[] {
  const groups = children.filter((child): child is Group => child.kind === "group");
  const isChain = groups.every((child, at) => at === 0 || follows(groups[at - 1] as Group, child));
  return groups.length === children.length && isChain ? [repeatOf(groups)] : children;
}

function repeatOf(children: Group[]): Repeat {
  const [first] = children;
  return {
    kind: "repeat",
    key: `r${first?.key}`,
    label: "",
    name: first?.name ?? "",
    type: first?.type ?? "",
    children,
  };
}

function followsBy(edges: readonly [string, string][]): Follows {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  return (first, second) => {
    const inside = new Set(operationKeys(second));
    return operationKeys(first).some((key) => targets.get(key)?.some((target) => inside.has(target)));
  };
}

function operationKeys(item: Item): string[] {
  return item.kind === "operation" ? [item.key] : item.children.flatMap(operationKeys);
}

/** An item's structure without names, sizes and places; the same for repeated blocks. */
function structureOf(item: Item): string {
  if (item.kind === "operation") return operationName(item.node.type);
  return `${item.type}(${item.children.map(structureOf).join(",")})`;
}
