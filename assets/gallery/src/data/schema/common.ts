/** What all data scripts have in common: places of pictures, sizes, and what stands for a result that is not there. */

/** A picture: its sheet's place in the script's list of sheets, then x, y, width and height inside that sheet, in pixels. */
export type Pic = readonly [sheet: number, x: number, y: number, width: number, height: number];

/** Top, left, bottom and right, half-open, in pixels of the network's input. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** Height and width, in pixels of the network's input. */
export type Size = readonly [height: number, width: number];

export type FieldStatus = "exact" | "effective" | "whole";

/** Stands in place of a result that was not computed. */
export interface Skipped {
  skipped: string;
}

/** Whether a result is there: neither absent nor skipped. */
export function present<T>(value: T | Skipped | null | undefined): value is T {
  return value !== null && value !== undefined && reason(value) === null;
}

/** Why a result was skipped; null where it was not, or where nobody said why. */
export function reason(value: unknown): string | null {
  if (typeof value === "object" && value !== null && "skipped" in value) return String(value.skipped);
  return null;
}
