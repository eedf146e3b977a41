/** Draws a confusion matrix: its squares, the choices above it, and a line about the square under the pointer or the focus. */
import { type Selection, select } from "d3-selection";
import type { MatrixData } from "../data/schema";
import { html, svg } from "../draw/dom";
import {
  label,
  type Measure,
  neighbour,
  type Order,
  orderedClasses,
  type Square,
  sentence,
  shades,
  sideOf,
  squaresOf,
  zoomed,
} from "./squares";
import { tools } from "./tools";

const LETTER_PX = 6;
const GAP_PX = 6;
const AXIS_NAME_PX = 84;
const [FEW_LETTERS, MANY_LETTERS] = [13, 22];
const NARROW_PX = 480;
/** Sides of squares from which on numbers and names have room. */
const NUMBERS_FROM_PX = 18;
const NAMES_FROM_PX = 11;
const HINT = "Point at a square, or go from one to the next with the arrow keys. A press shows its pictures.";

/** The matrix inside an element; it ends with the signal. */
export class ConfusionMatrix {
  readonly #squares: Square[];
  readonly #names: string[];
  readonly #margin: number;
  readonly #canvas = svg("svg", {
    class: "lurk-confusion lurk-matrix",
    role: "group",
    "aria-label": "Confusion matrix",
  });
  readonly #grid = svg("rect", { class: "lurk-grid" });
  readonly #bands = [svg("rect", { class: "lurk-matrix-band" }), svg("rect", { class: "lurk-matrix-band" })] as const;
  readonly #stage = svg("g");
  readonly #frame = html("div", { class: "lurk-matrix-frame" }, this.#canvas);
  readonly #readout = html("p", { class: "lurk-matrix-readout", role: "status", "aria-live": "polite" }, HINT);
  #order: Order = "confusion";
  #measure: Measure = "shares";
  #side: number;
  #columns: number[] = [];
  #rows: number[] = [];
  /** The square that Tab leads to. */
  #current: Square | undefined;

  constructor(
    readonly element: HTMLElement,
    readonly data: MatrixData,
    readonly signal: AbortSignal,
  ) {
    this.#squares = squaresOf(data);
    this.#side = sideOf(data.names.length);
    const letters = (element.clientWidth || NARROW_PX) < NARROW_PX ? FEW_LETTERS : MANY_LETTERS;
    this.#names = data.names.map((name) => shortened(name, letters));
    const longest = Math.max(...this.#names.map(({ length }) => length));
    this.#margin = Math.max(AXIS_NAME_PX, longest * LETTER_PX + 2 * GAP_PX);
  }

  start(): void {
    const { signal } = this;
    const axis = svg("text", { class: "lurk-axis-name", "text-anchor": "end" }, "is / taken for");
    axis.setAttribute("x", String(this.#margin - GAP_PX));
    axis.setAttribute("y", String(this.#margin - GAP_PX));
    this.#canvas.append(axis, this.#grid, ...this.#bands, this.#stage);
    this.#canvas.addEventListener("pointermove", (event) => this.#onPointer(event), { signal });
    this.#canvas.addEventListener("pointerleave", () => this.#point(null), { signal });
    this.#stage.addEventListener("focusin", (event) => this.#onFocus(event), { signal });
    this.#stage.addEventListener("focusout", () => this.#point(null), { signal });
    this.#stage.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#update();
    this.element.replaceChildren(
      tools({
        canZoom: this.#side < NUMBERS_FROM_PX,
        order: (order) => this.#change(() => (this.#order = order)),
        measure: (measure) => this.#change(() => (this.#measure = measure)),
        zoom: (by) => this.#zoom(by),
      }),
      this.#readout,
      this.#frame,
      ...this.#leftOut(),
    );
  }

  #change(assign: () => void): void {
    assign();
    this.#point(null);
    this.#update();
  }

  #zoom(by: number): void {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#frame;
    const before = this.#side;
    this.#change(() => (this.#side = zoomed(before, by)));
    const moved = (start: number, size: number) =>
      (start + size / 2 - this.#margin) * (this.#side / before) + this.#margin - size / 2;
    this.#frame.scrollTo(moved(scrollLeft, clientWidth), moved(scrollTop, clientHeight));
  }

  /** Put everything where the order and the size have it. */
  #update(): void {
    const [side, margin] = [this.#side, this.#margin];
    this.#columns = orderedClasses(this.data, this.#squares, this.#order);
    this.#rows = this.#columns.filter((at) => this.data.pictures[at]);
    const [width, height] = [side * this.#columns.length, side * this.#rows.length];
    select(this.#canvas)
      .attr("width", margin + width + 4)
      .attr("height", margin + height + 4)
      .classed("lurk-matrix-unnamed", side < NAMES_FROM_PX)
      .classed("lurk-matrix-uncounted", side < NUMBERS_FROM_PX);
    select(this.#grid).attr("x", margin).attr("y", margin).attr("width", width).attr("height", height);
    this.#updateNames("lurk-matrix-row", this.#rows, (at) => [margin - GAP_PX, this.#start(this.#rows, at) + side / 2]);
    this.#updateNames("lurk-matrix-column", this.#columns, (at) => [
      this.#start(this.#columns, at) + side / 2,
      margin - GAP_PX,
    ]);
    this.#updateSquares();
  }

  #updateNames(kind: string, classes: number[], place: (at: number) => [number, number]): void {
    const turn = kind === "lurk-matrix-column" ? " rotate(-90deg)" : "";
    select(this.#canvas)
      .selectAll<SVGTextElement, number>(`.${kind}`)
      .data(
        [...classes].sort((a, b) => a - b),
        String,
      )
      .join((enter) => {
        const names = enter.append("text").attr("class", kind).attr("dy", "0.35em");
        names.attr("text-anchor", turn ? "start" : "end").text((at) => this.#names[at] ?? "");
        names.append("title").text((at) => this.data.names[at] ?? "");
        return names;
      })
      .style("transform", (at) => `${translation(...place(at))}${turn}`);
  }

  #updateSquares(): void {
    const side = this.#side;
    const shade = shades(this.data, this.#squares, this.#measure);
    const links = select(this.#stage)
      .selectAll<SVGAElement, Square>("a")
      .data(this.#squares, ({ anchor }) => anchor)
      .join((enter) => enterSquares(enter.append<SVGAElement>("svg:a"), this.data))
      .style("transform", ({ own, guess }) =>
        translation(this.#start(this.#columns, guess), this.#start(this.#rows, own)),
      );
    links
      .select("rect")
      .attr("width", side)
      .attr("height", side)
      .attr("fill-opacity", (square) => shade(square).toFixed(3));
    links
      .select("text")
      .attr("x", side / 2)
      .attr("y", side / 2)
      .classed("lurk-on-dark", (square) => isDark(square, shade(square)))
      .text((square) => label(square, this.data, this.#measure));
    this.#setCurrent(this.#current ?? this.#inRows()[0]?.[0]);
  }

  /** The squares of each row as it is drawn, from left to right. */
  #inRows(): Square[][] {
    const places = new Map(this.#columns.map((at, place) => [at, place]));
    const column = ({ guess }: Square) => places.get(guess) ?? 0;
    return this.#rows.map((at) => this.#squares.filter(({ own }) => own === at).sort((a, b) => column(a) - column(b)));
  }

  /** Where a row or a column starts, in pixels. */
  #start(classes: readonly number[], at: number): number {
    return this.#margin + this.#side * classes.indexOf(at);
  }

  #setCurrent(square: Square | undefined): void {
    this.#current = square;
    select(this.#stage)
      .selectAll<SVGAElement, Square>("a")
      .attr("tabindex", (one) => (one === square ? 0 : -1));
  }

  #onPointer(event: PointerEvent): void {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const place = (from: number) => Math.floor((from - this.#margin) / this.#side);
    const guess = this.#columns[place(event.clientX - left)];
    const own = this.#rows[place(event.clientY - top)];
    this.#point(own === undefined || guess === undefined ? null : { own, guess });
  }

  #onFocus(event: FocusEvent): void {
    const link = (event.target as Element).closest<SVGAElement>("a");
    if (!link) return;
    const square = select<SVGAElement, Square>(link).datum();
    this.#setCurrent(square);
    this.#point(square);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#current) return;
    const places = new Map(this.#columns.map((at, place) => [at, place]));
    const next = neighbour(this.#inRows(), ({ guess }) => places.get(guess) ?? 0, this.#current, event.key);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation(); // the host has keys of its own
    const link = select(this.#stage)
      .selectAll<SVGAElement, Square>("a")
      .filter((one) => one === next)
      .node();
    link?.focus();
  }

  /** Mark the row and the column of a square, and say what it counts; null marks none. */
  #point(square: { own: number; guess: number } | null): void {
    const [x, y] = square ? [this.#start(this.#columns, square.guess), this.#start(this.#rows, square.own)] : [0, 0];
    const [side, margin] = [this.#side, this.#margin];
    const [row, column] = this.#bands;
    for (const band of this.#bands) band.classList.toggle("lurk-on", square !== null);
    setBox(row, margin, y, side * this.#columns.length, side);
    setBox(column, x, margin, side, side * this.#rows.length);
    const names = (kind: string) => select(this.#canvas).selectAll<SVGTextElement, number>(`.${kind}`);
    names("lurk-matrix-row").classed("lurk-on", (at) => at === square?.own);
    names("lurk-matrix-column").classed("lurk-on", (at) => at === square?.guess);
    const text = square ? this.#describe(square.own, square.guess) : HINT;
    if (this.#readout.textContent !== text) this.#readout.textContent = text;
  }

  #describe(own: number, guess: number): string {
    const count = this.#squares.find((one) => one.own === own && one.guess === guess)?.count ?? 0;
    return sentence({ own, guess, count }, this.data);
  }

  /** Which classes are not drawn. */
  #leftOut(): HTMLElement[] {
    const { names, left_out: leftOut } = this.data;
    if (!leftOut) return [];
    const text = `Drawn are the ${names.length} classes with the most mistakes; ${leftOut} more are in`;
    return [html("p", { class: "lurk-soft" }, text, " ", html("code", {}, "results.json"), ".")];
  }
}

/** Fill new squares: links where the page has their pictures. */
function enterSquares(
  links: Selection<SVGAElement, Square, SVGGElement, unknown>,
  data: MatrixData,
): Selection<SVGAElement, Square, SVGGElement, unknown> {
  const hasPictures = ({ anchor }: Square) => document.getElementById(anchor) !== null;
  links
    .attr("href", (square) => (hasPictures(square) ? `#${square.anchor}` : null))
    .attr("role", (square) => (hasPictures(square) ? null : "img"))
    .attr("aria-label", (square) => sentence(square, data));
  links.append("rect").attr("class", ({ own, guess }) => (own === guess ? "lurk-hit" : "lurk-miss"));
  links.append("text").attr("dy", "0.35em").attr("text-anchor", "middle");
  return links;
}

/** Whether numbers on a square need the colour of the page: the accent of squares on the diagonal is lighter than the ink of others. */
function isDark({ own, guess }: Square, shade: number): boolean {
  return shade > (own === guess ? 0.8 : 0.6);
}

function translation(x: number, y: number): string {
  return `translate(${x}px, ${y}px)`;
}

function setBox(box: SVGRectElement, x: number, y: number, width: number, height: number): void {
  for (const [name, value] of Object.entries({ x, y, width, height })) box.setAttribute(name, String(value));
}

function shortened(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, letters - 1).trimEnd()}…`;
}
