/** `<lurk-gallery data-src data-key [data-suffix]>`: a layer's filters as a grid, one of them opened in it. */
import type { ChunkData, LayerData, LayerLink } from "../data/format";
import { type Loaded, loadData } from "../data/load";
import { type Choice, choose, classes, orders } from "../data/order";
import { readState, SHOWS, type State, writeState } from "../data/state";
import { html } from "../draw/dom";
import { isPlain } from "../draw/follow";
import { type Sheets, sheetsOf } from "../draw/view";
import { FilterGrid } from "../gallery/grid";
import { FilterPanel } from "../gallery/panel";
import { summary } from "../gallery/summary";
import { thumbnail, tile } from "../gallery/tile";
import { type Toolbar, toolbar } from "../gallery/toolbar";
import { layerPage, slug } from "../words";

const CAPTION_PX = 22;
const HEADER_PX = 96;

export class LurkGallery extends HTMLElement {
  #life = new AbortController();
  #state: State = readState("");
  #view: View | null = null;

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const source = this.dataset.src ?? "layer.js";
    loadData<LayerData>(source, this.dataset.key ?? "")
      .then((loaded) => {
        if (!signal.aborted) this.#start(loaded);
      })
      .catch((error: Error) => {
        this.classList.add("lurk-drawn");
        if (!signal.aborted)
          this.append(
            html("p", { class: "lurk-missing", role: "alert" }, `The gallery could not be shown: ${error.message}.`),
          );
      });
  }

  disconnectedCallback(): void {
    this.#life.abort();
    this.#life = new AbortController(); // the old one's listeners hold what was drawn
    this.#view = null;
    this.replaceChildren();
  }

  #start({ value: data, base }: Loaded<LayerData>): void {
    const { signal } = this.#life;
    this.#state = readState(location.hash);
    this.#view = this.#build(data, base);
    this.classList.add("lurk", "lurk-drawn");
    const line = html("div", { class: "lurk-status-line" }, this.#view.status, this.#neighbours(data, base));
    this.replaceChildren(this.#view.bar.node, line, this.#view.grid.node);
    this.#arrange();
    if (this.#state.filter !== null) this.#reveal(this.#state.filter);
    const follow = () => this.#follow();
    window.addEventListener("popstate", follow, { signal });
    window.addEventListener("hashchange", follow, { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  #build(data: LayerData, base: URL): View {
    const { filters, labels } = data;
    const tiles = sheetsOf(data.sheets, base);
    const strongest = (filters.max ?? []).reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
    const shows = SHOWS.filter((show) => filters.index.some((_, at) => thumbnail(data, at, show)));
    const { signal } = this.#life;
    const grid = new FilterGrid({
      tile: (position) => tile(position, { data, sheets: tiles, show: this.#state.show, strongest }),
      caption: CAPTION_PX,
      signal,
    });
    const folder = new URL("../", base);
    const panel = new FilterPanel({
      data,
      tiles,
      filterPage: (layer, filter) => `${layerPage(folder, slug(layer), this.dataset.suffix ?? "/")}#filter-${filter}`,
      walk: (step) => this.#walk(step),
      close: () => this.#close(),
      openPhoto: (image) => this.#change({ photo: image }, true),
    });
    const bar = toolbar({
      state: this.#state,
      shows,
      orders: orders(filters),
      classes: classes(filters, labels),
      counts: {
        dead: (filters.dead ?? []).filter(Boolean).length,
        duplicate: (filters.duplicate ?? []).filter((twin) => twin >= 0).length,
      },
      change: (part) => this.#change(part, false),
      signal,
    });
    const first = shows.includes(this.#state.show) ? this.#state.show : shows[0];
    if (first) this.#state = { ...this.#state, show: first };
    return {
      data,
      base,
      tiles,
      grid,
      panel,
      bar,
      status: html("p", { role: "status" }),
      choice: null,
    };
  }

  #neighbours({ previous, next }: LayerData, base: URL): HTMLElement {
    const folder = new URL("../", base);
    const link = (layer: LayerLink | null, rel: string, says: string, text: (name: string) => string) =>
      layer &&
      html(
        "a",
        {
          href: layerPage(folder, layer.slug, this.dataset.suffix ?? "/"),
          rel,
          "aria-label": `${says}: ${layer.name}`,
        },
        text(layer.name),
      );
    return html(
      "nav",
      { class: "lurk-neighbours", "aria-label": "Layers" },
      link(previous, "prev", "Layer before", (name) => `‹ ${name}`),
      link(next, "next", "Layer after", (name) => `${name} ›`),
    );
  }

  /** Show the state: order, sift, draw. */
  #arrange(): void {
    const view = this.#view;
    if (!view) return;
    const { data, grid } = view;
    view.choice = choose(data.filters, data.labels, this.#state);
    view.bar.update(this.#state);
    view.status.textContent = summary(view.choice, this.#state);
    grid.set(view.choice.positions, this.#state.size);
    this.#showOpened();
    this.#showPhoto();
  }

  #showOpened(): void {
    const view = this.#view;
    if (!view) return;
    const { filter } = this.#state;
    const position = filter === null ? -1 : view.data.filters.index.indexOf(filter);
    const shown = view.choice?.positions.includes(position) ?? false;
    if (!shown) {
      view.grid.open(-1, null);
      view.panel.node.removeAttribute("data-filter-open");
      if (view.panel.node.matches(":modal")) view.panel.node.close();
      return;
    }
    const same = view.panel.node.getAttribute("data-filter-open") === String(filter) && view.panel.node.isConnected;
    view.panel.open(position);
    view.grid.open(position, view.panel.node);
    view.panel.settle();
    if (!same) void this.#fill(position);
  }

  async #fill(position: number): Promise<void> {
    const view = this.#view;
    if (!view) return;
    const { data, base, panel } = view;
    const part = Math.floor(position / data.chunk);
    const wanted = panel.node.getAttribute("data-filter-open");
    const stale = () => this.#life.signal.aborted || panel.node.getAttribute("data-filter-open") !== wanted;
    try {
      const chunk = await loadData<ChunkData>(
        new URL(data.chunks[part] ?? "", base),
        `${this.dataset.key}/filters-${part}`,
      );
      if (stale()) return;
      const detail = chunk.value.filters.find(({ index }) => String(index) === wanted);
      if (detail) panel.fill(detail, chunk.value, chunk.base);
      else panel.fail("its file does not name it");
    } catch (error) {
      if (!stale()) panel.fail((error as Error).message);
    }
  }

  #change(part: Partial<State>, newEntry: boolean): void {
    const before = this.#state;
    this.#state = { ...before, ...part };
    const address = writeState(this.#state) || location.pathname + location.search;
    if (newEntry) history.pushState(history.state, "", address);
    else history.replaceState(history.state, "", address);
    if (part.show && part.show !== before.show) this.#view?.grid.redraw();
    this.#arrange();
  }

  /** Take over an address that Back, Forward or a link brought. */
  #follow(): void {
    const before = this.#state;
    this.#state = readState(location.hash);
    if (writeState(before) === writeState(this.#state)) return;
    if (before.show !== this.#state.show) this.#view?.grid.redraw();
    this.#arrange();
    if (this.#state.filter !== null && this.#state.filter !== before.filter) this.#reveal(this.#state.filter);
  }

  #click(event: MouseEvent): void {
    if (!isPlain(event)) return;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-filter], a[data-filter-link]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation(); // the host's instant navigation would take it for a page
    const index = Number(link.dataset.filter ?? link.dataset.filterLink);
    if (link.dataset.filter && index === this.#state.filter) this.#close();
    else this.#open(index, link);
  }

  #open(index: number, link: HTMLElement): void {
    const view = this.#view;
    if (!view) return;
    const inGrid = link.dataset.filter !== undefined;
    const before = link.getBoundingClientRect().top;
    const position = view.data.filters.index.indexOf(index);
    const hidden = !view.choice?.positions.includes(position);
    this.#change({ filter: index, ...(hidden ? { class: "", hide: [] } : {}) }, true);
    if (inGrid && link.isConnected)
      window.scrollBy({ top: link.getBoundingClientRect().top - before, behavior: "instant" });
    this.#intoSight(position);
    view.panel.node.focus({ preventScroll: true });
  }

  #walk(step: number): void {
    const view = this.#view;
    const positions = view?.choice?.positions;
    if (!view || !positions || this.#state.filter === null) return;
    const at = positions.indexOf(view.data.filters.index.indexOf(this.#state.filter));
    const next = positions[at + step];
    if (next === undefined) return;
    const before = view.panel.node.getBoundingClientRect().top;
    this.#change({ filter: view.data.filters.index[next] ?? null }, false);
    if (!view.panel.node.matches(":modal"))
      window.scrollBy({ top: view.panel.node.getBoundingClientRect().top - before, behavior: "instant" });
  }

  #close(): void {
    const view = this.#view;
    if (!view || this.#state.filter === null) return;
    const position = view.data.filters.index.indexOf(this.#state.filter);
    const before = view.grid.rowTop(position);
    this.#change({ filter: null }, false);
    window.scrollBy({ top: view.grid.rowTop(position) - before, behavior: "instant" });
    view.grid.focus(position);
  }

  #key(event: KeyboardEvent): void {
    const view = this.#view;
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    const rightToLeft = getComputedStyle(this).direction === "rtl";
    if (target.closest("lurk-photo")) return;
    if (view.panel.node.contains(target)) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (target.matches("input, select, textarea")) return;
      if (step) this.#walk(rightToLeft ? -step : step);
      else if (event.key === "g") view.panel.toggleGradient();
      else if (event.key === "Escape") this.#close();
      else return;
    } else if (event.key === "Escape" && this.#state.filter !== null) {
      this.#close();
    } else if (!target.closest("[data-filter]") || !view.grid.move(event.key, rightToLeft)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // the host's own keys (previous page, search) would answer too
  }

  /** Bring a filter that the address names into sight. */
  #reveal(index: number): void {
    const view = this.#view;
    const position = view?.data.filters.index.indexOf(index) ?? -1;
    if (!view || position < 0 || !view.choice?.positions.includes(position)) return;
    window.scrollBy({ top: view.grid.rowTop(position) - HEADER_PX, behavior: "instant" });
  }

  /** Where the panel would open below the window's edge, bring its row to the top. */
  #intoSight(position: number): void {
    const view = this.#view;
    if (!view || view.panel.node.matches(":modal")) return;
    const { top } = view.panel.node.getBoundingClientRect();
    if (top < window.innerHeight * 0.55 && top > 0) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.scrollBy({ top: view.grid.rowTop(position) - HEADER_PX, behavior: still ? "instant" : "smooth" });
  }

  #showPhoto(): void {
    const open = this.querySelector("lurk-photo");
    const { photo } = this.#state;
    if (photo === null) {
      open?.remove();
    } else if (open?.getAttribute("data-image") !== String(photo)) {
      open?.remove();
      const element = html("lurk-photo" as "div", {
        "data-src": new URL("../model.js", this.#view?.base).href,
        "data-key": this.dataset.key?.split("/")[0],
        "data-suffix": this.dataset.suffix,
        "data-image": photo,
      });
      element.addEventListener("lurk-close", () => this.#change({ photo: null }, false));
      this.append(element);
    }
  }
}

interface View {
  data: LayerData;
  base: URL;
  tiles: Sheets;
  grid: FilterGrid;
  panel: FilterPanel;
  bar: Toolbar;
  status: HTMLElement;
  choice: Choice | null;
}
