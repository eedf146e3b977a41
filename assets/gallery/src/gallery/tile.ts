/** One filter's tile: a picture, its index and a bar for its strongest response. */
import type { FilterColumns, LayerData, Pic } from "../data/schema";
import { SHOWS, type Show } from "../data/state";
import { html } from "../draw/dom";
import { picture, type Sheets } from "../draw/picture";
import { score } from "../numbers";

export interface TileOptions {
  data: LayerData;
  sheets: Sheets;
  /** Which thumbnail stands for the filter. */
  show: Show;
  /** The layer's strongest response, which fills the bar. */
  strongest: number;
  /** While the grid is narrowed to a class, the best crops of that class by position. */
  classCrops?: ReadonlyMap<number, Pic | null> | null;
}

/** The link that opens the filter at a position of the columns. */
export function tile(position: number, { data, sheets, show, strongest, classCrops }: TileOptions): HTMLAnchorElement {
  const { filters } = data;
  const index = filters.index[position] ?? position;
  const ofClass = show === "crop" ? classCrops?.get(position) : undefined;
  const thumb = ofClass === undefined ? thumbnail(data, position, show) : ofClass;
  const description = describe(data, position);
  const words = caption(data, position);
  return html(
    "a",
    {
      class: `lurk-tile${filters.dead[position] ? " lurk-dead" : ""}`,
      href: `#filter-${index}`,
      "data-filter": index,
      "aria-label": description,
      title: description,
    },
    thumb
      ? picture(thumb, sheets)
      : html("span", { class: "lurk-blank", "aria-hidden": "true" }, ofClass === null ? "not kept" : "–"),
    html(
      "span",
      { class: "lurk-tile-caption", "aria-hidden": "true" },
      html("span", { class: "lurk-tile-index" }, String(index)),
      " ", // separates the words for readers without the layout
      words
        ? html("span", { class: filters.name[position] ? "lurk-tile-name" : "lurk-tile-note" }, words)
        : responseBar(filters.max[position] ?? 0, strongest),
    ),
  );
}

/** The small picture that stands for a filter. */
export function thumbnail({ filters }: LayerData, position: number, show: Show): Pic | null {
  return filters[show][position] ?? null;
}

/** The kinds of thumbnail that some filter has. */
export function availableShows(data: LayerData): Show[] {
  return SHOWS.filter((show) => data.filters.index.some((_, position) => thumbnail(data, position, show)));
}

/** The strongest response of all filters; 0 if none is positive. */
export function strongestResponse({ filters }: LayerData): number {
  return filters.max.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** A filter in one line, which begins with the words of its tile. */
export function describe(data: LayerData, position: number): string {
  const index = data.filters.index[position] ?? position;
  const words = caption(data, position);
  return [`Filter ${index}${words && ` ${words}`}`, ...traits(data, position)].join(", ");
}

/** What is notable about a filter, in a few words each. */
export function traits({ filters, labels }: LayerData, position: number): string[] {
  if (filters.dead[position]) return ["no picture raises it above zero"];
  const response = filters.max[position];
  const duplicateOf = filters.duplicate[position] ?? -1;
  return [
    typeof response === "number" ? `strongest response ${score(response)}` : "",
    labels.length ? proven(filters, position) : "",
    duplicateOf >= 0 ? `much like filter ${duplicateOf}` : "",
  ].filter(Boolean);
}

/** The classes that a filter answers to above chance, on pictures that did not choose them; "" where none were looked for. */
function proven({ label, label_r: r }: FilterColumns, position: number): string {
  const name = label[position] ?? null;
  if (name === null) return "";
  return name
    ? `answers to ${name}, r ${score(r[position] ?? 0)} on pictures not used to choose`
    : "no clear preference for a class";
}

/** What a filter is called: its number, and its name where it has one. */
export function filterTitle({ filters }: LayerData, position: number): string {
  const name = filters.name[position];
  return `Filter ${filters.index[position] ?? position}${name ? `: ${name}` : ""}`;
}

/** What stands in place of the bar: the filter's name, or else a note. */
function caption(data: LayerData, position: number): string {
  return [data.filters.name[position], note(data, position)].filter(Boolean).join(", ");
}

/** A word or two: the filter is dead or a duplicate. */
function note({ filters }: LayerData, position: number): string {
  if (filters.dead[position]) return "dead";
  const duplicateOf = filters.duplicate[position] ?? -1;
  return duplicateOf >= 0 ? `like ${duplicateOf}` : "";
}

function responseBar(response: number, strongest: number): HTMLElement {
  const fill = html("span", { class: "lurk-tile-fill" });
  fill.style.inlineSize = `${strongest > 0 ? Math.max(0, (response / strongest) * 100) : 0}%`;
  return html("span", { class: "lurk-tile-bar" }, fill);
}
