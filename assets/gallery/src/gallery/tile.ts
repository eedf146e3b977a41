/** One filter's tile: a picture, its index and one bar for its strongest response. */
import type { LayerData, Pic } from "../data/format";
import type { Show } from "../data/state";
import { html } from "../draw/dom";
import { type Sheets, view } from "../draw/view";
import { score } from "../words";

export interface TileOptions {
  data: LayerData;
  sheets: Sheets;
  show: Show;
  /** The layer's strongest response: a full bar. */
  strongest: number;
}

/** The link that opens the filter at `position`. */
export function tile(position: number, { data, sheets, show, strongest }: TileOptions): HTMLAnchorElement {
  const { filters } = data;
  const index = filters.index[position] ?? position;
  const response = filters.max?.[position] ?? null;
  const dead = Boolean(filters.dead?.[position]);
  const twin = filters.duplicate?.[position] ?? -1;
  const picture = thumbnail(data, position, show);
  const bar = html("span", { class: "lurk-tile-fill" });
  bar.style.inlineSize = `${strongest > 0 && response !== null ? Math.max(0, (response / strongest) * 100) : 0}%`;
  const says = describe(data, position);
  return html(
    "a",
    {
      class: `lurk-tile${dead ? " lurk-dead" : ""}`,
      href: `#filter-${index}`,
      "data-filter": index,
      "aria-label": says,
      title: says,
    },
    picture ? view(picture, sheets) : html("span", { class: "lurk-blank", "aria-hidden": "true" }, "–"),
    html(
      "span",
      { class: "lurk-tile-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-tile-index" }, String(index)),
      " ", // keeps the words apart for who reads them without the layout
      dead || twin >= 0
        ? html("span", { class: "lurk-tile-note" }, dead ? "dead" : `like ${twin}`)
        : html("span", { class: "lurk-tile-bar" }, bar),
    ),
  );
}

/** What stands for a filter in small. */
export function thumbnail(data: LayerData, position: number, show: Show): Pic | null {
  const { crop, synthesis, average } = data.filters;
  return { crop, synthesis, average }[show]?.[position] ?? null;
}

/** A filter in one line, its tile's own words first. */
export function describe(data: LayerData, position: number): string {
  const index = data.filters.index[position] ?? position;
  const twin = data.filters.duplicate?.[position] ?? -1;
  const dead = data.filters.dead?.[position];
  const note = dead ? " dead" : twin >= 0 ? ` like ${twin}` : "";
  return [`Filter ${index}${note}`, ...traits(data, position)].join(", ");
}

/** What is notable about a filter, in a few words each. */
export function traits({ filters, labels }: LayerData, position: number): string[] {
  if (filters.dead?.[position]) return ["no picture raises it above zero"];
  const response = filters.max?.[position];
  const label = labels[filters.best_class?.[position] ?? -1];
  const twin = filters.duplicate?.[position] ?? -1;
  return [
    typeof response === "number" ? `strongest response ${score(response)}` : "",
    label ? `answers most to ${label}` : "",
    twin >= 0 ? `much like filter ${twin}` : "",
  ].filter(Boolean);
}
