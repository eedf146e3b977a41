/** A layer's gallery: a toolbar, a grid of filters and the opened one, kept in line with the address and the visitor's choices. */

import { layerAddress, layerPage } from "../data/addresses";
import { loadData } from "../data/load";
import type { ChunkData, LayerData, Pic } from "../data/schema";
import { classCrops, type Selection, selectFilters } from "../data/selection";
import { readState, type State, writeState } from "../data/state";
import { html } from "../draw/dom";
import { isPlainClick } from "../draw/links";
import { type Sheets, sheetsOf } from "../draw/picture";
import { headerHeight, scrollPage, scrollPageSmoothly, topOf } from "../draw/scroll";
import type { LurkPhoto } from "../elements/photo";
import { foldLine } from "./fold";
import { FilterGrid } from "./grid";
import { neighbourLinks, skipButton } from "./neighbours";
import { FilterPanel } from "./panel";
import { photoDialog } from "./photo-dialog";
import { summary } from "./summary";
import { availableShows, strongestResponse, tile } from "./tile";
import { type Toolbar, toolbar } from "./toolbar";

const CAPTION_PX = 22;
/** Room that the host's header and the toolbar take at the top of the window. */
const HEADER_PX = 112;
/** A panel that would begin below this share of the window's height is brought up. */
const LOWEST_PANEL = 0.55;

export interface GalleryOptions {
  /** The element to draw into. */
  element: HTMLElement;
  data: LayerData;
  /** The address of the data script. */
  base: URL;
  /** The layer's key among the data scripts: "model/layer". */
  key: string;
  /** What ends a page's address, as in `layerPage`. */
  suffix: string;
  signal: AbortSignal;
}

