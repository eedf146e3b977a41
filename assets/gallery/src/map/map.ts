/** The network's map: boxes and lines from top to bottom, with zoom, groups that open, search and a card for the current box. */
import { layerPage } from "../data/addresses";
import { type ModelData, type ModelLayer, present } from "../data/schema";
import { html, svg } from "../draw/dom";
import { followLink, isPlainClick } from "../draw/links";
import { type Sheets, sheetsOf } from "../draw/picture";
import { scrollPage, topOf } from "../draw/scroll";
import { plural } from "../numbers";
import { drawBox, drawStrip, isFramed, measure } from "./boxes";
import { Card } from "./card";
import { BoxFocus } from "./focus";
import { drawLine } from "./geometry";
import { type Drawing, layOut, type PlacedBox } from "./layout";
import { LayerSearch } from "./search";
import { mapTools, ZOOM_STEP } from "./tools";
import { buildTree, initiallyOpen, type Tree } from "./tree";
import { Viewport } from "./viewport";

/** How many boxes are in sight at first: the first number with which letters are large enough to read. */
const SHOWN_AT_FIRST = [36, 24, 14, 0];
const LEAST_SCALE = 0.85;
/** From this width on, the card is docked beside the map. */
const WIDE_PX = 640;
/** What a docked card takes of the width, with the gap, as the styles have it. */
const CARD_PX = 316;
const ARROW_STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

export interface MapOptions {
  data: ModelData;
  /** The address of the data script. */
  base: URL;
  /** What ends a page's address, as in `layerPage`. */
  suffix: string;
  signal: AbortSignal;
}

export class NetworkMap {
  readonly node = html("div", { class: "lurk-map" });
  readonly #tree: Tree;
  readonly #sheets: Sheets;
  readonly #viewport: Viewport;
  readonly #focus: BoxFocus;
  readonly #card: Card;
  readonly #search: LayerSearch;
  readonly #found: HTMLElement;
  readonly #page: (layer: ModelLayer) => string;
  /** Keys of the open items. */
  #open = new Set<string>();
  #drawing: Drawing = { width: 0, height: 0, boxes: [], lines: [] };

