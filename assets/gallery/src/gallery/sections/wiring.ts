/** Wiring as pictures: the filters that this one reads from and those that read it, each with its sign and strength. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { type Connection, type FilterDetail, present, reason, type Skipped } from "../../data/schema";
import { html } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { picture, type Sheets } from "../../draw/picture";
import { percent, score } from "../../numbers";
import { thumbnail } from "../tile";
import type { RelatedOptions } from "./related";
import { explanation, section } from "./section";

/** What stands for a layer's name where a filter reads from the picture itself. */
const PICTURE = "";

/** The strongest connections to filters before and after, left and right of the filter's own thumbnail. */
export function wiringSection(
  { index, wiring }: FilterDetail,
  sheets: Sheets,
  options: RelatedOptions,
): HTMLElement | null {
  if (!present(wiring)) {
    const why = reason(wiring);
    return why ? section("wiring", "Wiring", missing("Wiring was not traced", why)) : null;
  }
  const before = side("Reads from", wiring.inputs, sheets, options);
  const after = side("Read by", wiring.outputs, sheets, options);
  if (!before && !after) return null;
  const { data } = options;
  const own = thumbnail(data, data.filters.index.indexOf(index), "crop");
  const centre = html(
    "div",
    { class: "lurk-wire-own", "aria-hidden": "true" },
    html("span", {}, "→"),
    own ? picture(own, options.sheets) : html("span", { class: "lurk-wire-blank" }, String(index)),
    html("span", {}, "→"),
  );
  return section(
    "wiring",
    "Wiring",
    html("div", { class: "lurk-wires" }, before, centre, after),
    explanation(definitions.wiring),
  );
}

function side(
  title: string,
  connections: readonly Connection[] | Skipped,
  sheets: Sheets,
  options: RelatedOptions,
): HTMLElement | null {
  const why = reason(connections);
  if (why) return html("div", {}, html("h4", {}, title), missing("Not traced", why));
  if (!present(connections) || !connections.length) return null;
  const strongest = Math.max(...connections.map(({ weight }) => Math.abs(weight)));
  const list = html(
    "div",
    { class: "lurk-wire-list", role: "list", "aria-label": title },
    ...connections.map((one) => html("div", { role: "listitem" }, wire(one, strongest, sheets, options))),
  );
  return html("div", {}, html("h4", {}, title), list);
}

/** A connected filter; a link where the filter has a place on a page. */
function wire(connection: Connection, strongest: number, sheets: Sheets, options: RelatedOptions): HTMLElement {
  const { layer, filter, weight, name, picture: thumb, unshown } = connection;
  const isPicture = layer === PICTURE;
  const title = options.data.titles[layer] ?? layer;
  const who = isPicture ? `channel ${filter}` : `${filter}${name ? ` ${name}` : ""}`;
  const share = percent(strongest > 0 ? Math.abs(weight) / strongest : 0);
  const [sign, verb] = weight < 0 ? ["−", "inhibits"] : ["+", "excites"];
  const whole = [
    isPicture ? `Channel ${filter} of the picture` : `Filter ${who} of ${layer}`,
    `${verb}: weight ${score(weight)}, ${share} of the strongest here`,
    unshown ? "not analysed" : "",
  ];
  const content = [
    thumb
      ? picture(thumb, sheets)
      : html("span", { class: "lurk-wire-blank", "aria-hidden": "true" }, isPicture ? "▦" : "not analysed"),
    html("span", { class: "lurk-wire-name" }, who),
    html("span", { class: "lurk-soft" }, isPicture ? "of the picture" : title),
    html("span", { class: weight < 0 ? "lurk-wire-minus" : "lurk-wire-plus" }, `${sign} ${share}`),
  ];
  const attributes = { class: "lurk-wire", title: whole.filter(Boolean).join(", ") };
  return isPicture || unshown
    ? html("span", attributes, ...content)
    : html("a", { ...attributes, href: options.filterPage(layer, filter) }, ...content);
}
