/** The squares of a confusion matrix: what each counts, in which order they stand, how large they are, and which is next to which. */
import { ascending, max } from "d3-array";
import type { MatrixData } from "../data/schema";
import { percent, plural } from "../numbers";

export const ORDERS = ["confusion", "declared", "recall"] as const;
export type Order = (typeof ORDERS)[number];
export const MEASURES = ["shares", "counts"] as const;
export type Measure = (typeof MEASURES)[number];

/** The pictures of a class that are taken for a class; both by their numbers in the data. */
export interface Square {
  own: number;
  guess: number;
  count: number;
  /** The address of its pictures within the page, whether or not they are shown there. */
  anchor: string;
}

const SIDES_PX = [
  [16, 26],
  [28, 18],
  [40, 13],
  [80, 9],
] as const;
const LEAST_SIDE_PX = 5;
const MOST_SIDE_PX = 36;

export function squaresOf({ places, squares }: MatrixData): Square[] {
  const all: Square[] = [];
  for (let at = 0; at + 2 < squares.length; at += 3) {
    const [own = 0, guess = 0, count = 0] = squares.slice(at, at + 3);
    all.push({ own, guess, count, anchor: `pair-${places[own]}-${places[guess]}` });
  }
  return all;
}

/** The classes in an order, by their numbers: by recall those that are found least come first, and those without pictures last. */
export function orderedClasses(data: MatrixData, squares: readonly Square[], order: Order): number[] {
  if (order === "confusion") return [...data.order];
  const declared = data.names.map((_, at) => at);
  if (order === "declared") return declared;
  const recalls = data.pictures.map(() => 0);
  for (const { own, guess, count } of squares) if (own === guess) recalls[own] = count / (data.pictures[own] || 1);
  const rank = (at: number) => (data.pictures[at] ? (recalls[at] ?? 0) : 2);
  return declared.sort((a, b) => ascending(rank(a), rank(b)) || a - b);
}

/** The side of a square before anybody zooms, by the number of classes. */
export function sideOf(classes: number): number {
  return SIDES_PX.find(([most]) => classes <= most)?.[1] ?? LEAST_SIDE_PX;
}

/** The side of a square after zooming by a factor. */
export function zoomed(side: number, by: number): number {
  return Math.min(MOST_SIDE_PX, Math.max(LEAST_SIDE_PX, Math.round(side * by)));
}

/** How dark a square is, from 0 to 1: its share of the row, or its count by the largest one. */
export function shades(data: MatrixData, squares: readonly Square[], measure: Measure): (square: Square) => number {
  const most = max(squares, ({ count }) => count) ?? 1;
  return ({ own, count }) => count / (measure === "counts" ? most : data.pictures[own] || 1);
}

/** What stands in a square: the count, or the share in percent without its sign. */
export function label({ own, count }: Square, data: MatrixData, measure: Measure): string {
  if (measure === "counts") return count.toLocaleString("en");
  const share = (100 * count) / (data.pictures[own] || 1);
  return share < 1 ? "<1" : String(Math.round(share));
}

/** What a square says, also one without pictures. */
export function sentence({ own, guess, count }: Omit<Square, "anchor">, data: MatrixData): string {
  const [name, taken, n] = [data.names[own] ?? "", data.names[guess] ?? "", data.pictures[own] ?? 0];
  if (!count)
    return own === guess ? `No picture of ${name} is named right` : `No picture of ${name} is taken for ${taken}`;
  const pictures = `${count.toLocaleString("en")} of ${plural(n, "picture")} of ${name} ${count === 1 ? "is" : "are"}`;
  return `${pictures} ${own === guess ? "named right" : `taken for ${taken}`}: ${percent(count / n)}`;
}

/**
 * The square that a key leads to: left and right along those of the row that have pictures, up and down to the nearest one of the next row,
 * Home and End to the ends of the row. Null for other keys, and at the margin.
 *
 * @param rows The squares of each row, from left to right.
 * @param column The column of a square.
 */
export function neighbour(
  rows: readonly Square[][],
  column: (square: Square) => number,
  from: Square,
  key: string,
): Square | null {
  const at = rows.findIndex((row) => row.includes(from));
  const row = rows[at] ?? [];
  const inRow = row.indexOf(from);
  if (key === "ArrowLeft") return row[inRow - 1] ?? null;
  if (key === "ArrowRight") return row[inRow + 1] ?? null;
  if (key === "Home") return row[0] ?? null;
  if (key === "End") return row[row.length - 1] ?? null;
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const next = rows[at + (key === "ArrowUp" ? -1 : 1)] ?? [];
  const distance = (square: Square) => Math.abs(column(square) - column(from));
  return next.reduce<Square | null>((best, one) => (best && distance(best) <= distance(one) ? best : one), null);
}
