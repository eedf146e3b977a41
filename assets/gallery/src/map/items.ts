/** What a map draws: operations, groups of them, and repeated groups. */
import type { GraphNode, ModelLayer } from "../data/schema";

export interface Operation {
  kind: "operation";
  key: string;
  /** The layer's name without that of the group around it. */
  label: string;
  node: GraphNode;
  layer: ModelLayer | null;
  /** Names of the small operations drawn as part of this one: norms, activations, dropout. */
  after: string[];
}

export interface Group {
  kind: "group";
  key: string;
  label: string;
  name: string;
  type: string;
  /** Whether it is no module but a fold of the analysis, around neighbours of one structure. */
  isFold: boolean;
  children: Item[];
}

/** Neighbouring groups of one structure, one after the other. */
export interface Repeat {
  kind: "repeat";
  key: string;
  label: string;
  name: string;
  type: string;
  children: Group[];
}

export type Item = Operation | Group | Repeat;
