/** Which filters the grid shows, and in which order. A position is a filter's place in the columns of the data. */

import { descending } from "d3-array";
import { PROPERTIES } from "./properties";
import type { FilterColumns, LayerData, Pic } from "./schema";
import type { Order, State } from "./state";

type Tuning = NonNullable<LayerData["tuning"]>;

export interface Selection {
  /** Positions in the order in which the grid shows them. */
  positions: number[];
  /** How many of them are dead; these come last. */
  dead: number;
  /** How many filters the visitor's choices leave out. */
  hidden: number;
  /** Positions that are left out because they have no synthesis while tiles show syntheses; they come last, on demand. */
  folded: number[];
}

/** Select and order the filters. Dead filters come last, ordered among themselves; ties go to the lower position. */
export function selectFilters(
  filters: FilterColumns,
  labels: readonly string[],
  state: State,
  unfolded = false,
  tuning: Tuning = {},
): Selection {
  const all = filters.index.map((_, position) => position);
  const kept = all.filter(isNotHidden(filters, state));
  const selected = state.class ? respondingTo(filters, labels, state.class, kept) : kept;
  const ranked = state.class && state.order === "index" ? selected : sorted(filters, state.order, selected, tuning);
  const alive = ranked.filter((position) => !filters.dead[position]);
  const dead = ranked.filter((position) => filters.dead[position]);
  const ordered = [...alive, ...dead];
  const lacks = (position: number) => state.show === "synthesis" && !filters.synthesis[position];
  const folded = ordered.filter(lacks);
  const shown = ordered.filter((position) => !lacks(position));
  return {
    positions: unfolded ? [...shown, ...folded] : shown,
    dead: (unfolded ? dead : dead.filter((position) => !lacks(position))).length,
    hidden: all.length - ranked.length,
    folded: unfolded ? [] : folded,
  };
}

/** The orders that the data allows. */
export function availableOrders(filters: FilterColumns, tuning: Tuning = {}): Order[] {
  const orders: Order[] = ["index"];
  if (hasValue(filters.max)) orders.push("strongest");
  if (hasValue(filters.label_r)) orders.push("label");
  if (hasValue(filters.effect)) orders.push("effect");
  if (hasValue(filters.selectivity)) orders.push("selectivity");
  if (hasValue(filters.ratio)) orders.push("ratio");
  if (filters.order.length) orders.push("similarity");
  if (hasValue(filters.polysemanticity)) orders.push("polysemanticity");
  return [...orders, ...PROPERTIES.filter((property) => hasValue(tuning[property] ?? []))];
}

/** The classes that some filter responds to, in the order of the labels, with how many filters do. */
export function availableClasses(
  filters: FilterColumns,
  labels: readonly string[],
): { label: string; count: number }[] {
  return labels
    .map((label, place) => ({ label, count: filters.responders[place]?.length ?? 0 }))
    .filter(({ label, count }) => label && count);
}

/** The filters' best crops of a class, by position. */
export function classCrops(filters: FilterColumns, labels: readonly string[], name: string): Map<number, Pic | null> {
  const responders = filters.responders[labels.indexOf(name)] ?? [];
  return new Map(responders.map(([position, , crop]) => [position, crop ?? null]));
}

/** Up to three labels that are written much like a word: by the pairs of neighbouring letters that they share. */
export function nearLabels(word: string, labels: readonly string[]): string[] {
  const wanted = letterPairs(word);
  const likeness = (label: string) => {
    const own = letterPairs(label);
    const shared = [...wanted].filter((pair) => own.has(pair)).length;
    return (2 * shared) / (own.size + wanted.size || 1);
  };
  return labels
    .map((label) => ({ label, like: likeness(label) }))
    .filter(({ like }) => like > 0.3)
    .sort((a, b) => b.like - a.like)
    .slice(0, 3)
    .map(({ label }) => label);
}

function letterPairs(text: string): Set<string> {
  const letters = ` ${text.toLowerCase()} `;
  return new Set([...letters.slice(1)].map((letter, at) => `${letters[at]}${letter}`));
}

function isNotHidden(filters: FilterColumns, state: State): (position: number) => boolean {
  const dead = state.hide.includes("dead");
  const duplicate = state.hide.includes("duplicate");
  return (position) => !(dead && filters.dead[position]) && !(duplicate && (filters.duplicate[position] ?? -1) >= 0);
}

function respondingTo(filters: FilterColumns, labels: readonly string[], name: string, among: number[]): number[] {
  const responders = filters.responders[labels.indexOf(name)] ?? [];
  const kept = new Set(among);
  return responders.map(([position]) => position).filter((position) => kept.has(position));
}

function sorted(filters: FilterColumns, order: Order, positions: number[], tuning: Tuning): number[] {
  if (order === "index") return positions;
  if (order === "similarity") {
    const kept = new Set(positions);
    return filters.order.filter((position) => kept.has(position));
  }
  const { max: strongest, label_r: label, effect, selectivity, ratio, polysemanticity } = filters;
  const columns: Tuning = { ...tuning, strongest, label, effect, selectivity, ratio, polysemanticity };
  const column = columns[order] ?? [];
  const value = (position: number) => column[position] ?? Number.NEGATIVE_INFINITY;
  return [...positions].sort((a, b) => descending(value(a), value(b)) || a - b);
}

function hasValue(column: readonly (number | null)[]): boolean {
  return column.some((value) => value !== null);
}
