/** The row above the map: search, fold, fit, zoom. */
import { iconButton, linkButton } from "../draw/buttons";
import { html } from "../draw/dom";

export interface ToolActions {
  search(text: string): void;
  /** Go to the first layer found. */
  goToFound(): void;
  /** Close every group. */
  foldAll(): void;
  /** Open every group, down to single layers. */
  unfoldAll(): void;
  fit(): void;
  zoom(by: number): void;
}

export const ZOOM_STEP = 1.3;

/** The row, and the element in it for the number of layers found. */
export function mapTools(actions: ToolActions): { node: HTMLElement; found: HTMLElement } {
  const found = html("span", { class: "lurk-soft", role: "status" });
  const node = html(
    "div",
    { class: "lurk-toolbar lurk-map-tools" },
    searchBox(actions),
    found,
    html("span", { class: "lurk-map-space" }),
    linkButton("Fold all", () => actions.foldAll()),
    linkButton("Unfold all", () => actions.unfoldAll()),
    linkButton("Fit", () => actions.fit()),
    iconButton("−", "Zoom out (or Ctrl and wheel)", () => actions.zoom(1 / ZOOM_STEP)),
    iconButton("+", "Zoom in (or Ctrl and wheel)", () => actions.zoom(ZOOM_STEP)),
  );
  return { node, found };
}

function searchBox(actions: ToolActions): HTMLElement {
  const input = html("input", {
    type: "search",
    placeholder: "Find a layer, a block, a kind",
    "aria-label": "Find a layer",
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: () => actions.search(input.value),
      keydown: (event: KeyboardEvent) => {
        if (event.key !== "Enter") return;
        event.preventDefault(); // Firefox would press the layer that gets the focus, too
        actions.goToFound();
      },
    },
  });
  return input;
}
