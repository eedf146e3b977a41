/** The grid of tiles. Only the rows near the window are in the page, however many filters there are. */
import { select } from "d3-selection";
import { html } from "../draw/dom";

export interface GridOptions {
  /** Make the tile for a position of the filters' columns. */
  tile(position: number): HTMLElement;
  /** Height of the caption under a tile's square, in pixels. */
  caption: number;
  signal: AbortSignal;
}

interface Measures {
  columns: number;
  /** A tile's side and a row's height, in pixels. */
  side: number;
  height: number;
}

const GAP_PX = 10;
/** Rows so far above and below the window are in the page, too. */
const MARGIN_PX = 500;

/** A filter's position is its place in the columns of the data; its place here is where it stands in the grid. */
export class FilterGrid {
  readonly node = html("div", { class: "lurk-grid" });
  readonly #options: GridOptions;
  /** The rows up to the opened filter's, the opened filter, and the rows after it. */
  readonly #upper = html("div", { class: "lurk-rows", role: "list", "aria-label": "Filters" });
  readonly #slot = html("div", { class: "lurk-slot" });
  readonly #lower = html("div", { class: "lurk-rows", role: "list", "aria-label": "Filters, continued" });
  #positions: readonly number[] = [];
  #size = 100;
  #width = 0;
  /** Places: of the opened tile, or -1, and of the one that has the focus or gets it first. */
  #opened = -1;
  #current = 0;
  #drawsAll = false;
  #frame = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.node.append(this.#upper, this.#slot, this.#lower);
    const { signal } = options;
    const drawSoon = () => {
      this.#frame ||= requestAnimationFrame(() => this.draw());
    };
    window.addEventListener("scroll", drawSoon, { signal, passive: true, capture: true });
    window.addEventListener("resize", drawSoon, { signal, passive: true });
    window.addEventListener("beforeprint", () => this.#drawAll(true), { signal });
    window.addEventListener("afterprint", () => this.#drawAll(false), { signal });
    const observer = new ResizeObserver(drawSoon);
    observer.observe(this.node);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  /** Show these filters, in this order and size. */
  set(positions: readonly number[], size: number): void {
    this.#positions = positions;
    this.#size = size;
    this.#current = Math.min(this.#current, Math.max(0, positions.length - 1));
    this.draw();
  }

  /** Put a panel under the row of a position; without a panel, close the one that is there. */
  open(position: number, panel: HTMLElement | null): void {
    this.#opened = panel ? this.#positions.indexOf(position) : -1;
    if (this.#opened >= 0) this.#current = this.#opened;
    if (panel) {
      if (panel.parentNode !== this.#slot) this.#slot.replaceChildren(panel);
    } else {
      this.#slot.replaceChildren();
    }
    this.draw();
  }

  /** Make every tile anew, because what tiles show has changed. */
  redraw(): void {
    for (const list of [this.#upper, this.#lower]) list.replaceChildren();
    this.draw();
  }

  /** The tile of a position, or null if it is not in the page. */
  tile(position: number): HTMLElement | null {
    return this.node.querySelector<HTMLElement>(`[data-position="${position}"] a`);
  }

  /** The upper edge of a position's row, in pixels from the window's, whether or not the row is in the page. */
  rowTop(position: number): number {
    const place = Math.max(0, this.#positions.indexOf(position));
    const { columns, height } = this.#measure();
    const row = Math.floor(place / columns);
    const split = this.#splitRow(columns);
    const [list, at] = row < split ? [this.#upper, row] : [this.#lower, row - split];
    return list.getBoundingClientRect().top + at * height;
  }

  /** Move the focus by an arrow key, Home or End; returns whether the key led to a tile. */
  move(key: string, rightToLeft: boolean): boolean {
    const { columns } = this.#measure();
    const ahead = rightToLeft ? -1 : 1;
    const last = this.#positions.length - 1;
    const target = {
      ArrowRight: this.#current + ahead,
      ArrowLeft: this.#current - ahead,
      ArrowDown: this.#current + columns,
      ArrowUp: this.#current - columns,
      Home: 0,
      End: last,
    }[key];
    if (target === undefined || target < 0 || target > last) return false;
    this.focus(this.#positions[target] ?? 0);
    return true;
  }

  /** Focus the tile of a position, after bringing it into the page and into sight. */
  focus(position: number): void {
    this.#current = Math.max(0, this.#positions.indexOf(position));
    this.draw();
    this.tile(position)?.focus({ preventScroll: true });
    this.tile(position)?.scrollIntoView({ block: "nearest" });
  }

  /** Put the rows near the window into the page, and take the others out. */
  draw(): void {
    this.#frame = 0;
    if (!this.node.isConnected) return;
    this.#width = this.node.clientWidth;
    const measures = this.#measure();
    const split = this.#splitRow(measures.columns);
    const rows = Math.ceil(this.#positions.length / measures.columns);
    this.node.style.setProperty("--lurk-side", `${measures.side}px`);
    this.#drawRows(this.#upper, 0, split, measures);
    this.#drawRows(this.#lower, split, rows, measures);
    this.#lower.hidden = split >= rows;
  }

  /** Draw those of the rows `from` to `to` that are near the window. */
  #drawRows(list: HTMLElement, from: number, to: number, { columns, side, height }: Measures): void {
    list.style.setProperty("--lurk-rows-size", `${Math.max(0, to - from) * height}px`);
    select(list)
      .selectAll<HTMLElement, number>(":scope > div")
      .data(this.#placesNearWindow(list, from, to, columns, height), (place, index, group) => {
        const node = group[index] as HTMLElement | undefined;
        return node?.dataset?.position ?? String(this.#positions[place]);
      })
      .join((enter) => enter.append((place) => this.#makeCell(this.#positions[place] ?? 0)))
      .style("inset-block-start", (place) => `${(Math.floor(place / columns) - from) * height}px`)
      .style("inset-inline-start", (place) => `${(place % columns) * (side + GAP_PX)}px`)
      .attr("aria-posinset", (place) => place + 1)
      .attr("aria-setsize", this.#positions.length)
      .order()
      .select("a")
      .attr("tabindex", (place) => (place === this.#current ? 0 : -1))
      .attr("aria-expanded", (place) => (place === this.#opened ? "true" : null));
  }

  #placesNearWindow(list: HTMLElement, from: number, to: number, columns: number, height: number): number[] {
    const { top } = list.getBoundingClientRect();
    const near = from + Math.max(0, Math.floor((-top - MARGIN_PX) / height));
    const far = Math.min(to, from + Math.ceil((window.innerHeight - top + MARGIN_PX) / height));
    const [first, end] = this.#drawsAll ? [from, to] : [near, far];
    const places: number[] = [];
    for (let at = first * columns; at < Math.min(end * columns, this.#positions.length); at += 1) places.push(at);
    const row = Math.floor(this.#current / columns); // the tile that has the focus, or gets it first, stays in the page
    if (row >= from && row < to && (row < first || row >= end)) places.push(this.#current);
    return places;
  }

  #makeCell(position: number): HTMLElement {
    return html(
      "div",
      { class: "lurk-cell", role: "listitem", "data-position": position },
      this.#options.tile(position),
    );
  }

  /** The first row below the opened filter. */
  #splitRow(columns: number): number {
    const rows = Math.ceil(this.#positions.length / columns);
    return this.#opened < 0 ? rows : Math.floor(this.#opened / columns) + 1;
  }

  /** As many columns as come nearest to the wanted size, and the side with which tiles fill the line. */
  #measure(): Measures {
    const width = this.#width || this.node.clientWidth || this.#size;
    const columns = Math.max(1, Math.round((width + GAP_PX) / (this.#size + GAP_PX)));
    const side = (width - GAP_PX * (columns - 1)) / columns;
    return { columns, side, height: side + this.#options.caption + GAP_PX };
  }

  #drawAll(all: boolean): void {
    this.#drawsAll = all;
    this.draw();
  }
}
