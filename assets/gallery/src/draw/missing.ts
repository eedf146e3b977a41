/** What stands in place of a result that is not there. */
import { html } from "./dom";

/** A sentence that says what is missing and, where that is known, why. */
export function missing(what: string, why: string | null): HTMLElement {
  return html("p", { class: "lurk-missing" }, why ? `${what}: ${why.replace(/\.$/, "")}.` : `${what}.`);
}