export class Gallery {
  readonly #options: GalleryOptions;
  readonly #modelFolder: URL;
  readonly #grid: FilterGrid;
  readonly #panel: FilterPanel;
  readonly #toolbar: Toolbar;
  readonly #status = html("p", { role: "status" });
  readonly #fold = foldLine(() => {
    this.#unfolded = true;
    this.#update();
  });
  #unfolded = false;
  #classCrops: ReadonlyMap<number, Pic | null> | null = null;
  #state: State;
  #selection: Selection;

  constructor(options: GalleryOptions) {
    const { data, base, signal } = options;
    const sheets = sheetsOf(data.sheets, base);
    const strongest = strongestResponse(data);
    this.#options = options;
    this.#modelFolder = new URL("../", base);
    this.#state = this.#readState();
    this.#selection = selectFilters(data.filters, data.labels, this.#state, false, data.tuning);
    this.#grid = new FilterGrid({
      tile: (position) =>
        tile(position, { data, sheets, show: this.#state.show, strongest, classCrops: this.#classCrops }),
      caption: CAPTION_PX,
      signal,
    });
    this.#panel = this.#makePanel(sheets);
    this.#toolbar = toolbar({
      data,
      state: this.#state,
      change: (part) => this.#change(part, false),
      goTo: (index) => this.#goTo(index),
      signal,
    });
  }

  /** Draw into the element, and follow the visitor from now on. */
  start(): void {
    const { element, data, suffix, signal } = this.#options;
    const links = neighbourLinks(data, this.#modelFolder, suffix);
    const line = html("div", { class: "lurk-status-line" }, this.#status, links);
    const skip = skipButton(() => this.#grid.focus(this.#selection.positions[0] ?? 0));
    element.style.setProperty("--lurk-header", `${headerHeight()}px`);
    element.replaceChildren(skip, this.#toolbar.node, line, this.#grid.node, this.#fold.node);
    this.#update();
    if (this.#state.filter !== null) this.#reveal(this.#state.filter);
    const followAddress = () => this.#followAddress();
    window.addEventListener("popstate", followAddress, { signal });
    window.addEventListener("hashchange", followAddress, { signal });
    element.addEventListener("click", (event) => this.#onClick(event), { signal });
    element.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  #makePanel(sheets: Sheets): FilterPanel {
    const { data, suffix } = this.#options;
    return new FilterPanel({
      data,
      sheets,
      filterPage: (layer, filter) => {
        const address = layerAddress(layer, data.addresses);
        return `${layerPage(this.#modelFolder, address, suffix)}#filter-${filter}`;
      },
      step: (by) => this.#step(by),
      close: () => this.#close(),
      openPhoto: (image) => this.#change({ photo: image }, true),
    });
  }

  /** The address's state at first, with thumbnails that there are. */
  #readState(): State {
    const state = readState(location.hash);
    const shows = availableShows(this.#options.data);
    return { ...state, show: shows.includes(state.show) ? state.show : (shows[0] ?? state.show) };
  }

  /** Bring everything in line with the state. */
  #update(): void {
    const { data } = this.#options;
    const { class: name, filter } = this.#state;
    this.#classCrops = data.labels.includes(name) ? classCrops(data.filters, data.labels, name) : null;
    this.#selection = selectFilters(data.filters, data.labels, this.#state, this.#unfolded, data.tuning);
    if (filter !== null && this.#selection.folded.includes(this.#positionOf(filter))) {
      this.#unfolded = true;
      this.#selection = selectFilters(data.filters, data.labels, this.#state, true, data.tuning);
    }
    this.#toolbar.update(this.#state);
    this.#status.textContent = summary(this.#selection, this.#state, data);
    this.#fold.update(this.#selection.folded.length);
    this.#grid.set(this.#selection.positions, this.#state.size);
    this.#updatePanel();
    this.#updatePhoto();
  }

  #updatePanel(): void {
    const { filter } = this.#state;
    const { node } = this.#panel;
    const position = filter === null ? -1 : this.#positionOf(filter);
    if (!this.#isShown(position)) {
      this.#grid.open(-1, null);
      node.removeAttribute("data-filter-open");
      if (node.matches(":modal")) node.close();
      return;
    }
    const isOpen = node.getAttribute("data-filter-open") === String(filter) && node.isConnected;
    this.#panel.open(position);
    this.#grid.open(position, node);
    this.#panel.settle();
    if (!isOpen) void this.#loadDetail(position);
  }

  /** Load the details of the opened filter into the panel, unless another one is opened meanwhile. */
  async #loadDetail(position: number): Promise<void> {
    const { data, base, key, signal } = this.#options;
    const { node } = this.#panel;
    const part = Math.floor(position / data.chunk);
    const wanted = node.getAttribute("data-filter-open");
    const isStale = () => signal.aborted || node.getAttribute("data-filter-open") !== wanted;
    try {
      const address = new URL(data.chunks[part] ?? "", base);
      const chunk = await loadData<ChunkData>(address, `${key}/filters-${part}`);
      if (isStale()) return;
      const detail = chunk.value.filters.find(({ index }) => String(index) === wanted);
      if (detail) this.#panel.fill(detail, chunk.value, chunk.base);
      else this.#panel.fail("its file does not name it");
    } catch (error) {
      if (!isStale()) this.#panel.fail((error as Error).message);
    }
  }

  /** Change the state and the address; `newEntry` is for what Back should undo. */
  #change(part: Partial<State>, newEntry: boolean): void {
    const before = this.#state;
    this.#state = { ...before, ...part };
    const address = writeState(this.#state) || location.pathname + location.search;
    if (newEntry) history.pushState(history.state, "", address);
    else history.replaceState(history.state, "", address);
    this.#update();
    if (this.#state.show !== before.show || this.#state.class !== before.class) this.#grid.redraw();
  }

  /** Take over the address that Back, Forward or a link brought. */
  #followAddress(): void {
    const before = this.#state;
    this.#state = readState(location.hash);
    if (writeState(before) === writeState(this.#state)) return;
    this.#update();
    if (before.show !== this.#state.show || before.class !== this.#state.class) this.#grid.redraw();
    if (this.#state.filter !== null && this.#state.filter !== before.filter) this.#reveal(this.#state.filter);
  }

  #onClick(event: MouseEvent): void {
    if (!isPlainClick(event)) return;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-filter], a[data-filter-link]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation(); // the host's instant navigation would take it for a page
    const index = Number(link.dataset.filter ?? link.dataset.filterLink);
    if (link.dataset.filter && index === this.#state.filter) this.#close();
    else this.#open(index, link);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    const rightToLeft = getComputedStyle(this.#options.element).direction === "rtl";
    if (target.closest("lurk-photo")) return;
    if (this.#panel.node.contains(target)) {
      const step = target.matches("input") ? 0 : { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) this.#step(rightToLeft ? -step : step);
      else if (event.key === "g") this.#panel.nextOverlay();
      else if (event.key === "Escape") this.#close();
      else return;
    } else if (event.key === "Escape" && this.#state.filter !== null) {
      this.#close();
    } else if (!target.closest("[data-filter]") || !this.#grid.move(event.key, rightToLeft)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // the host's own keys (previous page, search) would act too
  }

  /** Open a filter by a link to it; a tile keeps its place in the window. */
  #open(index: number, link: HTMLElement): void {
    const position = this.#positionOf(index);
    const top = topOf(link);
    this.#change({ filter: index, ...(this.#isShown(position) ? {} : { class: "", hide: [] }) }, true);
    if (link.dataset.filter !== undefined && link.isConnected) scrollPage(topOf(link) - top);
    this.#bringUpPanel(position);
    this.#panel.node.focus({ preventScroll: true });
  }

  /** Open a filter that the visitor asks for by its number or name. */
  #goTo(index: number): void {
    const position = this.#positionOf(index);
    this.#change({ filter: index, ...(this.#isShown(position) ? {} : { class: "", hide: [] }) }, true);
    if (position < 0) return;
    this.#reveal(index);
    this.#panel.node.focus({ preventScroll: true });
  }

  /** Open the next filter, or the one before; the panel keeps its place in the window. */
  #step(by: number): void {
    const { filter } = this.#state;
    if (filter === null) return;
    const place = this.#selection.positions.indexOf(this.#positionOf(filter));
    const next = this.#selection.positions[place + by];
    if (next === undefined) return;
    const { node } = this.#panel;
    const top = topOf(node);
    this.#change({ filter: this.#options.data.filters.index[next] ?? null }, false);
    if (!node.matches(":modal")) scrollPage(topOf(node) - top);
  }

  /** Close the panel and focus the filter's tile, which keeps its place in the window. */
  #close(): void {
    const { filter } = this.#state;
    if (filter === null) return;
    const position = this.#positionOf(filter);
    const top = this.#grid.rowTop(position);
    this.#change({ filter: null }, false);
    scrollPage(this.#grid.rowTop(position) - top);
    this.#grid.focus(position);
  }

  /** Scroll to a filter that the address names. */
  #reveal(index: number): void {
    const position = this.#positionOf(index);
    if (position >= 0 && this.#isShown(position)) scrollPage(this.#grid.rowTop(position) - HEADER_PX);
  }

  /** Scroll the opened filter's row to the top of the window if the panel begins too low to be seen. */
  #bringUpPanel(position: number): void {
    if (this.#panel.node.matches(":modal")) return;
    const top = topOf(this.#panel.node);
    if (top < window.innerHeight * LOWEST_PANEL && top > 0) return;
    scrollPageSmoothly(this.#grid.rowTop(position) - HEADER_PX);
  }

  /** Open or close the photo's dialog. */
  #updatePhoto(): void {
    const { photo } = this.#state;
    const open = this.#options.element.querySelector<LurkPhoto>("lurk-photo");
    if (photo === null) open?.remove();
    else if (!open)
      this.#options.element.append(photoDialog(this.#options, photo, (next) => this.#change({ photo: next }, false)));
    else if (open.dataset.image !== String(photo)) open.show(photo);
  }

  #positionOf(index: number): number {
    return this.#options.data.filters.index.indexOf(index);
  }

  #isShown(position: number): boolean {
    return this.#selection.positions.includes(position);
  }
}
