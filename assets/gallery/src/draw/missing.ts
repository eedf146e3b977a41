/** What stands in place of a result that is not there. */
import { html } from "./dom";

/** A sentence that says what is missing and, where that is known, why. */
export function missing(what: string, why: string | null): HTMLElement {
  return html("p", { class: "lurk-missing" }, why ? `${what}: ${why.replace(/\.$/, "")}.` : `${what}.`);
}

/** A plain tile in place of a photo that is not published; a picture whose name is withheld too is called by its number. */
export function unshown(name: string, label: string): HTMLElement {
  return html("span", { class: "lurk-unshown", role: "img", "aria-label": label }, `${name}, not shown`);
}
