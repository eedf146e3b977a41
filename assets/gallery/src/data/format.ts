/** The data files that the pages write beside themselves, as they are read here. */

/** A picture: which sheet of its file, then x, y, width and height in that sheet, in pixels. */
export type Pic = readonly [sheet: number, x: number, y: number, width: number, height: number];

/** Top, left, bottom and right, half-open, in pixels of the network's input. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** Stands where something was not computed. */
export interface Skipped {
  skipped: string;
}

export type Maybe<T> = T | Skipped | null | undefined;

export interface LayerFacts {
  name: string;
  slug: string;
  kind: string;
  filters: number;
  output: readonly [channels: number, height: number, width: number];
  parameters?: number;
  macs?: number;
  receptive_field?: { size: readonly [number, number]; status: FieldStatus };
  field_note?: string | null;
}

export type FieldStatus = "exact" | "effective" | "whole";

export interface LayerLink {
  name: string;
  slug: string;
}

/** One entry a filter in every column; `order` holds positions, so does `responders`. */
export interface FilterColumns {
  index: number[];
  max?: (number | null)[];
  avg?: (number | null)[];
  ratio?: (number | null)[];
  selectivity?: (number | null)[];
  best_class?: number[];
  dead?: (0 | 1)[];
  duplicate?: number[];
  crop?: (Pic | null)[];
  synthesis?: (Pic | null)[];
  average?: (Pic | null)[];
  order?: number[];
  responders?: Record<string, [position: number, value: number][]>;
}

export interface LayerData {
  model: string;
  layer: LayerFacts;
  previous: LayerLink | null;
  next: LayerLink | null;
  labels: string[];
  top_k: number;
  gradient: string;
  sheets: string[];
  chunk: number;
  chunks: string[];
  filters: FilterColumns;
  input_size?: readonly [height: number, width: number];
}

export interface Ranked {
  image: number;
  label?: string | number | null;
  path: string;
  score: number;
  photo?: Pic | null;
  grad?: Pic | null;
  grad_box?: Box | null;
}

export interface RankedMax extends Ranked {
  position?: readonly [number, number];
  box: Box;
  field_box?: Box | null;
}

export interface Synthesis {
  picture: Pic;
  score: number;
  ratio: number | null;
  steps: number;
  robust?: { shift8?: number; scale10?: number } | null;
}

export interface Stats {
  dead?: boolean;
  always_on?: boolean;
  mean?: number;
  max?: number;
  histogram?: { edges: number[]; counts: number[] } | null;
  positive_share?: number;
  duplicate_of?: [index: number, correlation: number][];
  similar?: [index: number, correlation: number][];
  selectivity?: { index: number; class?: string; auc?: number } | null;
}

export type ClassMean = [label: number, mean: number];
/** `unshown` is 1 where the filter was not looked at and has no place to lead to. */
export type Wire = [layer: string, filter: number, weight: number, unshown?: 1];

export interface FilterDetail {
  index: number;
  top_avg?: Maybe<Ranked[]>;
  top_max?: Maybe<RankedMax[]>;
  max_activ?: Maybe<Synthesis>;
  classes?: Maybe<{ avg?: ClassMean[]; max?: ClassMean[] }>;
  stats?: Maybe<Stats>;
  wiring?: Maybe<{ inputs?: Maybe<Wire[]>; outputs?: Maybe<Wire[]> }>;
  kernel?: Pic | null;
}

export interface ChunkData {
  sheets: string[];
  photos: string[];
  filters: FilterDetail[];
}

export interface GraphNode {
  id: string | number;
  type: string;
  name?: string;
  parent?: string | number | null;
  parameters?: number;
  output?: readonly number[] | null;
  macs?: number;
  layer?: string | null;
}

export interface GraphGroup {
  id: string | number;
  parent?: string | number | null;
  name?: string;
  type?: string;
  count?: number;
}

export interface Graph {
  nodes: GraphNode[];
  edges: [from: string | number, to: string | number][];
  groups?: GraphGroup[];
}

export interface ModelLayer {
  name: string;
  slug: string;
  kind: string;
  filters: number;
  output: readonly number[];
  field?: { size: readonly [number, number]; status: FieldStatus; note?: string | null };
  parameters?: number;
  macs?: number;
  strip?: [filter: number, picture: Pic][];
}

export type ImageItem = [path: string, label: number, photo: Pic | null, predictions: [string, number][] | null];

export interface ModelData {
  name: string;
  title: string;
  sheets: string[];
  images: { labels: string[]; items: ImageItem[] };
  layers: ModelLayer[];
  graph?: Maybe<Graph>;
}

export type BestOfImage = [layer: number, filter: number, rank: number, by: "avg" | "max", score: number];

export interface PicturesData {
  best: Record<string, BestOfImage[]>;
}

/** Whether a result is there; narrows away absence and a reason for it. */
export function present<T>(value: Maybe<T>): value is T {
  return value !== null && value !== undefined && reason(value) === null;
}

/** Why a result is missing, or null where it is not known to be. */
export function reason(value: unknown): string | null {
  if (typeof value === "object" && value !== null && "skipped" in value) {
    return String((value as Skipped).skipped);
  }
  return null;
}
