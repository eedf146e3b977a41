/** `filters-K.js`: everything that is known of single filters. */
import type { Box, Pic, Skipped } from "./common";

/** A class, as a place in `labels` (-1 where the class has no pictures), and the filter's mean response to it. */
export type ClassMean = [label: number, mean: number];

/** Another filter of the same layer, and how well the two filters' responses correlate. */
export type FilterCorrelation = [index: number, correlation: number];

/** `filters-K.js`: everything that is known of a run of filters. */
export interface ChunkData {
  sheets: string[];
  photos: string[];
  filters: FilterDetail[];
}

/** One filter; what was not asked for is absent, and what could not be computed is `Skipped`. */
export interface FilterDetail {
  index: number;
  name?: string;
  top_avg?: RankedMean[] | Skipped;
  top_max?: RankedMaximum[] | Skipped;
  range?: RangePicture[];
  facets?: Facets | Skipped;
  max_activ?: Synthesis | Skipped;
  classes?: ClassMeans | Skipped;
  stats?: FilterStats | Skipped;
  label?: Label | Skipped;
  effect?: Effect | Skipped;
  tuning?: Tuning | Skipped;
  wiring?: Wiring | Skipped;
  kernel?: Pic | Skipped;
}

/** A photo with one of the filter's highest mean responses; `contrast` multiplies the gradient's values, as a picture and as a mask. */
export interface RankedMean {
  image: number;
  score: number;
  grad: Pic | Skipped;
  contrast?: readonly [plain: number, mask: number];
  label: string | null;
  path: string;
  photo: Pic | null;
}

/** A photo with one of the filter's highest responses, and the box that caused it; `grad` shows `grad_box`, or all of the photo. */
export interface RankedMaximum {
  image: number;
  score: number;
  position: readonly number[];
  box: Box;
  field_box?: Box;
  field: "exact" | "effective";
  energy?: number;
  grad_box?: Box;
  grad: Pic | Skipped;
  contrast?: readonly [plain: number, mask: number];
  label: string | null;
  path: string;
  photo: Pic | null;
}

/** The photo at one quantile of the filter's responses, 1 to 0; `of` is there where its minimum counts. */
export interface RangePicture {
  quantile: number;
  of?: "minima";
  image: number;
  score: number;
  position: readonly number[];
  box: Box;
  field: "exact" | "effective" | "centred" | "whole";
  path: string;
  photo: Pic | null;
}

/** Whether the strongest crops are of one kind, which gives no groups, or of several. */
export interface Facets {
  n: number;
  clarity: number;
  polysemanticity: number | null;
  chance: number;
  groups: FacetGroup[];
}

/** The crops of one kind, and the filters that respond more there than at the others: index, and both shares. */
export interface FacetGroup {
  n: number;
  clarity: number;
  classes?: [label: string, crops: number][];
  others: [index: number, here: number, elsewhere: number][];
  crops: FacetCrop[];
}

export interface FacetCrop {
  image: number;
  score: number;
  position: readonly number[];
  box: Box;
  field: "exact" | "effective" | "centred" | "whole";
  path: string;
  photo: Pic | null;
}

export interface Synthesis {
  picture: Pic;
  score: number;
  steps: number;
  seed: number;
  robust: Robustness;
  ratio: number | null;
  won_by: "border" | "flat" | null;
}

/** The synthesis's score after a shift by 8 px, and after an enlargement by 10 %. */
export interface Robustness {
  shift8: number;
  scale10: number;
}

/** By mean response and by maximum, the highest first. */
export interface ClassMeans {
  avg: ClassMean[];
  max: ClassMean[];
}

export interface FilterStats {
  dead: boolean;
  always_on: boolean;
  mean: number;
  deviation: number;
  positive_share: number;
  histogram: HistogramCounts;
  similar: FilterCorrelation[];
  duplicate_of: FilterCorrelation[];
  selectivity: Selectivity | null;
  max: number;
}

/** One more edge than there are counts, rising. */
export interface HistogramCounts {
  edges: number[];
  counts: number[];
}

export interface Selectivity {
  index: number;
  class: string;
  auc: number;
  clear: boolean;
}

/** The classes that the filter answers to, chosen on half of the pictures; every number is of the other half. */
export interface Label {
  any_of: string[];
  correlation: number;
  threshold: number;
  n: number;
  members?: number;
  mean?: number;
  rest?: number;
  coverage?: number;
  misses?: [label: string, pictures: number][];
}

/** What is left of the response to the pictures that excite the filter most, when they are changed. */
export interface Tuning {
  n: number;
  kept: TuningShares;
  depends: TuningIndices;
}

/** The share of the response that is left after each change; one that does not apply is absent. */
export interface TuningShares {
  grey?: number;
  blur?: number;
  mirror?: number;
  rotate90?: number;
  rotate180?: number;
  half?: number;
  double?: number;
  shuffled?: number;
}

/** How much the filter depends on each property: 0 to 1, the share that is lost. */
export interface TuningIndices {
  colour: number | null;
  detail: number | null;
  mirror: number | null;
  orientation: number | null;
  scale: number | null;
  shape: number | null;
}

/** What a filter contributes to the outputs for classes: a class, the mean, and its standard error. */
export interface Effect {
  by: "right" | "largest";
  of: "output" | "log-probability";
  steps: number;
  n: number;
  compared: number;
  share: number;
  raises: ClassContribution[];
  lowers: ClassContribution[];
  exact?: Ablation;
}

/** What the network gives without the filter; `right` holds how many pictures are named right with it and without it. */
export interface Ablation {
  random: boolean;
  n: number;
  change: number;
  estimated: number;
  right: [before: number, after: number];
  of_class: ClassProof | null;
}

export type ClassProof = [name: string, n: number, before: number, after: number, change: number];

export type ClassContribution = [name: string, mean: number, error: number];

/**
 * A connected filter, with the weight of the connection; the layer "" is the picture itself. `unshown` is 1 where the filter was not
 * analysed, so that there is no page to link to.
 */
export interface Connection {
  layer: string;
  filter: number;
  weight: number;
  name?: string;
  picture?: Pic;
  unshown?: 1;
}

export interface Wiring {
  inputs: Connection[] | Skipped;
  outputs: Connection[];
}
