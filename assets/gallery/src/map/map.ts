/** The network's map: boxes and lines from top to bottom, with zoom, folds, search and a card for the box in hand. */
import { type ModelData, type ModelLayer, present } from "../data/format";
import { html, svg } from "../draw/dom";
import { follow, isPlain } from "../draw/follow";
import { type Sheets, sheetsOf } from "../draw/view";
import { layerPage, plural } from "../words";
import { drawBox, drawStrip, measure, says } from "./boxes";
import { Card } from "./card";
import { type Drawing, layOut, type Placed } from "./layout";
import { drawLine } from "./place";
import { mapTools, ZOOM_STEP } from "./tools";
import { buildTree, type Item, openAtFirst, type Tree } from "./tree";
import { Viewport } from "./viewport";

/** How many boxes stand in sight at first: as many as leave letters of a size that can be read. */
const SHOWN_AT_FIRST = [36, 24, 14, 0];
const LEAST_AT_FIRST = 0.85;
/** From this width on, what is in hand has a place of its own beside the map. */
const WIDE_PX = 640;
/** What it takes there, as the styles have it, with the gap. */
const CARD_PX = 316;

export class NetworkMap {
  readonly node = html("div", { class: "lurk-map" });
  readonly #tree: Tree;
  readonly #sheets: Sheets;
  readonly #view: Viewport;
  readonly #card: Card;
  readonly #found: HTMLElement;
  #open = new Set<string>();
  #drawing: Drawing = { width: 0, height: 0, boxes: [], lines: [] };
  #current = "";
  #query = "";

