/** What the visitor looks at, as the part of the address after `#`. */

export type Show = "crop" | "synthesis" | "average";
export type Order = "index" | "strongest" | "selectivity" | "ratio" | "similarity";
export type Hide = "dead" | "duplicate";

export interface State {
  filter: number | null;
  show: Show;
  order: Order;
  /** A class's label, or "" for all. */
  class: string;
  hide: readonly Hide[];
  /** A tile's side, in CSS pixels. */
  size: number;
  photo: number | null;
}

export const SIZES = { least: 56, usual: 104, most: 224 } as const;
export const SHOWS: readonly Show[] = ["crop", "synthesis", "average"];
export const ORDERS: readonly Order[] = ["index", "strongest", "selectivity", "ratio", "similarity"];
export const HIDES: readonly Hide[] = ["dead", "duplicate"];

export const START: State = {
  filter: null,
  show: "crop",
  order: "index",
  class: "",
  hide: [],
  size: SIZES.usual,
  photo: null,
};

/** Read an address's fragment; what it does not name, or names wrongly, is as at the start. */
export function readState(hash: string): State {
  const [place = "", query = ""] = splitOnce(hash.replace(/^#/, ""), "?");
  const found = new URLSearchParams(query);
  const match = /^filter-(\d+)$/.exec(place);
  return {
    filter: match ? Number(match[1]) : null,
    show: among(SHOWS, found.get("show")) ?? START.show,
    order: among(ORDERS, found.get("order")) ?? START.order,
    class: found.get("class") ?? "",
    hide: (found.get("hide") ?? "").split(",").flatMap((word) => among(HIDES, word) ?? []),
    size: clamp(whole(found.get("size")) ?? START.size),
    photo: whole(found.get("photo")),
  };
}

/** The fragment that `readState` reads back; "" for the start. */
export function writeState(state: State): string {
  const query = new URLSearchParams();
  if (state.show !== START.show) query.set("show", state.show);
  if (state.order !== START.order) query.set("order", state.order);
  if (state.class) query.set("class", state.class);
  if (state.hide.length) query.set("hide", state.hide.join(","));
  if (state.size !== START.size) query.set("size", String(state.size));
  if (state.photo !== null) query.set("photo", String(state.photo));
  const place = state.filter === null ? "" : `filter-${state.filter}`;
  const text = query.toString().replace(/%2C/g, ",");
  return place || text ? `#${place}${text ? `?${text}` : ""}` : "";
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function among<T extends string>(words: readonly T[], word: string | null): T | undefined {
  return words.find((known) => known === word);
}

function whole(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function clamp(size: number): number {
  return Math.min(SIZES.most, Math.max(SIZES.least, size));
}
