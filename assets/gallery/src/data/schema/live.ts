/** `live.js`, `live-network.js` and `live-samples.js`: a network that runs in the browser. */
import type { Pic } from "./common";

/** Start and end of what a unit depends on along one axis, in pixels of the network's input; it may leave the picture. */
export type Bounds = readonly [start: number, end: number];

/** How a picture becomes the network's input. */
export interface LiveInput {
  size: readonly [channels: number, height: number, width: number];
  mean: readonly number[];
  std: readonly number[];
  resize: number | readonly [height: number, width: number] | null;
  crop: readonly [height: number, width: number] | null;
  interpolation: "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";
}

/** A filter that was analysed: its place among all, its index in its layer, its name, and its best crop. */
export interface LiveFilter {
  place: number;
  index: number;
  name: string | null;
  crop: Pic | null;
}

/** A layer: `rows` and `columns` say what the units of each row and column of its maps depend on. */
export interface LiveLayer {
  name: string;
  slug: string;
  title: string;
  output: readonly [channels: number, height: number, width: number];
  rows: Bounds[];
  columns: Bounds[];
  exact: boolean;
  scales: readonly [means: number, maxima: number];
  chunk: number;
  filters: LiveFilter[];
}

/** How well the published network agrees with the analysed one; differences are shares of the largest value of a layer. */
export interface LiveFacts {
  precision: string;
  bytes: number;
  pictures: number;
  largest: number;
  tolerance: number;
  same_first?: number;
}

/** `live.js`: what the page needs before a visitor shows the network something. */
export interface LiveData {
  model: string;
  title: string;
  input: LiveInput;
  classes: string[];
  outputs: number;
  are_probabilities: boolean;
  output_scale: number;
  layers: LiveLayer[];
  photos: number;
  levels: number[];
  facts: LiveFacts;
  samples: (readonly [label: string, picture: Pic])[];
  sheets: string[];
}

/** `live-network.js`: the gzipped network, and the check's pixels and scores, all in base64. */
export interface LiveNetwork {
  model: string;
  quantiles: string;
  pixels: string;
  means: string;
  maxima: string;
  outputs: string;
}

/** `live-samples.js`: picture files in base64. */
export interface LiveSamples {
  pictures: string[];
}
