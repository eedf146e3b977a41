/** Horizontal bars, one a row: name, bar from zero, value at the row's end. */
import { max, min } from "d3-array";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { html } from "../draw/dom";
import { score } from "../words";

export interface Bar {
  key: string | number;
  name: string;
  value: number;
  /** Where the name leads to. */
  href?: string;
  /** The whole of it in words, for hover and for screen readers. */
  says?: string;
}

export interface BarsOptions {
  label: string;
  format?: (value: number) => string;
}

export interface Chart<T> {
  node: HTMLElement;
  update(data: T): void;
}

/** Bars on one scale that holds zero, so that a bar to the other side is a negative value. */
export function bars(data: readonly Bar[], options: BarsOptions): Chart<readonly Bar[]> {
  const node = html("div", { class: "lurk-bars", role: "list", "aria-label": options.label });
  const format = options.format ?? score;

  function update(rows: readonly Bar[]): void {
    const scale = scaleLinear()
      .domain([Math.min(0, min(rows, (row) => row.value) ?? 0), Math.max(0, max(rows, (row) => row.value) ?? 0)])
      .range([0, 100]);
    const zero = scale.domain()[0] === scale.domain()[1] ? 0 : scale(0);
    const length = (value: number) => (scale.domain()[0] === scale.domain()[1] ? 0 : scale(value));
    const items = select(node)
      .selectAll<HTMLElement, Bar>(":scope > div")
      .data(rows, (row) => String(row.key))
      .join((enter) => enter.append(makeRow));
    items.order();
    items.attr("title", (row) => row.says ?? null);
    items.select<HTMLElement>(".lurk-bar-name").text((row) => row.name);
    items.select<HTMLAnchorElement>("a.lurk-bar-name").attr("href", (row) => row.href ?? null);
    items.select<HTMLElement>(".lurk-bar-value").text((row) => format(row.value));
    items
      .select<HTMLElement>(".lurk-bar-fill")
      .classed("lurk-bar-negative", (row) => row.value < 0)
      .style("inset-inline-start", (row) => `${Math.min(zero, length(row.value))}%`)
      .style("inline-size", (row) => `${Math.abs(length(row.value) - zero)}%`);
  }

  update(data);
  return { node, update };
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
