/** What a gallery shows at the moment, in a sentence. */
import type { Choice } from "../data/order";
import type { State } from "../data/state";
import { plural } from "../words";

export function summary({ positions, dead, hidden }: Choice, state: State): string {
  if (!positions.length) {
    return state.class
      ? `No filter answers to ${state.class} above other classes.`
      : "No filter is left by this choice.";
  }
  const parts = [plural(positions.length, "filter")];
  if (state.class) parts[0] += ` that answer${positions.length === 1 ? "s" : ""} to ${state.class}`;
  if (dead) parts.push(`${dead} dead, ${dead === 1 ? "it stands" : "they stand"} last`);
  if (hidden && !state.class) parts.push(`${hidden} hidden`);
  return `${parts.join("; ")}.`;
}