  constructor({ data, base, suffix, signal }: MapOptions) {
    if (!present(data.graph)) throw new Error("it was not traced");
    this.#tree = buildTree(data.graph, data.layers);
    this.#sheets = sheetsOf(data.sheets, base);
    this.#search = new LayerSearch(this.#tree);
    this.#page = (layer) => layerPage(base, layer.slug, suffix);
    const [, height, width] = data.graph.nodes[0]?.output ?? [];
    this.#card = new Card({
      sheets: this.#sheets,
      input: height && width ? [height, width] : null,
      page: this.#page,
    });
    this.#viewport = new Viewport(() => this.#card.hideIfFloating(), signal);
    this.#focus = new BoxFocus(this.#viewport);
    const layers = plural(this.#tree.layerCount, "layer");
    this.#viewport.canvas.setAttribute("aria-label", `Map of ${data.title}: ${layers}`);
    const tools = mapTools({
      search: (text) => this.#find(text),
      goToFound: () => this.#goToFound(),
      foldAll: () => this.#openOnly([]),
      unfoldAll: () => this.#openOnly(this.#tree.paths.keys()),
      fit: () => this.#fit(),
      zoom: (by) => this.#viewport.zoomBy(by),
    });
    this.#found = tools.found;
    this.node.append(tools.node, html("div", { class: "lurk-map-body" }, this.#viewport.node, this.#card.node));
    this.#listen(signal);
  }

  /** Lay out and draw, once the map stands in the page. */
  start(): void {
    this.#open = this.#openAtFirst();
    this.#draw();
    this.#fit();
  }

  #fit(): void {
    this.#viewport.fit(this.#drawing);
  }

  /** Dock the card where the map leaves it room; returns whether that is new. */
  #dockCard(): boolean {
    const width = this.node.clientWidth;
    const wide = width >= WIDE_PX && this.#drawing.width * LEAST_SCALE <= width - CARD_PX;
    const changed = this.node.classList.toggle("lurk-map-wide", wide) !== this.#card.docked;
    if (changed) this.#card.dock(wide);
    return changed;
  }

  /** What is open at first: as much as can be read beside the card. */
  #openAtFirst(): Set<string> {
    const width = this.node.clientWidth;
    const room = width >= WIDE_PX ? width - CARD_PX : width;
    const choices = SHOWN_AT_FIRST.map((most) => initiallyOpen(this.#tree.root, most));
    return choices.find((open) => layOut(this.#tree, open, measure).width * LEAST_SCALE <= room) ?? new Set();
  }

  /** Lay out and draw what is open; returns whether that docked or undocked the card, so that the map has another width. */
  #draw(): boolean {
    this.#drawing = layOut(this.#tree, this.#open, measure);
    const { boxes, lines } = this.#drawing;
    this.#focus.setBoxes(boxes);
    const backgrounds = boxes
      .filter(isFramed)
      .map(({ x, y, width, height }) => svg("rect", { class: "lurk-map-open", x, y, width, height, rx: 4 }));
    const strips = boxes.flatMap((box) => drawStrip(box, this.#sheets));
    this.#viewport.stage.replaceChildren(
      svg("g", { class: "lurk-map-lines", "aria-hidden": "true" }, ...backgrounds, ...lines.map(drawLine)),
      ...boxes.map((box) => drawBox(box, { current: this.#focus.current, page: this.#page })),
      svg("g", { class: "lurk-map-strips", "aria-hidden": "true" }, ...strips),
    );
    this.#markFound();
    const docked = this.#dockCard();
    this.#fillCard();
    return docked;
  }

  /** Fill a docked card: it keeps its item while that is in sight; at first it shows a layer with pictures. */
  #fillCard(): void {
    const { boxes } = this.#drawing;
    const pictured = boxes.find(({ item }) => item.kind === "operation" && item.layer?.strip.length);
    const box = this.#placed(this.#card.dockedKey) ?? pictured ?? boxes[0];
    if (box) this.#card.showIfDocked(box.item);
    this.#markShown();
  }

  #showCard(element: SVGElement): void {
    const box = this.#placed(element.dataset.key ?? "");
    if (!box || (box.open && box.item.kind !== "operation")) return;
    this.#card.show(box.item, element);
    this.#markShown();
  }

  /** Mark the box that the docked card shows. */
  #markShown(): void {
    for (const box of this.#viewport.stage.querySelectorAll(".lurk-map-shown")) box.classList.remove("lurk-map-shown");
    this.#viewport.box(this.#card.dockedKey)?.classList.add("lurk-map-shown");
  }

  #listen(signal: AbortSignal): void {
    const on = <K extends keyof SVGElementEventMap>(
      type: K,
      act: (event: SVGElementEventMap[K], box: SVGElement) => void,
    ) => {
      const listener = (event: SVGElementEventMap[K]) => {
        const box = (event.target as Element).closest<SVGElement>(".lurk-map-box");
        if (box) act(event, box);
      };
      this.#viewport.canvas.addEventListener(type, listener, { signal });
    };
    on("click", (event, box) => this.#onClick(event, box));
    on("keydown", (event, box) => this.#onKey(event, box));
    on("focusin", (_, box) => {
      this.#focus.setCurrent(box.dataset.key ?? "");
      if (box.matches(":focus-visible")) this.#showCard(box);
    });
    on("focusout", () => this.#card.hideIfFloating());
    on("pointerover", (event, box) => {
      if (event.pointerType === "mouse") this.#showCard(box);
    });
    on("pointerout", () => this.#card.hideIfFloating());
    const refit = () => {
      this.#dockCard();
      this.#fillCard();
      this.#fit();
    };
    const fitPaper = () => this.#viewport.fitPaper(this.#drawing);
    this.#viewport.watch(this.node, { resized: refit, printing: fitPaper, printed: refit }, signal);
  }

  #onClick(event: MouseEvent, box: SVGElement): void {
    const page = box.getAttribute("href");
    if (page === null && isGroup(box)) this.#toggle(box.dataset.key ?? "");
    else if (page !== null && isPlainClick(event)) followLink(page, this.node);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #onKey(event: KeyboardEvent, box: SVGElement): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const step = ARROW_STEPS[key];
    if ((key === "Enter" || key === " ") && isGroup(box)) this.#toggle(box.dataset.key ?? "");
    else if (step) this.#focus.step(step);
    else if (key === "Home") this.#focus.first();
    else if (key === "End") this.#focus.last();
    else if (key === "+" || key === "=") this.#viewport.zoomBy(ZOOM_STEP);
    else if (key === "-") this.#viewport.zoomBy(1 / ZOOM_STEP);
    else if (key === "0") this.#fit();
    else if (key === "Escape") this.#card.hideIfFloating();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Open or close a group; its box keeps its place in the window. */
  #toggle(key: string): void {
    const topOfBox = () => {
      const element = this.#viewport.box(key);
      return element ? topOf(element) : 0;
    };
    const top = topOfBox();
    const before = this.#placed(key);
    if (!this.#open.delete(key)) this.#open.add(key);
    this.#focus.setCurrent(key);
    const docked = this.#draw();
    const hasRoom = this.#viewport.setHeight(this.#drawing);
    const after = this.#placed(key);
    if (before && after) this.#viewport.panBy(before.x - after.x, before.y - after.y);
    if (hasRoom || docked) this.#fit();
    this.#viewport.box(key)?.focus({ preventScroll: true });
    scrollPage(topOfBox() - top);
  }

  /** Open the groups among some items, and close all others. */
  #openOnly(keys: Iterable<string>): void {
    const isGroupKey = (key: string) =>
      this.#tree.paths.get(key)?.some((item) => item.key === key && item.kind !== "operation");
    this.#open = new Set([...keys].filter((key) => key && isGroupKey(key)));
    this.#draw();
    this.#fit();
  }

  #find(text: string): void {
    this.#search.query = text;
    this.#markFound();
  }

  /** Say how many layers are found, and mark their boxes. */
  #markFound(): void {
    const count = this.#search.count();
    const words = count ? plural(count, "layer") : "Nothing of that name or kind";
    this.#found.textContent = this.#search.isActive ? words : "";
    for (const { item } of this.#drawing.boxes) {
      this.#viewport.box(item.key)?.classList.toggle("lurk-map-hit", this.#search.matches(item, this.#open));
    }
    this.#viewport.canvas.classList.toggle("lurk-map-searched", count > 0);
  }

  /** Open the groups around the first layer found, and focus it. */
  #goToFound(): void {
    const path = this.#search.firstPath();
    const target = path?.[path.length - 1];
    if (!path || !target) return;
    for (const group of path.slice(1, -1)) this.#open.add(group.key);
    this.#draw();
    this.#fit();
    this.#focus.moveTo(target.key);
  }

  #placed(key: string): PlacedBox | undefined {
    return this.#drawing.boxes.find(({ item }) => item.key === key);
  }
}

/** Whether a box is a group, which opens and closes. */
function isGroup(box: SVGElement): boolean {
  return box.hasAttribute("aria-expanded");
}
