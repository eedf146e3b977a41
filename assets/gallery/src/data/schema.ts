/**
 * What the data scripts beside the pages hold. `mkdocs_lurk/pages/` writes them: its `script_records.py` has a twin of each interface, and
 * a test compares the two. So interfaces stay plain here: one field per line, `?` where it may be absent.
 */

/** A picture: its sheet's place in the script's list of sheets, then x, y, width and height inside that sheet, in pixels. */
export type Pic = readonly [sheet: number, x: number, y: number, width: number, height: number];

/** Top, left, bottom and right, half-open, in pixels of the network's input. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** Height and width, in pixels of the network's input. */
export type Size = readonly [height: number, width: number];

/** A class, as a place in `labels` (-1 where the class has no pictures), and the filter's mean response to it. */
export type ClassMean = [label: number, mean: number];

/** Another filter of the same layer, and how well the two filters' responses correlate. */
export type FilterCorrelation = [index: number, correlation: number];

/** A filter's position in the columns, its mean response to the class, and its best crop of that class, where one is kept. */
export type Responder = [position: number, mean: number, crop?: Pic];

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

export type FieldStatus = "exact" | "effective" | "whole";

/** Stands in place of a result that was not computed. */
export interface Skipped {
  skipped: string;
}

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
  best_class: number[];
  dead: (0 | 1)[];
  duplicate: number[];
  crop: (Pic | null)[];
  synthesis: (Pic | null)[];
  average: (Pic | null)[];
  order: number[];
  responders: Record<string, Responder[]>;
}

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
  max_activ?: Synthesis | Skipped;
  classes?: ClassMeans | Skipped;
  stats?: FilterStats | Skipped;
  label?: Label | Skipped;
  effect?: Effect | Skipped;
  tuning?: Tuning | Skipped;
  wiring?: Wiring | Skipped;
  kernel?: Pic;
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

/** An image, the filter's response, its photo, the part of it to show, and the box to mark, if any; both in pixels of the photo. */
export type QuizCrop = readonly [image: number, score: number, photo: Pic, window: Box, mark: Box | null];

/** `quiz.js`: the questions of the quiz. */
export interface QuizData {
  model: string;
  title: string;
  layers: QuizLayer[];
  questions: QuizQuestion[];
  sheets: string[];
}

export interface QuizLayer {
  name: string;
  slug: string;
  title: string;
}

/** A filter with crops that show what excites it, and two sets of held-out crops: `strong` ones excite it. */
export interface QuizQuestion {
  layer: number;
  filter: number;
  name: string | null;
  synthesis: Pic | null;
  shown: QuizCrop[];
  strong: QuizCrop[];
  weak: QuizCrop[];
}

/** Whether a result is there: neither absent nor skipped. */
export function present<T>(value: T | Skipped | null | undefined): value is T {
  return value !== null && value !== undefined && reason(value) === null;
}

/** Why a result was skipped; null where it was not, or where nobody said why. */
export function reason(value: unknown): string | null {
  if (typeof value === "object" && value !== null && "skipped" in value) return String(value.skipped);
  return null;
}
