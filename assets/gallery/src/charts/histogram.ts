/** How often which response occurs, with single pictures marked upon it. */
import { max } from "d3-array";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { svg } from "../draw/dom";
import { plural, score } from "../words";

export interface HistogramData {
  /** One more than there are counts, rising. */
  edges: readonly number[];
  counts: readonly number[];
  marks: readonly { value: number; says: string }[];
}

export interface HistogramOptions {
  label: string;
  width?: number;
  height?: number;
}

export interface Histogram {
  node: SVGSVGElement;
  update(data: HistogramData): void;
}

const BELOW = 18;
const ABOVE = 12;

/** Bars of counts over an axis of responses; the marks are small triangles above the bars. */
export function histogram(data: HistogramData, options: HistogramOptions): Histogram {
  const { width = 300, height = 110 } = options;
  const floor = height - BELOW;
  const node = svg("svg", { class: "lurk-histogram", viewBox: `0 0 ${width} ${height}`, role: "img" });
  const root = select(node);
  root.append("g").attr("class", "lurk-counts");
  root.append("line").attr("class", "lurk-axis").attr("x2", width).attr("y1", floor).attr("y2", floor);
  root.append("g").attr("class", "lurk-marks");
  root.append("g").attr("class", "lurk-ticks");

  function update({ edges, counts, marks }: HistogramData): void {
    const first = edges[0] ?? 0;
    const last = edges[edges.length - 1] ?? 1;
    const x = scaleLinear([first, last === first ? first + 1 : last], [0, width]);
    const y = scaleLinear([0, max(counts) || 1], [0, floor - ABOVE]);
    const bins = counts.map((count, at) => ({ count, from: edges[at] ?? first, to: edges[at + 1] ?? last }));
    root.attr("aria-label", options.label);
    root
      .select(".lurk-counts")
      .selectAll<SVGRectElement, (typeof bins)[number]>("rect")
      .data(bins)
      .join((enter) => {
        const rect = enter.append("rect");
        rect.append("title");
        return rect;
      })
      .attr("x", (bin) => x(bin.from) + 0.5)
      .attr("width", (bin) => Math.max(0.5, x(bin.to) - x(bin.from) - 1))
      .attr("height", (bin) => (bin.count ? Math.max(1, y(bin.count)) : 0))
      .attr("y", (bin) => floor - (bin.count ? Math.max(1, y(bin.count)) : 0))
      .select("title")
      .text((bin) => `${plural(bin.count, "picture")} between ${score(bin.from)} and ${score(bin.to)}`);
    root
      .select(".lurk-marks")
      .selectAll<SVGPathElement, HistogramData["marks"][number]>("path")
      .data(marks)
      .join((enter) => {
        const path = enter.append("path");
        path.append("title");
        return path;
      })
      .attr("d", (mark) => `M${Math.min(width - 4, Math.max(4, x(mark.value)))},${ABOVE - 2}l-4,-7h8z`)
      .select("title")
      .text((mark) => mark.says);
    drawTicks(first, last);
  }

  function drawTicks(first: number, last: number): void {
    const x = scaleLinear([first, last === first ? first + 1 : last], [0, width]);
    const shown = x.ticks(4).filter((tick) => x(tick) >= 0 && x(tick) <= width);
    root
      .select(".lurk-ticks")
      .selectAll<SVGTextElement, number>("text")
      .data(shown)
      .join("text")
      .attr("x", (tick) => x(tick))
      .attr("y", height - 4)
      .attr("text-anchor", (tick) => (x(tick) < 12 ? "start" : x(tick) > width - 12 ? "end" : "middle"))
      .text(x.tickFormat(4));
  }

  update(data);
  return { node, update };
}
