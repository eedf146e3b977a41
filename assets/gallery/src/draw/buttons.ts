/** Buttons of one look. */
import { html } from "./dom";

/** A button that shows a sign and has a label for screen readers; the label is its tooltip, too, unless `tooltip` is null. */
export function iconButton(
  sign: string,
  label: string,
  act: () => void,
  tooltip: string | null = label,
): HTMLButtonElement {
  return html(
    "button",
    { type: "button", class: "lurk-icon", title: tooltip, "aria-label": label, on: { click: act } },
    html("span", { "aria-hidden": "true" }, sign),
  );
}

/** A button that looks like a link. */
export function linkButton(word: string, act: () => void): HTMLButtonElement {
  return html("button", { type: "button", class: "lurk-link", on: { click: act } }, word);
}
