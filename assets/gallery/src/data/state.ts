/** What the visitor has chosen, as the part of the address after `#`. */

import { PROPERTIES, type Property } from "./properties";

export type Show = "crop" | "synthesis" | "average";
export type Order =
  | "index"
  | "strongest"
  | "label"
  | "effect"
  | "selectivity"
  | "ratio"
  | "similarity"
  | "polysemanticity"
  | Property;
export type Hide = "dead" | "duplicate";

export interface State {
  /** The index of the opened filter. */
  filter: number | null;
  /** Which thumbnail stands for a filter. */
  show: Show;
  order: Order;
  /** A class's label, or "" for all. */
  class: string;
  hide: readonly Hide[];
  /** A tile's side, in CSS pixels. */
  size: number;
  /** The id of the photo whose dialog is open. */
  photo: number | null;
}

export const SIZES = { least: 56, usual: 104, most: 224 } as const;
export const SHOWS: readonly Show[] = ["crop", "synthesis", "average"];
export const ORDERS: readonly Order[] = [
  ...(["index", "strongest", "label", "effect", "selectivity", "ratio", "similarity", "polysemanticity"] as const),
  ...PROPERTIES,
];
export const HIDES: readonly Hide[] = ["dead", "duplicate"];

export const INITIAL_STATE: State = {
  filter: null,
  show: "crop",
  order: "index",
  class: "",
  hide: [],
  size: SIZES.usual,
  photo: null,
};

/** Read an address's fragment; what it leaves out, or does not name correctly, is as in `INITIAL_STATE`. */
export function readState(hash: string): State {
  const [place = "", query = ""] = splitOnce(hash.replace(/^#/, ""), "?");
  const parameters = new URLSearchParams(query);
  const match = /^filter-(\d+)$/.exec(place);
  return {
    filter: match ? Number(match[1]) : null,
    show: knownWord(SHOWS, parameters.get("show")) ?? INITIAL_STATE.show,
    order: knownWord(ORDERS, parameters.get("order")) ?? INITIAL_STATE.order,
    class: parameters.get("class") ?? "",
    hide: (parameters.get("hide") ?? "").split(",").flatMap((word) => knownWord(HIDES, word) ?? []),
    size: clampSize(wholeNumber(parameters.get("size")) ?? INITIAL_STATE.size),
    photo: wholeNumber(parameters.get("photo")),
  };
}

/** Write the fragment that `readState` reads back; "" for the initial state. */
export function writeState(state: State): string {
  const query = new URLSearchParams();
  if (state.show !== INITIAL_STATE.show) query.set("show", state.show);
  if (state.order !== INITIAL_STATE.order) query.set("order", state.order);
  if (state.class) query.set("class", state.class);
  if (state.hide.length) query.set("hide", state.hide.join(","));
  if (state.size !== INITIAL_STATE.size) query.set("size", String(state.size));
  if (state.photo !== null) query.set("photo", String(state.photo));
  const place = state.filter === null ? "" : `filter-${state.filter}`;
  const text = query.toString().replace(/%2C/g, ",");
  return place || text ? `#${place}${text ? `?${text}` : ""}` : "";
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function knownWord<T extends string>(words: readonly T[], word: string | null): T | undefined {
  return words.find((known) => known === word);
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function clampSize(size: number): number {
  return Math.min(SIZES.most, Math.max(SIZES.least, size));
}
