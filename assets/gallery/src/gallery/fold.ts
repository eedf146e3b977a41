/** One line in place of the filters without a synthesis, while tiles show syntheses. */
import { linkButton } from "../draw/buttons";
import { html } from "../draw/dom";
import { plural } from "../numbers";

export interface Fold {
  node: HTMLElement;
  /** Say how many filters are left out; nothing where none are. */
  update(count: number): void;
}

/** The line, with a button that shows the filters. */
export function foldLine(show: () => void): Fold {
  const node = html("p", { class: "lurk-fold" });
  const update = (count: number) => {
    node.hidden = count === 0;
    const what = `${plural(count, "filter")} without a synthesis ${count === 1 ? "is" : "are"} left out here.`;
    node.replaceChildren(what, " ", linkButton("Show them", show));
  };
  return { node, update };
}
