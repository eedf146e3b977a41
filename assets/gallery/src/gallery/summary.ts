/** What the grid shows at the moment, in a sentence. */
import type { LayerData } from "../data/schema";
import { nearLabels, type Selection } from "../data/selection";
import type { State } from "../data/state";
import { plural } from "../numbers";

/** The status line of a selection: "5 filters; 1 dead, it stands last." */
export function summary(selection: Selection, state: State, data: LayerData): string {
  return [notThere(state, data), shown(selection, state, data)].filter(Boolean).join(" ");
}

function shown({ positions, dead, hidden, folded }: Selection, state: State, data: LayerData): string {
  if (!positions.length) {
    if (folded.length) return `${plural(folded.length, "filter")} without a synthesis.`;
    return state.class ? withoutFilters(state.class, data) : "No filter is left by this choice.";
  }
  const all = !state.class && !hidden && !folded.length && data.layer.filters > positions.length;
  const parts = [
    all ? `${positions.length} of ${plural(data.layer.filters, "filter")}` : plural(positions.length, "filter"),
  ];
  if (state.class)
    parts[0] += ` with ${state.class} among the three classes that ${positions.length === 1 ? "it answers" : "they answer"} to most`;
  if (dead) parts.push(`${dead} dead, ${dead === 1 ? "it stands" : "they stand"} last`);
  if (hidden && !state.class) parts.push(`${hidden} hidden`);
  return `${parts.join("; ")}.`;
}

/** Why no filter is shown for a class: none answers to it, or no picture has it. */
function withoutFilters(name: string, { labels }: LayerData): string {
  if (labels.includes(name)) return `No filter has ${name} among the three classes that it answers to most.`;
  const near = nearLabels(name, labels);
  return `No picture has the class “${name}”${near.length ? `; near ones: ${near.join(", ")}` : ""}.`;
}

/** That the filter which the address names was not analysed, or does not exist; "" if it is there. */
function notThere({ filter }: State, { layer, filters }: LayerData): string {
  if (filter === null || filters.index.includes(filter)) return "";
  if (filter >= layer.filters) return `There is no filter ${filter}: this layer has 0 to ${layer.filters - 1}.`;
  return `Filter ${filter} was not analysed, so there is nothing to show of it.`;
}
