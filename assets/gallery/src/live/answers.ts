/** What the filters answer to a picture, compared with their responses to the model's own photos. */
import type { LiveData, LiveFilter } from "../data/schema";
import { percent } from "../numbers";

/** A filter's answer. */
export interface FilterAnswer {
  /** The layer's place in the model's list. */
  layer: number;
  filter: LiveFilter;
  /** The highest value of its map. */
  value: number;
  /** Where that lies in the map. */
  y: number;
  x: number;
  /** How many of the quantiles of its responses to the photos it exceeds. */
  exceeds: number;
  /** Where it lies between the middle photo (0) and the strongest one (1). */
  closeness: number;
}

/** The answers of each layer's analysed filters, those first that stand out most against the photos. */
export function rankAnswers(
  data: LiveData,
  quantiles: Float32Array,
  maxima: ArrayLike<number>,
  positions: ArrayLike<number>,
): FilterAnswer[][] {
  const levels = data.levels.length;
  const count = quantiles.length / levels;
  const middle = data.levels.indexOf(0.5);
  return data.layers.map(({ filters, output }, layer) => {
    const answers = filters.map((filter): FilterAnswer => {
      const value = maxima[filter.place] ?? 0;
      const at = positions[filter.place] ?? 0;
      const quantile = (level: number) => quantiles[level * count + filter.place] ?? 0;
      let exceeds = 0;
      while (exceeds < levels && value > quantile(exceeds)) exceeds += 1;
      const spread = quantile(levels - 1) - quantile(middle);
      const closeness = spread > 0 ? (value - quantile(middle)) / spread : 0;
      return { layer, filter, value, y: Math.floor(at / output[2]), x: at % output[2], exceeds, closeness };
    });
    return answers.sort(
      (a, b) => b.exceeds - a.exceeds || b.closeness - a.closeness || a.filter.place - b.filter.place,
    );
  });
}

/** An answer in words: "stronger than in 99 % of the photos". */
export function comparison({ exceeds }: FilterAnswer, levels: readonly number[]): string {
  if (exceeds === levels.length) return "stronger than in every photo";
  const level = levels[exceeds - 1];
  if (level === undefined) return "weaker than in every photo";
  return level === 0 ? "weaker than in most photos" : `stronger than in ${percent(level)} of the photos`;
}

/** The likeliest classes, from outputs that are logits or probabilities. */
export function likeliest(
  outputs: ArrayLike<number>,
  areProbabilities: boolean,
  most: number,
): [place: number, share: number][] {
  const values = Array.from(outputs);
  const shares = areProbabilities ? values : softmax(values);
  return shares
    .map((share, place): [number, number] => [place, share])
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, most);
}

function softmax(values: readonly number[]): number[] {
  const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
