/** The way to the photo before and to the next one. */
import type { ModelData } from "../data/schema";
import { iconButton } from "../draw/buttons";
import { html } from "../draw/dom";
import { neighbour } from "./photo";

export interface Walk {
  node: HTMLElement;
  /** Take over the photo from which the buttons lead on. */
  update(model: ModelData, image: number): void;
  /** Go to the photo that an arrow key asks for, if there is one; keeps the key from the host. */
  onKey(event: KeyboardEvent): void;
}

/** Two buttons; one that leads nowhere says so, but keeps the focus. `go` is called with the photo that is asked for. */
export function photoWalk(go: (image: number) => void): Walk {
  let [before, after]: [number | null, number | null] = [null, null];
  const follow = (image: number | null) => {
    if (image !== null) go(image);
  };
  const back = iconButton("‹", "Photo before", () => follow(before));
  const on = iconButton("›", "Next photo", () => follow(after));
  const node = html("div", { class: "lurk-panel-walk" }, back, on);
  const update = (model: ModelData, image: number) => {
    [before, after] = [neighbour(model, image, -1), neighbour(model, image, 1)];
    back.setAttribute("aria-disabled", String(before === null));
    on.setAttribute("aria-disabled", String(after === null));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const rightToLeft = getComputedStyle(node).direction === "rtl";
    follow(step > 0 === rightToLeft ? before : after);
  };
  return { node, update, onKey };
}
