/** `layer.js`: a layer, and what the grid needs to know of its filters. */
import type { FieldStatus, Pic, Size } from "./common";

/** A filter's position in the columns, its mean response to the class, and its best crop of that class, where one is kept. */
export type Responder = [position: number, mean: number, crop?: Pic];

/** `layer.js`: what the grid needs to know of every filter of a layer. */
export interface LayerData {
  model: string;
  layer: LayerInfo;
  previous: LayerLink | null;
  next: LayerLink | null;
  /** By name, the titles of the layers that the filters are connected to. */
  titles: Record<string, string>;
  /** By name, the folders of those of the model's layers whose folder does not follow from the name by `slug`. */
  addresses: Record<string, string>;
  labels: string[];
  top_k: number;
  gradient: string;
  input_size: Size;
  chunk: number;
  chunks: string[];
  filters: FilterColumns;
  sheets: string[];
  /** By property, how much each filter depends on it; absent where no pictures were changed. */
  tuning?: Record<string, (number | null)[]>;
  /** By figure, what 5 % and 95 % of the filters of the network with shuffled weights do not exceed. */
  twin?: Record<string, readonly number[]>;
}

export interface LayerInfo {
  name: string;
  slug: string;
  kind: string;
  filters: number;
  output: readonly number[];
  parameters: number;
  macs: number;
  receptive_field: ReceptiveField;
  field_note: string | null;
  jump: readonly number[];
  results: string;
  chosen: number | "all";
  title: string;
}

export interface ReceptiveField {
  size: Size;
  status: FieldStatus;
}

/** The layer before or after. */
export interface LayerLink {
  name: string;
  slug: string;
  title: string;
}

/** One entry per filter in every column, but for `order`, which holds positions, and `responders`, which holds lists by label. */
export interface FilterColumns {
  index: number[];
  /** The author's name, or the class of the output that the filter becomes. */
  name: (string | null)[];
  max: (number | null)[];
  avg: (number | null)[];
  ratio: (number | null)[];
  selectivity: (number | null)[];
  /** In words; "" where none is proven, null where none was looked for. */
  label: (string | null)[];
  label_r: (number | null)[];
  /** A share of the layer's effect on the output. */
  effect: (number | null)[];
  /** How unlike the kinds of a filter's crops are; null where that is not known. */
  polysemanticity: (number | null)[];
  best_class: number[];
  dead: (0 | 1)[];
  duplicate: number[];
  crop: (Pic | null)[];
  synthesis: (Pic | null)[];
  average: (Pic | null)[];
  order: number[];
  responders: Record<string, Responder[]>;
}
