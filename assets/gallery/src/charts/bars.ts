/** Horizontal bars, one per row: name, bar from zero, value at the row's end. */
import { max, min } from "d3-array";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { html } from "../draw/dom";
import { score } from "../numbers";
import type { Chart } from "./chart";

export interface Bar {
  key: string | number;
  name: string;
  value: number;
  /** Where the name leads to. */
  href?: string;
  /** The whole row in words. */
  tooltip?: string;
}

export interface BarsOptions {
  /** What the bars show, for screen readers. */
  label: string;
  format?: (value: number) => string;
  /** The value of a bar as long as there is room; the largest one's without it. */
  whole?: number;
}

/** Bars on one scale that holds zero, so that negative values run to the other side. */
export function bars(data: readonly Bar[], options: BarsOptions): Chart<readonly Bar[], HTMLElement> {
  const node = html("div", { class: "lurk-bars", role: "list", "aria-label": options.label });
  const format = options.format ?? score;

  function update(rows: readonly Bar[]): void {
    const position = percentScale(rows, options.whole);
    const zero = position(0);
    const items = select(node)
      .selectAll<HTMLElement, Bar>(":scope > div")
      .data(rows, (row) => String(row.key))
      .join((enter) => enter.append(makeRow));
    items.order();
    items.attr("title", (row) => row.tooltip ?? null);
    items.select<HTMLElement>(".lurk-bar-name").text((row) => row.name);
    items.select<HTMLAnchorElement>("a.lurk-bar-name").attr("href", (row) => row.href ?? null);
    items.select<HTMLElement>(".lurk-bar-value").text((row) => format(row.value));
    items
      .select<HTMLElement>(".lurk-bar-fill")
      .classed("lurk-bar-negative", (row) => row.value < 0)
      .style("inset-inline-start", (row) => `${Math.min(zero, position(row.value))}%`)
      .style("inline-size", (row) => `${Math.abs(position(row.value) - zero)}%`);
  }

  update(data);
  return { node, update };
}

/** Where a value ends, in percent of the bar's room; 0 if every value is zero. */
function percentScale(rows: readonly Bar[], whole = 0): (value: number) => number {
  const least = Math.min(0, min(rows, (row) => row.value) ?? 0);
  const most = Math.max(whole, max(rows, (row) => row.value) ?? 0);
  return least === most ? () => 0 : scaleLinear([least, most], [0, 100]);
}

function makeRow(row: Bar): HTMLElement {
  return html(
    "div",
    { role: "listitem" },
    html(row.href ? "a" : "span", { class: "lurk-bar-name" }),
    html("span", { class: "lurk-bar-track", "aria-hidden": "true" }, html("span", { class: "lurk-bar-fill" })),
    html("span", { class: "lurk-bar-value" }),
  );
}
