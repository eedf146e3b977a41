/** The grid of tiles. Only the rows near the window are in the page, however many filters there are. */
import { select } from "d3-selection";
import { html } from "../draw/dom";

export interface GridOptions {
  /** Make the link for a position of the filters' columns. */
  tile(position: number): HTMLElement;
  /** Pixels of caption under a tile's square. */
  caption: number;
  signal: AbortSignal;
}

const GAP = 10;
const SPARE_PX = 500;

export class FilterGrid {
  readonly node = html("div", { class: "lurk-grid" });
  readonly #options: GridOptions;
  readonly #upper = html("div", { class: "lurk-rows", role: "list", "aria-label": "Filters" });
  readonly #lower = html("div", { class: "lurk-rows", role: "list", "aria-label": "Filters, continued" });
  readonly #slot = html("div", { class: "lurk-slot" });
  #positions: readonly number[] = [];
  #size = 100;
  #width = 0;
  #opened = -1;
  #current = 0;
  #all = false;
  #frame = 0;

  constructor(options: GridOptions) {
    this.#options = options;
    this.node.append(this.#upper, this.#slot, this.#lower);
    const { signal } = options;
    const later = () => {
      this.#frame ||= requestAnimationFrame(() => this.draw());
    };
    window.addEventListener("scroll", later, { signal, passive: true, capture: true });
    window.addEventListener("resize", later, { signal, passive: true });
    window.addEventListener("beforeprint", () => this.#drawAll(true), { signal });
    window.addEventListener("afterprint", () => this.#drawAll(false), { signal });
    const observer = new ResizeObserver(later);
    observer.observe(this.node);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  /** Show other filters, or the same in another order or size. */
  set(positions: readonly number[], size: number): void {
    this.#positions = positions;
    this.#size = size;
    this.#current = Math.min(this.#current, Math.max(0, positions.length - 1));
    this.draw();
  }

  /** Put a panel under the row of a position; none where it is not among those shown. */
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

  /** Make every tile anew, where what tiles show has changed. */
  redraw(): void {
    for (const list of [this.#upper, this.#lower]) list.replaceChildren();
    this.draw();
  }

  /** The tile of a position, where it is in the page. */
  tile(position: number): HTMLElement | null {
    return this.node.querySelector<HTMLElement>(`[data-position="${position}"] a`);
  }

  /** The window's top of the row that a position stands in, wherever that is. */
  rowTop(position: number): number {
    const place = Math.max(0, this.#positions.indexOf(position));
    const { columns, height } = this.#measure();
    const row = Math.floor(place / columns);
    const split = this.#split(columns);
    const [list, at] = row < split ? [this.#upper, row] : [this.#lower, row - split];
    return list.getBoundingClientRect().top + at * height;
  }

  /** Move the focus by rows and columns, or to an end; true where that was possible. */
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

  /** Focus the tile of a position, bringing it into the page and into sight. */
  focus(position: number): void {
    this.#current = Math.max(0, this.#positions.indexOf(position));
    this.draw();
    this.tile(position)?.focus({ preventScroll: true });
    this.tile(position)?.scrollIntoView({ block: "nearest" });
  }

  /** Bring the page's rows in line with the window. */
  draw(): void {
    this.#frame = 0;
    if (!this.node.isConnected) return;
    const width = this.node.clientWidth;
    if (width !== this.#width) this.#width = width;
    const { columns, side, height } = this.#measure();
    const split = this.#split(columns);
    const rows = Math.ceil(this.#positions.length / columns);
    this.node.style.setProperty("--lurk-side", `${side}px`);
    this.#fill(this.#upper, 0, split, { columns, side, height });
    this.#fill(this.#lower, split, rows, { columns, side, height });
    this.#lower.hidden = split >= rows;
  }

  #fill(list: HTMLElement, from: number, to: number, measure: { columns: number; side: number; height: number }): void {
    const { columns, side, height } = measure;
    list.style.blockSize = `${Math.max(0, to - from) * height}px`;
    const { top } = list.getBoundingClientRect();
    const first = this.#all ? from : from + Math.max(0, Math.floor((-top - SPARE_PX) / height));
    const end = this.#all ? to : Math.min(to, from + Math.ceil((window.innerHeight - top + SPARE_PX) / height));
    const places: number[] = [];
    for (let at = first * columns; at < Math.min(end * columns, this.#positions.length); at += 1) places.push(at);
    const pinned = Math.floor(this.#current / columns); // the tile with the focus, or the first to get it, stays
    if (pinned >= from && pinned < to && (pinned < first || pinned >= end)) places.push(this.#current);

    select(list)
      .selectAll<HTMLElement, number>(":scope > div")
      .data(places, (place, index, group) => {
        const node = group[index] as HTMLElement | undefined;
        return node?.dataset?.position ?? String(this.#positions[place]);
      })
      .join((enter) => enter.append((place) => this.#make(this.#positions[place] ?? 0)))
      .style("inset-block-start", (place) => `${(Math.floor(place / columns) - from) * height}px`)
      .style("inset-inline-start", (place) => `${(place % columns) * (side + GAP)}px`)
      .attr("aria-posinset", (place) => place + 1)
      .attr("aria-setsize", this.#positions.length)
      .order()
      .select("a")
      .attr("tabindex", (place) => (place === this.#current ? 0 : -1))
      .attr("aria-expanded", (place) => (place === this.#opened ? "true" : null));
  }

  #make(position: number): HTMLElement {
    return html(
      "div",
      { class: "lurk-cell", role: "listitem", "data-position": position },
      this.#options.tile(position),
    );
  }

  #split(columns: number): number {
    const rows = Math.ceil(this.#positions.length / columns);
    return this.#opened < 0 ? rows : Math.floor(this.#opened / columns) + 1;
  }

  /** As many columns as come nearest to the size asked for, and the tile's side so that they fill the line. */
  #measure(): { columns: number; side: number; height: number } {
    const width = this.#width || this.node.clientWidth || this.#size;
    const columns = Math.max(1, Math.round((width + GAP) / (this.#size + GAP)));
    const side = (width - GAP * (columns - 1)) / columns;
    return { columns, side, height: side + this.#options.caption + GAP };
  }

  #drawAll(all: boolean): void {
    this.#all = all;
    this.draw();
  }
}
