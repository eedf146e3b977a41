/** The operations of a graph: which of them get a box, and how they are called. */
import type { Graph, GraphNode } from "../data/schema";

/** An operation with a box, and the names of those drawn as part of it. */
export interface KeptOperation {
  node: GraphNode;
  after: string[];
}

const STANDS_ALONE =
  /conv|linear|addmm|matmul|\bmm\b|bmm|pool|cat|stack|add|sub|mul|input|placeholder|output|attention/i;

const SHORT_NAMES: [RegExp, string][] = [
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

/**
 * Let norms, activations and other small operations join the one that they follow, if that is in the same group.
 *
 * @returns The remaining operations, and the id of the one that a node joined (its own id if it joined none).
 */
export function mergeSmallOperations(graph: Graph): { kept: KeptOperation[]; mergedInto: (id: number) => number } {
  const sources = new Map<number, number[]>();
  for (const [from, to] of graph.edges) sources.set(to, [...(sources.get(to) ?? []), from]);
  const merged = new Map<number, number>();
  const mergedInto = (id: number) => merged.get(id) ?? id;
  const kept = new Map<number, KeptOperation>();
  for (const node of graph.nodes) {
    const [source, ...others] = sources.get(node.id) ?? [];
    const host = source !== undefined && others.length === 0 ? kept.get(mergedInto(source)) : undefined;
    if (host && !node.layer && !STANDS_ALONE.test(node.type) && host.node.parent === node.parent) {
      host.after.push(operationName(node.type));
      merged.set(node.id, host.node.id);
    } else {
      kept.set(node.id, { node, after: [] });
    }
  }
  return { kept: [...kept.values()], mergedInto };
}

/** An operation's type in one or two words. */
export function operationName(type: string): string {
  const plain = type
    .replace(/^aten[.:]+/, "")
    .replace(/\.(default|Tensor|dim|int)$/, "")
    .replace(/([a-z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replace(/_+$/, "")
    .replace(/_with_indices|native_|\s?\dd\b|\bdefault\b/g, "")
    .replace(/_/g, " ")
    .trim();
  return SHORT_NAMES.find(([pattern]) => pattern.test(plain))?.[1] ?? plain;
}