  constructor(
    readonly data: ModelData,
    readonly base: URL,
    readonly suffix: string,
    signal: AbortSignal,
  ) {
    if (!present(data.graph)) throw new Error("it was not traced");
    this.#tree = buildTree(data.graph, data.layers);
    this.#sheets = sheetsOf(data.sheets, base);
    const [, height, width] = data.graph.nodes[0]?.output ?? [];
    const page = (layer: ModelLayer) => layerPage(base, layer.slug, suffix);
    this.#card = new Card({ sheets: this.#sheets, input: height && width ? [height, width] : null, page });
    this.#view = new Viewport(() => this.#card.leave(), signal);
    this.#view.canvas.setAttribute("aria-label", `Map of ${data.title}: ${plural(this.#tree.layers, "layer")}`);
    const tools = mapTools({
      find: (text) => {
        this.#query = text.trim().toLowerCase();
        this.#mark();
      },
      go: () => this.#goToFound(),
      fold: () => this.#foldAll(),
      fit: () => this.fit(),
      scale: (by) => this.#view.scale(by),
    });
    this.#found = tools.found;
    this.node.append(tools.node, html("div", { class: "lurk-map-body" }, this.#view.node, this.#card.node));
    this.#listen(signal);
  }

  /** Lay out and draw; once the map stands in the page. */
  start(): void {
    this.#open = this.#atFirst();
    this.#draw();
    this.fit();
  }

  fit(): void {
    this.#view.fit(this.#drawing);
  }

  /** Let the card stand beside the map where the map leaves it room; true where that is new. */
  #widen(): boolean {
    const around = this.node.clientWidth;
    const wide = around >= WIDE_PX && this.#drawing.width * LEAST_AT_FIRST <= around - CARD_PX;
    const changed = this.node.classList.toggle("lurk-map-wide", wide) !== this.#card.docked;
    if (changed) this.#card.dock(wide);
    return changed;
  }

  /** What is open at first: as much as can be read, with the card beside it. */
  #atFirst(): Set<string> {
    const around = this.node.clientWidth;
    const room = around >= WIDE_PX ? around - CARD_PX : around;
    const choices = SHOWN_AT_FIRST.map((most) => openAtFirst(this.#tree.root, most));
    return choices.find((open) => layOut(this.#tree, open, measure).width * LEAST_AT_FIRST <= room) ?? new Set();
  }

  /** Lay out and draw what is open; true where the map has got another width by it. */
  #draw(): boolean {
    this.#drawing = layOut(this.#tree, this.#open, measure);
    const { boxes, lines } = this.#drawing;
    if (!boxes.some(({ item }) => item.key === this.#current)) this.#current = boxes[0]?.item.key ?? "";
    const backs = boxes
      .filter(({ open }) => open)
      .map(({ x, y, width, height }) => svg("rect", { class: "lurk-map-open", x, y, width, height, rx: 4 }));
    this.#view.stage.replaceChildren(
      svg("g", { class: "lurk-map-lines", "aria-hidden": "true" }, ...backs, ...lines.map(drawLine)),
      ...boxes.map((box) => this.#box(box)),
      svg(
        "g",
        { class: "lurk-map-strips", "aria-hidden": "true" },
        ...boxes.flatMap((box) => drawStrip(box, this.#sheets)),
      ),
    );
    this.#mark();
    const widened = this.#widen();
    this.#present();
    return widened;
  }

  /** Show in the docked card what is in hand, at first a layer with pictures. */
  #present(): void {
    const { boxes } = this.#drawing;
    const shown = this.#card.shown;
    const kept = boxes.find(({ item }) => item.key === shown);
    const first = boxes.find(({ item }) => item.kind === "op" && item.layer?.strip?.length) ?? boxes[0];
    const placed = kept ?? first;
    if (placed) this.#card.keep(placed.item);
    this.#point();
  }

  /** Mark the box that the docked card tells about. */
  #point(): void {
    for (const box of this.#view.stage.querySelectorAll(".lurk-map-shown")) box.classList.remove("lurk-map-shown");
    this.#element(this.#card.shown)?.classList.add("lurk-map-shown");
  }

  #box(box: Placed): SVGElement {
    const { item } = box;
    const attributes = {
      class: "lurk-map-box",
      transform: `translate(${box.x},${box.y})`,
      "data-key": item.key,
      tabindex: item.key === this.#current ? 0 : -1,
      "aria-label": says(item),
    };
    const content = drawBox(box);
    if (item.kind === "op" && item.layer) {
      const href = layerPage(this.base, item.layer.slug, this.suffix);
      return svg("a", { ...attributes, href, "data-layer": item.layer.name }, ...content);
    }
    if (item.kind === "op") return svg("g", { ...attributes, role: "img" }, ...content);
    return svg("g", { ...attributes, role: "button", "aria-expanded": String(box.open) }, ...content);
  }

  #listen(signal: AbortSignal): void {
    const boxOf = (event: Event) => (event.target as Element).closest<SVGElement>(".lurk-map-box");
    const on = <K extends keyof SVGElementEventMap>(
      type: K,
      act: (event: SVGElementEventMap[K], box: SVGElement) => void,
    ) =>
      this.#view.canvas.addEventListener(
        type,
        (event) => {
          const box = boxOf(event);
          if (box) act(event, box);
        },
        { signal },
      );
    on("click", (event, box) => {
      const page = box.getAttribute("href");
      if (page === null && this.#foldable(box)) this.#toggle(box.dataset.key ?? "");
      else if (page !== null && isPlain(event)) follow(page, this.node);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    on("keydown", (event, box) => this.#key(event, box));
    on("focusin", (_, box) => {
      this.#setCurrent(box.dataset.key ?? "");
      if (box.matches(":focus-visible")) this.#showCard(box);
    });
    on("focusout", () => this.#card.leave());
    on("pointerover", (event, box) => {
      if (event.pointerType === "mouse") this.#showCard(box);
    });
    on("pointerout", () => this.#card.leave());
    const refit = () => {
      this.#widen();
      this.#present();
      this.fit();
    };
    const spread = () => this.#view.spread(this.#drawing);
    this.#view.watch(this.node, { resized: refit, printing: spread, printed: refit }, signal);
  }

  /** Unfold or fold, and leave what was pressed where it was in the window. */
  #toggle(key: string): void {
    const top = this.#element(key)?.getBoundingClientRect().top ?? 0;
    const before = this.#place(key);
    if (!this.#open.delete(key)) this.#open.add(key);
    this.#current = key;
    const widened = this.#draw();
    const whole = this.#view.stretch(this.#drawing);
    const after = this.#place(key);
    if (before && after) this.#view.shift(before.x - after.x, before.y - after.y);
    if (whole || widened) this.fit();
    const element = this.#element(key);
    element?.focus({ preventScroll: true });
    if (element) window.scrollBy({ top: element.getBoundingClientRect().top - top, behavior: "instant" });
  }

  #key(event: KeyboardEvent, box: SVGElement): void {
    const key = box.dataset.key ?? "";
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === "Enter" || event.key === " ") && this.#foldable(box)) this.#toggle(key);
    else if (event.key in STEPS) this.#step(STEPS[event.key as keyof typeof STEPS]);
    else if (event.key === "Home" || event.key === "End")
      this.#focusAt(event.key === "Home" ? 0 : this.#walk().length - 1);
    else if (event.key === "+" || event.key === "=") this.#view.scale(ZOOM_STEP);
    else if (event.key === "-") this.#view.scale(1 / ZOOM_STEP);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.#card.leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Boxes in reading order. */
  #walk(): Placed[] {
    return [...this.#drawing.boxes].sort((a, b) => a.y - b.y || a.x - b.x);
  }

  #step(by: number): void {
    const boxes = this.#walk();
    this.#focusAt(boxes.findIndex(({ item }) => item.key === this.#current) + by);
  }

  #focusAt(place: number): void {
    const target = this.#walk()[place];
    if (!target) return;
    this.#setCurrent(target.item.key);
    const element = this.#element(target.item.key);
    if (element) this.#view.bringIn(element);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
  }

  #place(key: string): Placed | undefined {
    return this.#drawing.boxes.find(({ item }) => item.key === key);
  }

  #element(key: string): SVGElement | null {
    return this.#view.stage.querySelector<SVGElement>(`[data-key="${key}"]`);
  }

  #foldable(box: SVGElement): boolean {
    return box.hasAttribute("aria-expanded");
  }

  #setCurrent(key: string): void {
    this.#element(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = key;
    this.#element(key)?.setAttribute("tabindex", "0");
  }

  #foldAll(): boolean {
    this.#open = this.#open.size ? new Set() : this.#atFirst();
    this.#draw();
    this.fit();
    return this.#open.size > 0;
  }

  #matches(item: Item): boolean {
    if (!this.#query) return false;
    if (item.kind === "op")
      return (item.layer?.name ?? item.node.name ?? "").toLowerCase().includes(this.#query) && Boolean(item.layer);
    return !this.#open.has(item.key) && item.children.some((child) => this.#matches(child));
  }

  #mark(): void {
    let names = 0;
    for (const way of this.#tree.ways.values()) {
      const item = way[way.length - 1];
      if (item?.kind === "op" && this.#matches(item)) names += 1;
    }
    this.#found.textContent = this.#query ? (names ? plural(names, "layer") : "No layer of that name") : "";
    for (const { item } of this.#drawing.boxes) {
      this.#element(item.key)?.classList.toggle("lurk-map-hit", this.#matches(item));
    }
    this.#view.canvas.classList.toggle("lurk-map-searched", names > 0);
  }

  /** Unfold the way to the first layer found and put the focus on it. */
  #goToFound(): void {
    const way = [...this.#tree.ways.values()].find((steps) => {
      const item = steps[steps.length - 1];
      return item?.kind === "op" && this.#matches(item);
    });
    const target = way?.[way.length - 1];
    if (!way || !target) return;
    for (const step of way.slice(1, -1)) this.#open.add(step.key);
    this.#draw();
    this.fit();
    this.#focusAt(this.#walk().findIndex(({ item }) => item.key === target.key));
  }

  #showCard(box: SVGElement): void {
    const placed = this.#place(box.dataset.key ?? "");
    if (!placed || (placed.open && placed.item.kind !== "op")) return;
    this.#card.tell(placed.item, box);
    this.#point();
  }
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 } as const;
