/** `model.js` and `pictures.js`: the map, the photos, and the filters that rank them. */
import type { Box, FieldStatus, Pic, Size, Skipped } from "./common";

/** A filter of a layer, and its thumbnail. */
export type StripPicture = [filter: number, picture: Pic];

/** A class and its probability. */
export type Prediction = [label: string, probability: number];

/**
 * A photo: its label is a place in `labels`, or -1; the picture is null where there is none to show. `right` is the class that is right for
 * it, null where no output of the network is known to be, absent without an evaluation.
 */
export type ImageItem = [
  path: string,
  label: number,
  photo: Pic | null,
  predictions: Prediction[] | null,
  right?: string | null,
];

/**
 * A filter that ranks a photo among its top pictures; the layer is a place in the model's list, the rank counts from 0. A maximum has the box
 * that caused it.
 */
export type PhotoRank = [layer: number, filter: number, rank: number, by: "avg" | "max", score: number, box?: Box];

/** `model.js`: the map, and the photos with their predictions. */
export interface ModelData {
  name: string;
  title: string;
  input_size: Size;
  images: ModelImages;
  layers: ModelLayer[];
  graph: Graph | Skipped;
  sheets: string[];
}

export interface ModelImages {
  labels: string[];
  items: ImageItem[];
}

export interface ModelLayer {
  name: string;
  kind: string;
  filters: number;
  output: readonly number[];
  parameters: number;
  macs: number;
  slug: string;
  title: string;
  field: LayerField;
  strip: StripPicture[];
}

export interface LayerField {
  size: Size;
  status: FieldStatus;
  note: string | null;
}

/** Nodes in the order in which they run; an edge is a pair of their ids. */
export interface Graph {
  nodes: GraphNode[];
  edges: [from: number, to: number][];
  groups: GraphGroup[];
}

/** An operation, or a module drawn as one box; `output` is its shape without the batch axis. */
export interface GraphNode {
  id: number;
  type: string;
  name: string;
  parent: string | null;
  output: readonly number[];
  parameters?: number;
  macs?: number;
  layer?: string;
}

/** A module that holds nodes and groups; with a `count`, so many repeated blocks. */
export interface GraphGroup {
  id: string;
  parent: string | null;
  name: string;
  type: string;
  count?: number;
}

/** `pictures.js`: for every photo, by its id, the filters that rank it highest; their names by layer and index. */
export interface PicturesData {
  best: Record<string, PhotoRank[]>;
  names: Record<string, Record<string, string>>;
}
