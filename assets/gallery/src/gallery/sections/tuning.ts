/** What the filter depends on: six small glyphs, each with the share of the response that is lost without its property. */

import * as definitions from "../../../../../mkdocs_lurk/pages/definitions.json";
import { meaning } from "../../data/definitions";
import { PROPERTIES, type Property } from "../../data/properties";
import { type FilterDetail, type LayerData, present, reason, type Tuning } from "../../data/schema";
import { freshId, html, svg } from "../../draw/dom";
import { missing } from "../../draw/missing";
import { percent } from "../../numbers";
import { explanation, section } from "./section";

type Twin = NonNullable<LayerData["twin"]>;

const BAND = "The grey bands hold 90 % of the layer's filters in the same network with shuffled weights.";

interface Look {
  name: string;
  definition: string;
  /** Lines of the glyph, on 24 by 24 units. */
  lines: string;
  /** Its filled parts. */
  areas?: string;
}

const LOOKS: Record<Property, Look> = {
  colour: {
    name: "Colour",
    definition: definitions.tuning_colour,
    lines: "M12 4a5 5 0 1 0 .01 0M8 11a5 5 0 1 0 .01 0M16 11a5 5 0 1 0 .01 0",
  },
  detail: {
    name: "Fine detail",
    definition: definitions.tuning_detail,
    lines: "M4 6h16M4 9h16M4 12h16M4 15h16M4 18h16M7 4v16M10 4v16M13 4v16M16 4v16",
  },
  mirror: {
    name: "Left and right",
    definition: definitions.tuning_mirror,
    lines: "M12 3v18M15 6v12h6z",
    areas: "M9 6v12H3z",
  },
  orientation: {
    name: "Orientation",
    definition: definitions.tuning_orientation,
    lines: "M4 20h16M8 20a4 4 0 0 0-1.2-2.8",
    areas: "M4 20L17 5l2 1.7L6 20z",
  },
  scale: {
    name: "Size",
    definition: definitions.tuning_scale,
    lines: "M4 4h16v16H4zM13 11l4-4M14 7h3v3",
    areas: "M4 13h7v7H4z",
  },
  shape: {
    name: "Shape",
    definition: definitions.tuning_shape,
    lines: "M4 4h7v7H4zM14 14h7v7h-7z",
    areas: "M14 3h7v7h-7zM3 14h7v7H3z",
  },
};

/** The section; null where no pictures were changed. */
export function tuningSection({ tuning }: FilterDetail, twin: Twin = {}): HTMLElement | null {
  if (tuning === undefined) return null;
  if (!present(tuning)) return section("tuning", "Depends on", missing("Tuning was not measured", reason(tuning)));
  const list = html("div", { class: "lurk-properties", role: "list" });
  for (const property of PROPERTIES) {
    const value = tuning.depends[property];
    if (value !== null)
      list.append(html("div", { role: "listitem" }, ...entry(property, value, tuning, twin[property])));
  }
  const band = PROPERTIES.some((property) => twin[property]) ? ` ${BAND}` : "";
  return section("tuning", "Depends on", list, explanation(`${meaning(definitions.tuning, { n: tuning.n })}${band}`));
}

/** A glyph with its share, and what that means on hover and on focus. */
function entry(property: Property, value: number, tuning: Tuning, band: readonly number[] = []): HTMLElement[] {
  const { name, definition, lines, areas } = LOOKS[property];
  const tip = html(
    "span",
    { class: "lurk-tip", role: "tooltip", id: freshId("tip") },
    `${definition}${aside(property, tuning)}`,
  );
  const glyph = svg(
    "svg",
    { class: "lurk-glyph", viewBox: "2 2 20 20", "aria-hidden": "true" },
    areas && svg("path", { class: "lurk-glyph-area", d: areas }),
    svg("path", { d: lines }),
  );
  const fill = html("span", { class: "lurk-property-fill" });
  fill.style.inlineSize = `${100 * value}%`;
  const button = html(
    "button",
    { type: "button", class: "lurk-property", "aria-describedby": tip.id },
    glyph,
    html("span", { class: "lurk-property-name" }, name),
    " ",
    html("span", { class: "lurk-property-value" }, percent(value)),
    html("span", { class: "lurk-property-bar", "aria-hidden": "true" }, fill, chance(band)),
  );
  return [button, tip];
}

/** The band of the network with shuffled weights. */
function chance([low, high]: readonly number[]): HTMLElement | null {
  if (low === undefined || high === undefined) return null;
  const node = html("span", { class: "lurk-property-band" });
  node.style.insetInlineStart = `${100 * low}%`;
  node.style.inlineSize = `${100 * (high - low)}%`;
  return node;
}

/** What else is known of a property. */
function aside(property: Property, { kept }: Tuning): string {
  if (property === "orientation" && kept.rotate180 !== undefined) {
    return ` Turned by 180 degrees, ${percent(kept.rotate180)} of the response is left.`;
  }
  if (property === "scale" && kept.half !== undefined && kept.double !== undefined) {
    return ` At half the size ${percent(kept.half)} is left, at twice the size ${percent(kept.double)}.`;
  }
  return "";
}
