/** The row above the map: search, fold, fit, zoom. */
import { html } from "../draw/dom";

export interface ToolActions {
  find(text: string): void;
  /** Go to the first layer found. */
  go(): void;
  /** Fold or unfold; true where something is open afterwards. */
  fold(): boolean;
  fit(): void;
  scale(by: number): void;
}

export const ZOOM_STEP = 1.3;

/** The row, and the place in it that says what was found. */
export function mapTools(actions: ToolActions): { node: HTMLElement; found: HTMLElement } {
  const found = html("span", { class: "lurk-soft", role: "status" });
  const search = html("input", {
    type: "search",
    placeholder: "Find a layer",
    "aria-label": "Find a layer",
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: () => actions.find(search.value),
      keydown: (event: KeyboardEvent) => {
        if (event.key !== "Enter") return;
        event.preventDefault(); // the layer that takes the focus would be pressed too, in Firefox
        actions.go();
      },
    },
  });
  const fold = html(
    "button",
    {
      type: "button",
      class: "lurk-link",
      on: {
        click: () => {
          fold.textContent = actions.fold() ? "Fold all" : "Unfold";
        },
      },
    },
    "Fold all",
  );
  const node = html(
    "div",
    { class: "lurk-toolbar lurk-map-tools" },
    search,
    found,
    html("span", { class: "lurk-map-space" }),
    fold,
    html("button", { type: "button", class: "lurk-link", on: { click: () => actions.fit() } }, "Fit"),
    icon("−", "Zoom out (or Ctrl and wheel)", () => actions.scale(1 / ZOOM_STEP)),
    icon("+", "Zoom in (or Ctrl and wheel)", () => actions.scale(ZOOM_STEP)),
  );
  return { node, found };
}

function icon(sign: string, label: string, act: () => void): HTMLElement {
  return html(
    "button",
    { type: "button", class: "lurk-icon", title: label, "aria-label": label, on: { click: act } },
    html("span", { "aria-hidden": "true" }, sign),
  );
}
