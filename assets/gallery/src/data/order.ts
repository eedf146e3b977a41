/** Which filters the grid shows, and in which order. */

import { descending } from "d3-array";
import type { FilterColumns } from "./format";
import type { Order, State } from "./state";

export interface Choice {
  /** Positions in the columns, as the grid shows them. */
  positions: number[];
  /** How many of them are dead; they stand last. */
  dead: number;
  /** How many were left out by the visitor's choice. */
  hidden: number;
}

/** Order and sift the filters. Dead filters always stand last, in their own order; ties go to the lower position. */
export function choose(filters: FilterColumns, labels: readonly string[], state: State): Choice {
  const all = filters.index.map((_, position) => position);
  const wanted = all.filter(byHide(filters, state));
  const sifted = state.class ? ofClass(filters, labels, state.class, wanted) : wanted;
  const ranked = state.class && state.order === "index" ? sifted : sorted(filters, state.order, sifted);
  const alive = ranked.filter((position) => !filters.dead?.[position]);
  const dead = ranked.filter((position) => filters.dead?.[position]);
  return { positions: [...alive, ...dead], dead: dead.length, hidden: all.length - ranked.length };
}

/** The orders that the data allows. */
export function orders(filters: FilterColumns): Order[] {
  const known: Order[] = ["index"];
  if (some(filters.max)) known.push("strongest");
  if (some(filters.selectivity)) known.push("selectivity");
  if (some(filters.ratio)) known.push("ratio");
  if (filters.order?.length) known.push("similarity");
  return known;
}

/** The classes that some filter answers to, with how many do. */
export function classes(filters: FilterColumns, labels: readonly string[]): { label: string; count: number }[] {
  const counts = new Map<number, number>();
  if (filters.responders) {
    for (const [label, list] of Object.entries(filters.responders)) counts.set(Number(label), list.length);
  } else {
    for (const label of filters.best_class ?? []) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts]
    .map(([label, count]) => ({ label: labels[label] ?? "", count }))
    .filter(({ label, count }) => label && count)
    .sort((a, b) => a.label.localeCompare(b.label));
}

function byHide(filters: FilterColumns, state: State): (position: number) => boolean {
  const dead = state.hide.includes("dead");
  const duplicate = state.hide.includes("duplicate");
  return (position) =>
    !(dead && filters.dead?.[position]) && !(duplicate && (filters.duplicate?.[position] ?? -1) >= 0);
}

function ofClass(filters: FilterColumns, labels: readonly string[], name: string, from: number[]): number[] {
  const label = labels.indexOf(name);
  if (label < 0) return [];
  const responders = filters.responders?.[label];
  if (responders) {
    const kept = new Set(from);
    return responders.map(([position]) => position).filter((position) => kept.has(position));
  }
  return from.filter((position) => filters.best_class?.[position] === label);
}

function sorted(filters: FilterColumns, order: Order, positions: number[]): number[] {
  if (order === "index") return positions;
  if (order === "similarity") {
    const kept = new Set(positions);
    return (filters.order ?? []).filter((position) => kept.has(position));
  }
  const column = { strongest: filters.max, selectivity: filters.selectivity, ratio: filters.ratio }[order] ?? [];
  const value = (position: number) => column[position] ?? Number.NEGATIVE_INFINITY;
  return [...positions].sort((a, b) => descending(value(a), value(b)) || a - b);
}

function some(column: readonly (number | null)[] | undefined): boolean {
  return column?.some((value) => value !== null) ?? false;
}
