/** The check in this browser: the network's scores for a shipped picture, compared with those that PyTorch computed. */
import type { LiveData, LiveNetwork } from "../data/schema";
import { bytesOf, floatsOf } from "./base64";
import type { Values } from "./messages";
import { toTensor } from "./prepare";

/** The names of the outputs that are compared. */
export const CHECKED = ["means", "maxima", "outputs"] as const;

/** The picture of the check as the network's input. */
export function checkTensor(network: LiveNetwork, data: LiveData): Float32Array {
  const [channels, height, width] = data.input.size;
  return toTensor({ width, height, channels, data: bytesOf(network.pixels) }, data.input);
}

/** The largest difference of a score from PyTorch's, as a share of the layer's largest score on the photos; of outputs likewise. */
export function largestDifference(found: Values, network: LiveNetwork, data: LiveData): number {
  const wanted = {
    means: floatsOf(network.means),
    maxima: floatsOf(network.maxima),
    outputs: floatsOf(network.outputs),
  };
  let largest = span(found.outputs, wanted.outputs, 0, wanted.outputs.length) / data.output_scale;
  let from = 0;
  for (const { output, scales } of data.layers) {
    const to = from + output[0];
    largest = Math.max(largest, span(found.means, wanted.means, from, to) / scales[0]);
    largest = Math.max(largest, span(found.maxima, wanted.maxima, from, to) / scales[1]);
    from = to;
  }
  return largest;
}

function span(found: ArrayLike<number> | undefined, wanted: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let at = from; at < to; at += 1) {
    const difference = Math.abs((found?.[at] ?? Number.NaN) - (wanted[at] as number));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}
