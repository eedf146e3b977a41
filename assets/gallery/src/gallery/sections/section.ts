/** What the sections of an opened filter have in common. */
import { html } from "../../draw/dom";

/** A titled section; `name` ends its CSS class. */
export function section(name: string, title: string, ...children: (Node | null | false)[]): HTMLElement {
  return html("section", { class: `lurk-fact lurk-fact-${name}` }, html("h3", {}, title), ...children);
}

/** The sentence under a chart. */
export function explanation(text: string): HTMLElement {
  return html("p", { class: "lurk-says" }, text);
}
