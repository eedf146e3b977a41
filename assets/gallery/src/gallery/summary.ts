/** What the grid shows at the moment, in a sentence. */
import type { Selection } from "../data/selection";
import type { State } from "../data/state";
import { plural } from "../numbers";

/** The status line of a selection: "5 filters; 1 dead, it stands last." */
export function summary({ positions, dead, hidden }: Selection, state: State): string {
  if (!positions.length) {
    return state.class
      ? `No filter has ${state.class} among the three classes that it answers to most.`
      : "No filter is left by this choice.";
  }
  const parts = [plural(positions.length, "filter")];
  if (state.class)
    parts[0] += ` with ${state.class} among the three classes that ${positions.length === 1 ? "it answers" : "they answer"} to most`;
  if (dead) parts.push(`${dead} dead, ${dead === 1 ? "it stands" : "they stand"} last`);
  if (hidden && !state.class) parts.push(`${hidden} hidden`);
  return `${parts.join("; ")}.`;
}
