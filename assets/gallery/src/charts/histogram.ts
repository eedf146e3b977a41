/** A histogram of responses, with single pictures marked on it. */
import { max } from "d3-array";
import { type ScaleLinear, scaleLinear } from "d3-scale";
import { type Selection, select } from "d3-selection";
import { svg } from "../draw/dom";
import { plural, score } from "../numbers";
import type { Chart } from "./chart";

export interface HistogramData {
  /** One more than there are counts, rising. */
  edges: readonly number[];
  counts: readonly number[];
  marks: readonly Mark[];
  /** Responses that are marked on the axis. */
  stops?: readonly Mark[];
}

export interface Mark {
  value: number;
  tooltip: string;
}

export interface HistogramOptions {
  /** What the histogram shows, for screen readers. */
  label: string;
  width?: number;
  height?: number;
  /** A press anywhere, with the response at that place. */
  pick?(value: number): void;
}

type Root = Selection<SVGSVGElement, unknown, null, undefined>;
type Scale = ScaleLinear<number, number>;

/** Room for the numbers below the axis, and for the marks above the bars. */
const TICKS_PX = 18;
const MARKS_PX = 12;

/** Bars of counts over an axis of responses; the marks are small triangles above the bars. */
export function histogram(data: HistogramData, options: HistogramOptions): Chart<HistogramData, SVGSVGElement> {
  const { label, width = 300, height = 110, pick } = options;
  const floor = height - TICKS_PX;
  const node = svg("svg", {
    class: "lurk-histogram",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": label,
  });
  const root = select(node);
  root.append("g").attr("class", "lurk-counts");
  root.append("line").attr("class", "lurk-axis").attr("x2", width).attr("y1", floor).attr("y2", floor);
  root.append("g").attr("class", "lurk-marks");
  root.append("g").attr("class", "lurk-stops");
  let x = scaleLinear([0, 1], [0, width]);
  if (pick) {
    root.classed("lurk-picked", true).on("click", ({ clientX }: MouseEvent) => {
      const { left, width: shown } = node.getBoundingClientRect();
      pick(x.invert(((clientX - left) / (shown || 1)) * width));
    });
  }
  root.append("g").attr("class", "lurk-ticks");

  function update({ edges, counts, marks, stops = [] }: HistogramData): void {
    const first = edges[0] ?? 0;
    const last = edges[edges.length - 1] ?? 1;
    x = scaleLinear([first, last === first ? first + 1 : last], [0, width]);
    drawCounts(root, edges, counts, x, floor);
    drawMarks(root, marks, x, width);
    drawStops(root, stops, x, floor);
    drawTicks(root, x, width, height);
  }

  update(data);
  return { node, update };
}

function drawCounts(root: Root, edges: readonly number[], counts: readonly number[], x: Scale, floor: number): void {
  const y = scaleLinear([0, max(counts) || 1], [0, floor - MARKS_PX]);
  const barHeight = (count: number) => (count ? Math.max(1, y(count)) : 0);
  const bins = counts.map((count, at) => ({ count, from: edges[at] ?? 0, to: edges[at + 1] ?? 1 }));
  root
    .select(".lurk-counts")
    .selectAll<SVGRectElement, (typeof bins)[number]>("rect")
    .data(bins)
    .join((enter) => {
      const bars = enter.append("rect");
      bars.append("title");
      return bars;
    })
    .attr("x", (bin) => x(bin.from) + 0.5)
    .attr("width", (bin) => Math.max(0.5, x(bin.to) - x(bin.from) - 1))
    .attr("height", (bin) => barHeight(bin.count))
    .attr("y", (bin) => floor - barHeight(bin.count))
    .select("title")
    .text((bin) => `${plural(bin.count, "picture")} between ${score(bin.from)} and ${score(bin.to)}`);
}

function drawMarks(root: Root, marks: readonly Mark[], x: Scale, width: number): void {
  root
    .select(".lurk-marks")
    .selectAll<SVGPathElement, Mark>("path")
    .data(marks)
    .join((enter) => {
      const triangles = enter.append("path");
      triangles.append("title");
      return triangles;
    })
    .attr("d", (mark) => `M${Math.min(width - 4, Math.max(4, x(mark.value)))},${MARKS_PX - 2}l-4,-7h8z`)
    .select("title")
    .text((mark) => mark.tooltip);
}

function drawStops(root: Root, stops: readonly Mark[], x: Scale, floor: number): void {
  root
    .select(".lurk-stops")
    .selectAll<SVGCircleElement, Mark>("circle")
    .data(stops)
    .join((enter) => {
      const circles = enter.append("circle").attr("r", 3);
      circles.append("title");
      return circles;
    })
    .attr("cx", (stop) => x(stop.value))
    .attr("cy", floor)
    .select("title")
    .text((stop) => stop.tooltip);
}

function drawTicks(root: Root, x: Scale, width: number, height: number): void {
  root
    .select(".lurk-ticks")
    .selectAll<SVGTextElement, number>("text")
    .data(x.ticks(4).filter((tick) => x(tick) >= 0 && x(tick) <= width))
    .join("text")
    .attr("x", (tick) => x(tick))
    .attr("y", height - 4)
    .attr("text-anchor", (tick) => (x(tick) < 12 ? "start" : x(tick) > width - 12 ? "end" : "middle"))
    .text(x.tickFormat(4));
}
